//! Tells dependants where this crate's source lies: `cargo race` builds the runtime object from it.

fn main() {
    let directory = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    println!("cargo::metadata=manifest_dir={directory}");
    println!("cargo::rerun-if-changed=build.rs");
}
