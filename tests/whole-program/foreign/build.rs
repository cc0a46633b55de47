//! Compiles the C and the C++ code. Under `cargo race --c` it is instrumented.

fn main() {
    cc::Build::new().file("src/accesses.c").compile("accesses");
    cc::Build::new().cpp(true).std("c++17").file("src/objects.cc").compile("objects");
    println!("cargo::rerun-if-changed=src");
}
