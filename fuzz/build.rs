//! libFuzzer brings `memcmp` and its like to see what is compared, and so does the engine of the whole-program tier, whose
//! own are the ones to be tried: the linker is to take the first.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_ABI").is_some() && std::env::var_os("CARGO_FEATURE_LIBFUZZER").is_some() {
        println!("cargo::rustc-link-arg-bin=abi=-Wl,--allow-multiple-definition");
    }
}
