#!/bin/bash
# What the wrapper tier costs: benches/wrapper.rs without and with the feature, run in turn.
# Usage: benches/wrapper.sh    RACE_BENCH_RUNS (5), RACE_BENCH_ONLY and RACE_BENCH_CLOCK as for compare.sh.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
cd "$root"
program() {
  cargo build --quiet --locked --release --bench wrapper --message-format=json-render-diagnostics "$@" |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1
}
native=$(CARGO_TARGET_DIR=$target/wrapper-bench-native program)
race=$(CARGO_TARGET_DIR=$target/wrapper-bench-race program --features race)
CARGO_TARGET_DIR=$target/peer-bench cargo build --quiet --release --manifest-path benches/peer/Cargo.toml --bin compare
"$target/peer-bench/release/compare" "${RACE_BENCH_RUNS:-5}" "native=$native" "race=$race"
