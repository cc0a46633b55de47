#!/bin/bash
# Hostile input, chosen by what it reaches: each fuzz target of fuzz/ under libFuzzer, on the stable toolchain.
#
#   ci/fuzz.sh [SECONDS] [TARGET...]   so many seconds each (default: 600), all targets or those named
#   FUZZ_DIRECTORY=DIR                 where inputs that reach something new are kept, with what each target printed
#                                      (default: race-fuzz in the temporary directory); a later run begins with them
#
# Prints a line for each target: executions, seconds, and how many places of the code were reached at the beginning and at the
# end. Ends with status 1 if one found something: the input is then in fuzz/artifacts/TARGET, and is kept, made small by
# `cargo fuzz tmin`, in fuzz/corpus/TARGET, which CI runs. Needs a C++ compiler, and cargo-fuzz, which it installs if there
# is none. No sanitizer is used: stable Rust has none; what they would find in `unsafe` code shows as a crash or not at all.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-600}
[ $# -eq 0 ] || shift
directory=$(realpath -m "${FUZZ_DIRECTORY:-${TMPDIR:-/tmp}/race-fuzz}")
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
targets=("$@")
[ $# -gt 0 ] || for file in fuzz/fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done

reached() { sed -n 's/^#[0-9]*\t.*cov: \([0-9]*\).*/\1/p' "$1" | "$2" -n 1; }

status=0
for target in "${targets[@]}"; do
  inputs=$directory/$target
  log=$directory/$target.log
  mkdir -p "$inputs"
  found=
  features=libfuzzer
  [ "$target" != abi ] || features+=,abi
  # An input of 20 seconds or 2 GB is one too many.
  cargo fuzz run --sanitizer none --features "$features" "$target" "$inputs" "fuzz/corpus/$target" -- \
    -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 >"$log" 2>&1 || found=1
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  printf '%s: %s executions in %s seconds, places reached: %s, then %s%s\n' "$target" "${executions:-no}" "$seconds" \
    "$(reached "$log" head)" "$(reached "$log" tail)" "${found:+, FOUND something: see $log}"
  [ -z "$found" ] || status=1
done
exit $status
