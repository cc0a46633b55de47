//! Makes the runtime object that `cargo race` carries: the engine (`race-rt`) and its private std as one relocatable
//! object in which only the names in `race-rt/exported-symbols.txt` are visible.
//!
//! Why so: the engine must not share std with the program it watches, whose std is instrumented and would call back into
//! the engine; and the program contains the same std, so every other name, unwinding tables included, must be local.
//! Steps: a nested cargo builds `race-rt` as a static library; `rust-lld -r` merges it; `rust-objcopy` hides the names.
//! The source of what `cargo race --inline` puts into programs (`race-rt/src/inlined`) is carried too.
//! Guarantee: the object has no undefined name that is not libc's or the unwinder's to give, but for a weak one that the
//! instrumented std may define (checked by the linker of the first program, not here).

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use object::read::archive::ArchiveFile;

/// How the engine is compiled; a profile would be shared with the rest of the workspace.
const PROFILE: [(&str, &str); 8] = [
    ("OPT_LEVEL", "3"),
    ("CODEGEN_UNITS", "1"),
    ("LTO", "fat"),
    ("PANIC", "abort"),
    ("DEBUG", "0"),
    ("DEBUG_ASSERTIONS", "false"),
    ("OVERFLOW_CHECKS", "false"),
    ("INCREMENTAL", "false"),
];

const FLAGS: [&str; 2] = [
    // For executables only: a thread-local variable is then one instruction instead of a call, on every access path.
    "-Crelocation-model=pie",
    // Each function begins a line of the cache: how fast the hot ones are does not depend on how long others are.
    "-Cllvm-args=-align-all-functions=6",
];

/// Settings of the outer cargo that the nested one must see; the others describe the outer build and would disturb.
const KEPT_VARIABLES: [&str; 6] =
    ["CARGO_HOME", "CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTRY_", "CARGO_REGISTRIES_", "CARGO_SOURCE_"];

/// The source of inlined code.
const INLINED: [&str; 2] = ["functions.rs", "layout.rs"];

