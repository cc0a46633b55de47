#!/bin/bash
# What building under `cargo race` costs: `cargo build` and `cargo race build` of projects, from nothing, taking turns.
# Usage: bench/build.sh PROJECT...   directories with a Cargo.toml whose dependencies have been fetched.
# RACE_BENCH_RUNS (3): builds of each kind; the medians are printed.  RACE_BENCH_JOBS (2): cargo's -j.
# RACE_BENCH_PROFILES ("dev release").
# Prints wall-clock time and the processors' time; on a machine that does other work the second says more.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
runs=${RACE_BENCH_RUNS:-3}
jobs=${RACE_BENCH_JOBS:-2}
[ $# -gt 0 ] || { echo "build.sh: name the directories of projects to build" >&2; exit 2; }
target=${CARGO_TARGET_DIR:-$root/target}
(cd "$root" && CARGO_TARGET_DIR=$target cargo build --quiet --release --package cargo-race)
race=$target/release/cargo-race
"$race" race setup > /dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The wall-clock and processor seconds of a command, the latter with its children's.
timed() {
  local TIMEFORMAT='%R %U %S'
  { time "$@" > /dev/null 2> "$work/log"; } 2>&1 | awk '{ print $1, $2 + $3 }'
  [ "${PIPESTATUS[0]}" = 0 ] || { cat "$work/log" >&2; exit 1; }
}
median() { cut -d' ' -f"$2" "$1" | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

echo "| project | profile | cargo s | race s | ratio | cargo cpu s | race cpu s | ratio |"
echo "|---|---|---|---|---|---|---|---|"
for project in "$@"; do
  for profile in ${RACE_BENCH_PROFILES:-dev release}; do
    rm -f "$work"/plain "$work"/race
    for _ in $(seq "$runs"); do
      rm -rf "$work/target"
      (cd "$project" && timed cargo build --offline -j"$jobs" --profile "$profile" --target-dir "$work/target" >> "$work/plain")
      rm -rf "$work/target"
      (cd "$project" && timed "$race" race build --offline -j"$jobs" --profile "$profile" --target-dir "$work/target" >> "$work/race")
    done
    awk -v name="$(basename "$project")" -v profile="$profile" -v plain="$(median "$work/plain" 1)" -v race="$(median "$work/race" 1)" \
      -v plain_cpu="$(median "$work/plain" 2)" -v race_cpu="$(median "$work/race" 2)" 'BEGIN {
        printf "| %s | %s | %.1f | %.1f | %.2f | %.1f | %.1f | %.2f |\n", name, profile, plain, race, race / plain, plain_cpu, race_cpu, race_cpu / plain_cpu }'
  done
done
