//! Tells the cases of the wrapper tier that there is an engine, as they are told in their own package.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(race_engine, race)");
    println!("cargo::rustc-cfg=race_engine");
}
