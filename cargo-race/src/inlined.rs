//! `--inline`: the first steps of the engine's most frequent functions stand in the program instead of calls.
//!
//! The functions (`race-rt/src/inlined`) are compiled to bitcode by the toolchain in use, once, with a summary as for link-time
//! optimisation. LLVM's pass `function-import` copies from there what an instrumented module calls, and `always-inline`
//! puts the copies in the place of the calls. Both run in rustc, after the instrumentation; nothing is left to the linker, and
//! std, which is instrumented beforehand, goes on calling.
//!
//! Guarantee: a compiler with which this has no effect is refused, as a trial tells when the bitcode is made.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use object::{Object, ObjectSymbol};

use crate::cache::{CacheDirectory, EntryKind, EntryName};
use crate::error::Error;
use crate::flags;
use crate::toolchain::Toolchain;

/// The option.
pub const OPTION: &str = "--inline";

/// The source, which build.rs copies.
const SOURCES: [(&str, &str); 2] = [
    ("functions.rs", include_str!(concat!(env!("OUT_DIR"), "/inlined-functions.rs"))),
    ("layout.rs", include_str!(concat!(env!("OUT_DIR"), "/inlined-layout.rs"))),
];

/// The functions of the ABI that it has.
const FUNCTIONS: [&str; 14] = [
    "__tsan_read1",
    "__tsan_read2",
    "__tsan_read4",
    "__tsan_read8",
    "__tsan_write1",
    "__tsan_write2",
    "__tsan_write4",
    "__tsan_write8",
    "__tsan_read_write1",
    "__tsan_read_write2",
    "__tsan_read_write4",
    "__tsan_read_write8",
    "__tsan_func_entry",
    "__tsan_func_exit",
];

/// Calls two of the functions where nothing is inlined.
const TRIAL: &str =
    "#![no_std]\n#[unsafe(no_mangle)]\npub fn trial(place: &u64, action: fn()) -> u64 { action(); *place }\n";

const BITCODE: &str = "inlined.bc";

/// The functions as bitcode.
pub struct Inlined(PathBuf);

impl Inlined {
    /// The cache entry's name.
    pub fn name(toolchain: &Toolchain) -> EntryName {
        EntryName::new(EntryKind::Inlined, &toolchain.label, (&toolchain.version, SOURCES, FUNCTIONS))
    }

    /// The file in the entry's directory, there or not.
    pub fn in_directory(directory: &Path) -> Self {
        Self(directory.join(BITCODE))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Finds the file in the cache, or makes it.
    pub fn ensure(cache: &CacheDirectory, toolchain: &Toolchain) -> Result<(), Error> {
        cache.entry(&Self::name(toolchain), |directory| {
            let scratch = directory.join("scratch");
            std::fs::create_dir(&scratch).map_err(|reason| Error::cache(&scratch, &reason))?;
            for (name, text) in SOURCES {
                write(&scratch.join(name), text)?;
            }
            let made = Self::in_directory(directory);
            made.compile(toolchain, &scratch)?;
            made.try_out(toolchain, &scratch)?;
            std::fs::remove_dir_all(&scratch).map_err(|reason| Error::cache(&scratch, &reason))
        })?;
        Ok(())
    }

    fn compile(&self, toolchain: &Toolchain, scratch: &Path) -> Result<(), Error> {
        let mut compiler = compiler(toolchain, scratch);
        // Bitcode with a summary, which is what the linker's plug-in would be given.
        compiler.args([
            "--crate-type=lib",
            "--emit=obj",
            "-Copt-level=3",
            "-Clinker-plugin-lto",
            "-Cpasses=forceattrs",
        ]);
        // What rustc does not do for a function with a name of its own.
        compiler.args(FUNCTIONS.map(|name| format!("-Cllvm-args=-force-attribute={name}:alwaysinline")));
        run(compiler.arg("-o").arg(&self.0).arg(SOURCES[0].0), toolchain)
    }

    /// Fails if a module that is compiled with it calls the functions all the same.
    fn try_out(&self, toolchain: &Toolchain, scratch: &Path) -> Result<(), Error> {
        let (source, compiled) = (scratch.join("trial.rs"), scratch.join("trial.o"));
        write(&source, TRIAL)?;
        let mut compiler = compiler(toolchain, scratch);
        compiler.args(["--crate-type=lib", "--emit=obj"]).args(flags::passes(Some(self))?);
        run(compiler.arg("-o").arg(&compiled).arg(&source), toolchain)?;
        let bytes = std::fs::read(&compiled).map_err(|reason| Error::cache(&compiled, &reason))?;
        let refers_to = |name: &str| {
            object::File::parse(bytes.as_slice())
                .is_ok_and(|file| file.symbols().any(|symbol| symbol.is_undefined() && symbol.name() == Ok(name)))
        };
        if refers_to("__race_read8") && !FUNCTIONS.iter().any(|name| refers_to(name)) {
            return Ok(());
        }
        Err(impossible(toolchain, "it leaves the calls as they are"))
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|reason| Error::cache(path, &reason))
}

fn compiler(toolchain: &Toolchain, directory: &Path) -> Command {
    let mut command = Command::new(toolchain.sysroot.join("bin/rustc"));
    command.current_dir(directory).args(["--edition=2024", "-Ccodegen-units=1", "-Cpanic=abort"]);
    command.stdin(Stdio::null());
    command
}

fn run(compiler: &mut Command, toolchain: &Toolchain) -> Result<(), Error> {
    let output = compiler.output().map_err(|reason| impossible(toolchain, &reason.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let first = complaint.lines().next().unwrap_or("no message");
    Err(impossible(toolchain, first.trim_start_matches("error: ")))
}

fn impossible(toolchain: &Toolchain, reason: &str) -> Error {
    Error::InliningImpossible { toolchain: toolchain.label.clone(), reason: reason.to_owned() }
}
