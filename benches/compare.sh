#!/bin/bash
# What the whole-program tier costs, against a plain build and against ThreadSanitizer on the same instrumented code.
# Usage: benches/compare.sh [PEER]   PEER (or $RACE_PEER): a program that is used as `PEER build --release` and links the
#        workloads with ThreadSanitizer's runtime, into $CARGO_TARGET_DIR. Without it two builds are compared.
# RACE_BENCH_RUNS (5): runs of each workload and build.  RACE_BENCH_ONLY: only workloads whose name contains this text.
# RACE_BENCH_CLOCK=cpu: the processors' time instead of wall-clock time, for a machine that does other work too.
# RACE_OPTIONS is passed on to the detector.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
peer=${1:-${RACE_PEER:-}}
target=${CARGO_TARGET_DIR:-$root/target}
host=x86_64-unknown-linux-gnu
[ -z "$peer" ] || [ -x "$peer" ] || { echo "compare.sh: $peer is not a program; give the path of the peer's build command" >&2; exit 2; }

export CARGO_TARGET_DIR=$target
(cd "$root" && cargo build --quiet --release --package cargo-race)
cd "$root/benches/peer"
export CARGO_TARGET_DIR=$target/peer-bench
cargo build --quiet --release
"$target/release/cargo-race" race build --quiet --release
builds=("native=$CARGO_TARGET_DIR/release/workloads" "race=$CARGO_TARGET_DIR/race/$host/release/workloads")
if [ -n "$peer" ]; then
  RACE_PEER_SYSROOT=${RACE_PEER_SYSROOT:-$target/peer-sysroot} CARGO_TARGET_DIR=$target/peer-bench-tsan "$peer" build --quiet --release
  builds+=("tsan=$target/peer-bench-tsan/$host/release/workloads")
fi
export TSAN_OPTIONS=report_bugs=0
"$CARGO_TARGET_DIR/release/compare" "${RACE_BENCH_RUNS:-5}" "${builds[@]}"
