#!/bin/bash
# The own test suites of widely used crates, plain and under `cargo race`: fetches the packages from crates.io, runs
# `cargo test` and then `cargo race test` in each, and prints docs/real-crates.md's table.
#
#   ci/crates.sh [NAME...]           all of the list below, or those named
#   CRATES_DIRECTORY=DIR             where packages, artifacts and logs go (default: race-crates in the temporary directory)
#   CRATES_SEEDS="1 2"               the runs under cargo race, one a seed
#   CRATES_TARGETS="--lib --tests --examples"   what of a package is tested; "--doc" for its documentation, "" for all
#   CRATES_LIMIT=900                 seconds after which a run is ended, and counts as failed
#
# A row: tests passed/failed/ignored plain, the same under cargo race with every seed, reports of all seeds together, and how
# many times longer the first of these runs took, building not counted. What a test printed is in DIR/logs.
# Ends with status 1 if a run under cargo race reported something or a test failed there that does not fail without.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
directory=$(realpath -m "${CRATES_DIRECTORY:-${TMPDIR:-/tmp}/race-crates}")
read -ra seeds <<<"${CRATES_SEEDS-1 2}"
read -ra targets <<<"${CRATES_TARGETS---lib --tests --examples}"
limit=${CRATES_LIMIT:-900}
# Many tests panic on purpose, and the stacks of that are no part of what is measured.
unset RUST_BACKTRACE

# Name, version, further arguments of `cargo test`.
list='
crossbeam-channel 0.5.17
crossbeam-deque 0.8.8
crossbeam-epoch 0.9.21
crossbeam-queue 0.3.14
crossbeam-utils 0.8.23
lock_api 0.5.0
parking_lot 0.13.0 --features arc_lock
parking_lot_core 0.10.0
rayon 1.12.0
rayon-core 1.13.0
dashmap 6.2.1 --features rayon
arc-swap 1.9.5 --features weak
once_cell 1.21.4
thread_local 1.1.10
concurrent-queue 2.5.0
event-listener 5.4.2
async-channel 2.5.0
async-lock 3.5.0
flume 0.12.0
bytes 1.12.2
sharded-slab 0.1.7
regex 1.13.2 --lib
serde_json 1.0.154
tokio 1.54.1 --features full,test-util --lib --test sync_mpsc --test sync_mutex --test sync_broadcast --test sync_watch --test sync_semaphore --test rt_threaded
memchr 2.8.3
hashbrown 0.17.1 --features rayon
smallvec 1.16.6
indexmap 2.14.2
spin 0.12.3
left-right 0.11.8
evmap 11.0.0
moka 0.12.16 --features sync,future
papaya 0.2.5
scc 3.8.8
seize 0.5.1
'

fetch() { # unpacks all packages of the list that are not there yet
  local fetched=$directory/vendored name version
  [ -e "$directory/fetched" ] && [ "$(cat "$directory/fetched")" = "$list" ] && return
  mkdir -p "$directory/list/src" "$directory/packages"
  : >"$directory/list/src/lib.rs"
  {
    printf '[package]\nname = "list"\nedition = "2024"\n[workspace]\n[dependencies]\n'
    while read -r name version _; do [ -z "$name" ] || printf '%s = "=%s"\n' "$name" "$version"; done <<<"$list"
  } >"$directory/list/Cargo.toml"
  cargo vendor --quiet --versioned-dirs --manifest-path "$directory/list/Cargo.toml" "$fetched" >"$directory/list/log"
  while read -r name version _; do
    [ -n "$name" ] && ! [ -d "$directory/packages/$name-$version" ] || continue
    cp -r "$fetched/$name-$version" "$directory/packages/"
    # The toolchain is to be the one that the user runs this with.
    rm -f "$directory/packages/$name-$version"/rust-toolchain*
  done <<<"$list"
  printf '%s' "$list" >"$directory/fetched"
}

counts() { # LOG: passed/failed/ignored of all its test programs
  awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 } END { printf "%d/%d/%d", passed, failed, ignored }' "$1"
}

failures() { # LOG: the names of the tests that failed, one a line
  sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$1" | sort
}

run() { # LOG COMMAND...: to the end or the limit; its seconds in $elapsed
  local log=$1 begin=$EPOCHREALTIME
  shift
  timeout --kill-after=10 "$limit" "$@" >"$log" 2>&1 </dev/null || [ $? -ne 124 ] || echo "ended after $limit seconds" >>"$log"
  elapsed=$(awk -v begin="$begin" -v end="$EPOCHREALTIME" 'BEGIN { print end - begin }')
}

row() { # NAME VERSION ARGUMENTS...: one package's row
  local name=$1 version=$2 logs=$directory/logs/$1 plain raced='' reports=0 native first='' fault='' seed log
  shift 2
  mkdir -p "$logs"
  cd "$directory/packages/$name-$version"
  export CARGO_TARGET_DIR=$directory/target
  local arguments=(--no-fail-fast "$@")
  # Where the list says what to test of a package, that counts: all of it would take hours.
  [[ " $* " == *" --lib "* ]] || arguments=(--no-fail-fast "${targets[@]}" "$@")
  cargo test --no-run "${arguments[@]}" >"$logs/build" 2>&1 </dev/null || { echo "| \`$name\` $version | does not build | | | |"; return; }
  run "$logs/plain" cargo test "${arguments[@]}"
  native=$elapsed plain=$(counts "$logs/plain")
  "$race" race test --no-run "${arguments[@]}" >"$logs/build-race" 2>&1 </dev/null || { echo "| \`$name\` $version | $plain | does not build | | |"; return 1; }
  for seed in "${seeds[@]}"; do
    log=$logs/race-$seed
    run "$log" env RACE_OPTIONS="seed=$seed" "$race" race test "${arguments[@]}"
    first=${first:-$elapsed}
    raced+="${raced:+, }$(counts "$log")"
    reports=$((reports + $(grep -c '^WARNING: DATA RACE' "$log" || true)))
    [ -z "$(comm -13 <(failures "$logs/plain") <(failures "$log"))" ] || fault=1
    ! grep -q '^ended after' "$log" || raced+=' (ended)' fault=1
  done
  printf '| `%s` %s | %s | %s | %d | %s |\n' "$name" "$version" "$plain" "$raced" "$reports" \
    "$(awk -v native="$native" -v race="$first" 'BEGIN { printf "%.1f", race / native }')"
  [ -z "$fault" ] && [ "$reports" -eq 0 ]
}

mkdir -p "$directory"
cargo build --quiet --locked --release --manifest-path "$repository/Cargo.toml" --package cargo-race
race=${CARGO_TARGET_DIR:-$repository/target}/release/cargo-race
"$race" race setup >"$directory/setup" 2>&1
fetch
echo '| crate | plain | under `cargo race` | reports | time |'
echo '|---|---|---|---|---|'
status=0
while read -r name version arguments; do
  [ -n "$name" ] || continue
  [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
  read -ra arguments <<<"$arguments"
  row "$name" "$version" "${arguments[@]}" || status=1
done <<<"$list"
exit $status
