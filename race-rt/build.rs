//! Tells dependants where this crate's source lies: `cargo race` builds the runtime object from it.

fn main() {
    let directory = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    println!("cargo::metadata=manifest_dir={directory}");
    // By its whole path: when a checkout and its target folder move, the old path is gone and this runs again.
    println!("cargo::rerun-if-changed={directory}/build.rs");
}
