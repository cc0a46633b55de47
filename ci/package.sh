#!/bin/bash
# The packages as their users get them: packs every one, installs `cargo race` from the archives alone, away from this
# repository, and uses it. Shows that the engine's source travels with it. Needs what ci/test.sh needs. With --offline
# nothing is downloaded: cargo's home must then hold what Cargo.lock names, as it does after any build.
set -euo pipefail
cd "$(dirname "$0")/.."
offline=("$@")
packages=(race-rt race-instrument cargo-race race-detector)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
unset RACE_CACHE_DIR RACE_OPTIONS

step() { printf '\n== %s\n' "$*"; "$@"; }
fail() { echo "ci/package.sh: $*" >&2; exit 1; }

# Unverified here, because building each from its archive is what follows.
step cargo package "${offline[@]}" --quiet --locked --allow-dirty --no-verify --target-dir "$work/target" "${packages[@]/#/--package=}"
patches=()
for package in "${packages[@]}"; do
  archive=("$work/target/package/$package"-*.crate)
  tar -xzf "${archive[0]}" -C "$work"
  directory=("$work/$package"-*)
  mv "${directory[0]}" "$work/$package"
  for file in Cargo.lock README.md LICENSE-MIT LICENSE-APACHE; do
    [ -s "$work/$package/$file" ] || fail "$package has no $file"
  done
  # Stands in for the registry.
  patches+=(--config "patch.crates-io.$package.path='$work/$package'")
done

cd "$work"
# The lock that travels with the package names the versions that were tested; here only our own packages' entries change
# in it, for they come from the archives. Resolved anew, it may name what cargo's home does not hold.
(cd cargo-race && cargo tree "${offline[@]}" --quiet "${patches[@]}" > /dev/null)
step cargo install "${offline[@]}" --locked --quiet --debug --root "$work/installed" --target-dir "$work/target" "${patches[@]}" --path cargo-race
PATH=$work/installed/bin:$PATH

# A project that uses both: the subcommand, and the library from its archive.
mkdir -p scratch/src
cp race-detector/Cargo.lock scratch
cat > scratch/Cargo.toml <<'TOML'
[package]
name = "scratch"
edition = "2024"

[dependencies]
race-detector = "*"

[features]
race = ["race-detector/race"]

[workspace]
TOML
cat > scratch/src/main.rs <<'RUST'
static mut COUNTER: u64 = 0;

fn count() {
    unsafe { COUNTER += 1 }
}

fn main() {
    let other = std::thread::spawn(count);
    count();
    other.join().unwrap();
}

#[test]
fn instrumented() {
    assert!(cfg!(race));
}

#[test]
fn locks() {
    let sum = race::sync::Mutex::new(0);
    race::thread::scope(|scope| {
        scope.spawn(|| *sum.lock().unwrap() += 1);
        *sum.lock().unwrap() += 1;
    });
    assert_eq!(*sum.lock().unwrap(), 2);
}
RUST
cd scratch
step cargo race setup
step cargo race test "${offline[@]}" --quiet "${patches[@]}"
status=0
step cargo race run "${offline[@]}" --quiet "${patches[@]}" 2> report || status=$?
[ "$status" = 66 ] || fail "the race ended with $status, not 66: $(cat report)"
grep -q '  scratch::count()' report || fail "the report does not name the function: $(cat report)"
# The library with its own engine.
step cargo test "${offline[@]}" --quiet --features race "${patches[@]}" locks
echo "packages: all is well"
