//! Decides which tier this build belongs to and tells the code: by `cfg(race_engine)` that there is an engine to call, by
//! `cfg(race_wrapped)` that it is the crate's own and sees std's types only where they are wrapped.
//!
//! With the feature `race` on, both hold, unless `cargo race` drives the build (it sets `cfg(race)`): then every memory
//! access of the program is watched already, std's types included, by the one runtime that is linked into the program;
//! what the crate has beyond std calls that one. Targets that the engine does not know are refused with a sentence.

use std::env;
use std::process::exit;

const SUPPORTED: &str = "x86_64-unknown-linux-gnu";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(race_engine, race_wrapped)");
    let feature = env::var_os("CARGO_FEATURE_RACE").is_some();
    let driven = env::var_os("CARGO_CFG_RACE").is_some();
    if !feature {
        return;
    }
    let target = env::var("TARGET").unwrap_or_default();
    if target != SUPPORTED {
        println!(
            "cargo::error=the feature `race` of race-detector works on {SUPPORTED} only, not on {target}: \
             build without it there, and race's types are std's own"
        );
        exit(2);
    }
    println!("cargo::rustc-cfg=race_engine");
    if !driven {
        println!("cargo::rustc-cfg=race_wrapped");
    }
}
