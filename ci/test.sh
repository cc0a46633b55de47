#!/bin/bash
# All checks and tests, the same here and in CI. Needs rustup's stable toolchain with rustfmt and clippy, a C
# linker, and a C and a C++ compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never}
# What cargo keeps for the next build after a change takes as much of the disk as a third of all the rest.
export CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-0}

step() { printf '\n== %s\n' "$*"; "$@"; }

step cargo fmt --all --check
for apart in tests/whole-program bench/workloads fuzz; do
  step cargo fmt --all --check --manifest-path "$apart/Cargo.toml" -- --config-path "$PWD"
  CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/apart step cargo clippy --quiet --locked --all-targets --manifest-path "$apart/Cargo.toml" -- -D warnings
done
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/apart step cargo clippy --quiet --locked --all-targets --features abi --manifest-path fuzz/Cargo.toml -- -D warnings
step cargo clippy --locked --workspace --all-targets -- -D warnings
step cargo clippy --locked --workspace --all-targets --features race -- -D warnings
step cargo clippy --locked --package race-rt --features model --test meetings -- -D warnings
# The library's third form, as `cargo race` builds it.
RUSTFLAGS="--cfg race" step cargo clippy --locked --lib --features race --target x86_64-unknown-linux-gnu -- -D warnings
# Library and wrapper tier as std, then with the engine; the subcommand and the whole-program tier are the same for both.
step cargo test --locked --workspace --exclude cargo-race
step cargo test --locked --workspace --exclude cargo-race --features race
# The engine under a scheduler that chooses who goes on.
step cargo test --locked --package race-rt --features model --test meetings
step cargo test --locked --package cargo-race
# What others may have written: the corpus of the fuzz targets and mutations of it. ci/fuzz.sh has the long runs.
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/apart step cargo test --quiet --locked --manifest-path fuzz/Cargo.toml
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/apart step cargo test --quiet --locked --manifest-path fuzz/Cargo.toml --features abi --test short abi
# As users get it: installed from the packages alone.
step ci/package.sh --offline
