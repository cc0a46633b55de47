#!/bin/sh
# The C compiler, under the name race-cc, and the C++ compiler, under the name race-c++, of build scripts under `--c`: calls
# the user's own. What a build script compiles for the instrumented program is instrumented. What one compiles for a build
# script or a proc macro, which run without the engine, is left alone: cargo puts the two apart, below a directory with the
# target's name and not.
case ${0##*/} in
  race-c++) set -- "${CARGO_RACE_NEXT_CXX:-c++}" "$@" ;;
  *) set -- "${CARGO_RACE_NEXT_CC:-cc}" "$@" ;;
esac
# As the crate cc takes such a variable: the path of a file, or words.
compiler=$1
shift
call() {
  if [ -f "$compiler" ]; then
    exec "$compiler" "$@"
  fi
  # shellcheck disable=SC2086
  exec $compiler "$@"
}

# `<target>/<profile>/build/<package>/out`, with a level more in newer layouts.
place=${OUT_DIR%/*/*/*/*}
case ${place##*/} in
  x86_64-unknown-linux-gnu) ;;
  *)
    place=${place%/*}
    case ${place##*/} in
      x86_64-unknown-linux-gnu) ;;
      *) call "$@" ;;
    esac ;;
esac

step=
inputs=
engine=${0%/*}/race-runtime.o
for word; do
  case $word in
    -E | -M | -MM | -fsyntax-only | --version | --help | -print-* | --print-* | -dump* | -m32 | -mx32) call "$@" ;;
    *.s | *.S | *.sx | *.asm) step=assemble ;;
    -c | -S | c-header | c++-header) step=${step:-compile} ;;
    -shared | -r) engine=-Wl,-z,undefs ;;
    -static | -static-pie | -nostdlib | -nostartfiles | -ffreestanding) engine= ;;
    -o | *.c | *.cc | *.cpp | *.cxx | *.c++ | *.C | *.o | *.a | @*) inputs=yes ;;
  esac
done
case $step,$inputs in
  assemble,* | ,) call "$@" ;;
  ,yes)
    # A step that links: configuration tests and tools that run while building get the engine that the objects call, a
    # shared library finds it in the program. The compiler's own engine stays out.
    for word; do
      shift
      case $word in
        -fsanitize=thread) ;;
        *) set -- "$@" "$word" ;;
      esac
    done
    call "$@" ${engine:+"$engine"} ;;
esac
# Any debug information that is asked for wins over -g1, which is enough for line numbers.
family=$(call --version 2>/dev/null)
case $family in
  *clang*) call -g1 "$@" -fsanitize=thread -mllvm -tsan-distinguish-volatile -mllvm -tsan-compound-read-before-write ;;
  *)
    # It warns of fences, which its own engine does not know. What it makes of these functions by itself is not instrumented.
    call -g1 "$@" -fsanitize=thread --param=tsan-distinguish-volatile=1 -Wno-tsan \
      -fno-builtin-memcpy -fno-builtin-memmove -fno-builtin-memset ;;
esac