fn main() {
    let engine = PathBuf::from(variable("DEP_RACE_RT_MANIFEST_DIR"));
    let out = PathBuf::from(variable("OUT_DIR"));
    for watched in ["src", "Cargo.toml", "exported-symbols.txt"] {
        println!("cargo::rerun-if-changed={}", engine.join(watched).display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    for name in INLINED {
        let source = engine.join("src/inlined").join(name);
        let copy = out.join(format!("inlined-{name}"));
        std::fs::copy(&source, copy).unwrap_or_else(|reason| panic!("cannot copy {}: {reason}", source.display()));
    }
    let object = out.join("race-runtime.o");
    if variable("TARGET") == "x86_64-unknown-linux-gnu" {
        let tools = Tools::locate();
        let library = build_engine(&engine, &out.join("engine"));
        let merged = out.join("merged.o");
        tools.merge(&library, &out, &merged);
        tools.hide_symbols(&merged, &engine.join("exported-symbols.txt"), &out, &object);
    } else {
        // The subcommand compiles everywhere, so that it can say there that the host is not supported.
        write(&object, b"");
    }
    let mut hasher = DefaultHasher::new();
    std::fs::read(&object).expect("the object was just written").hash(&mut hasher);
    println!("cargo::rustc-env=RACE_RUNTIME_IDENTITY={:016x}", hasher.finish());
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}

fn write(path: &Path, content: &[u8]) {
    std::fs::write(path, content).unwrap_or_else(|reason| panic!("cannot write {}: {reason}", path.display()));
}

/// Builds the engine as a static library below `target` and returns the library's path.
fn build_engine(engine: &Path, target: &Path) -> PathBuf {
    let mut cargo = Command::new(variable("CARGO"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let disturbs = ["CARGO", "RUST", "DEP_"].iter().any(|prefix| name.starts_with(prefix));
        let kept = KEPT_VARIABLES.iter().any(|prefix| name.starts_with(prefix)) || name.starts_with("RUSTUP_");
        if disturbs && !kept {
            cargo.env_remove(&name);
        }
    }
    for (key, value) in PROFILE {
        cargo.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
    }
    cargo.env("RUSTC", variable("RUSTC")).env("CARGO_TARGET_DIR", target);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
    cargo.args(["rustc", "--lib", "--release", "--crate-type=staticlib", "--features=whole-program"]);
    // With --target, flags of the user's configuration for other machines stay away and the output place is known.
    cargo.args(["--target", "x86_64-unknown-linux-gnu", "--manifest-path"]).arg(engine.join("Cargo.toml"));
    run(&mut cargo);
    target.join("x86_64-unknown-linux-gnu/release/librace_rt.a")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|reason| panic!("cannot run {command:?}: {reason}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{complaint}");
}

/// The toolchain's own linker and object tool.
struct Tools {
    sysroot: PathBuf,
}

impl Tools {
    fn locate() -> Self {
        let output = Command::new(variable("RUSTC")).args(["--print", "sysroot"]).output().expect("rustc runs");
        let sysroot = String::from_utf8(output.stdout).expect("rustc prints UTF-8");
        Self { sysroot: PathBuf::from(sysroot.trim_end()) }
    }

    fn tool(&self, name: &str) -> Command {
        let path = self.sysroot.join("lib/rustlib/x86_64-unknown-linux-gnu/bin").join(name);
        assert!(path.is_file(), "this toolchain has no {name}; build with a toolchain installed by rustup");
        let mut command = Command::new(path);
        command.env("LD_LIBRARY_PATH", self.sysroot.join("lib"));
        command
    }

    /// Makes one object of the engine's own objects and of whatever they need from the library.
    fn merge(&self, library: &Path, scratch: &Path, merged: &Path) {
        let bytes = std::fs::read(library).expect("the static library was just built");
        let archive = ArchiveFile::parse(bytes.as_slice()).expect("rustc writes valid archives");
        let mut linker = self.tool("rust-lld");
        linker.args(["-flavor", "gnu", "--relocatable", "-o"]).arg(merged);
        for member in archive.members() {
            let member = member.expect("rustc writes valid archives");
            let name = String::from_utf8_lossy(member.name()).into_owned();
            if name.starts_with("race_rt-") {
                let path = scratch.join(&name);
                write(&path, member.data(bytes.as_slice()).expect("rustc writes valid archives"));
                linker.arg(path);
            }
        }
        linker.arg(library);
        run(&mut linker);
    }

    /// Makes every symbol local but the exported ones, and drops what no linker needs.
    fn hide_symbols(&self, merged: &Path, list: &Path, scratch: &Path, object: &Path) {
        let text = std::fs::read_to_string(list)
            .unwrap_or_else(|reason| panic!("cannot read the exported symbols {}: {reason}", list.display()));
        let names: Vec<&str> = text
            .lines()
            .map(|line| line.split('#').next().unwrap_or("").trim())
            .filter(|name| !name.is_empty())
            .collect();
        assert!(!names.is_empty(), "{} exports nothing", list.display());
        let weak: Vec<&str> = names.iter().filter_map(|name| name.strip_prefix("weak ")).collect();
        let all: Vec<&str> = names.iter().map(|name| name.strip_prefix("weak ").unwrap_or(name)).collect();
        let listed = |file: &str, option: &str, names: &[&str]| {
            let path = scratch.join(file);
            write(&path, (names.join("\n") + "\n").as_bytes());
            let mut argument = OsStr::new(option).to_owned();
            argument.push(&path);
            argument
        };
        let mut tool = self.tool("rust-objcopy");
        tool.args(["--wildcard", "--strip-debug", "--remove-section=.llvmbc", "--remove-section=.llvmcmd"]);
        tool.arg(listed("exported-symbols", "--keep-global-symbols=", &all));
        tool.arg(listed("weak-symbols", "--weaken-symbols=", &weak));
        run(tool.arg(merged).arg(object));
    }
}
