#!/bin/sh
# Stands between cargo and rustc for the crates of the user's workspace, and links the runtime object beside this file
# into programs and tests: once per process, so never into shared libraries, which find it in the program that loads
# them. What is compiled without --target runs inside cargo or rustc and is left alone.
case " $* " in
  *" --target "*) ;;
  *) exec ${CARGO_RACE_NEXT_WRAPPER:+"$CARGO_RACE_NEXT_WRAPPER"} "$@" ;;
esac
# A test or benchmark without harness has neither --test nor a crate type: rustc's own choice is a program.
case " $* " in
  *" --crate-type bin "* | *" --test "*) links=yes ;;
  *" --crate-type "*) links=no ;;
  *) links=yes ;;
esac
case $links in
  yes)
    # GNU ld takes from static parts of libc only what objects before it need, so libc is named again.
    set -- "$@" "-Clink-arg=${0%/*}/race-runtime.o" -Clink-arg=-lc "-Clink-arg=-Wl,--export-dynamic-symbol=__tsan_*" \
      "-Clink-arg=-Wl,--export-dynamic-symbol=__race_*" "-Clink-arg=-Wl,--export-dynamic-symbol=Annotate*" ;;
esac
exec ${CARGO_RACE_NEXT_WRAPPER:+"$CARGO_RACE_NEXT_WRAPPER"} "$@"
