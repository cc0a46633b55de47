//! The compiler flags of an instrumented build: what rustc, and rustdoc for doctests, must be told.
//!
//! How they join the user's own is the matter of `user_flags`.

use std::path::Path;

use crate::error::Error;
use crate::inlined::Inlined;
use crate::setup::Entries;

/// Options of LLVM itself, the same for std and for the user's crates.
pub const LLVM_OPTIONS: [&str; 3] = [
    // Every function gets the attribute that the instrumentation pass asks for.
    "-force-attribute=sanitize_thread",
    // Volatile accesses have calls, and rules, of their own.
    "-tsan-distinguish-volatile",
    // `*place += 1` is one call, not two.
    "-tsan-compound-read-before-write",
];

/// The two tools of a toolchain that compile.
#[derive(Debug, Clone, Copy)]
pub enum Compiler {
    Rustc,
    Rustdoc,
}

impl Compiler {
    pub const ALL: [Self; 2] = [Self::Rustc, Self::Rustdoc];

    pub fn encoded_variable(self) -> &'static str {
        match self {
            Self::Rustc => "CARGO_ENCODED_RUSTFLAGS",
            Self::Rustdoc => "CARGO_ENCODED_RUSTDOCFLAGS",
        }
    }

    pub fn plain_variable(self) -> &'static str {
        match self {
            Self::Rustc => "RUSTFLAGS",
            Self::Rustdoc => "RUSTDOCFLAGS",
        }
    }

    /// The key in a `build` or `target` table of cargo's configuration.
    pub fn key(self) -> &'static str {
        match self {
            Self::Rustc => "rustflags",
            Self::Rustdoc => "rustdocflags",
        }
    }
}

/// The passes that instrument a module, which `inlined`, if there is any, is put into afterwards.
pub fn passes(inlined: Option<&Inlined>) -> Result<Vec<String>, Error> {
    let mut flags = vec![
        // One by one, because some of cargo's variables split at spaces and cannot quote.
        "-Cpasses=forceattrs".to_owned(),
        // Unoptimised code loads things that no source line reads: what a variant holds when asked which variant it is.
        // Nothing uses such a load, which tells it from the program's own.
        "-Cpasses=dce".to_owned(),
        "-Cpasses=tsan-module".to_owned(),
        "-Cpasses=tsan".to_owned(),
    ];
    flags.extend(LLVM_OPTIONS.iter().map(|option| format!("-Cllvm-args={option}")));
    if let Some(inlined) = inlined {
        // The last one drops what was copied and is nowhere called any more.
        flags.extend(["function-import", "always-inline", "elim-avail-extern"].map(|pass| format!("-Cpasses={pass}")));
        flags.push(format!("-Cllvm-args=-summary-file={}", text(inlined.path())?));
        flags.push("-Cllvm-args=-import-all-index".to_owned());
    }
    Ok(flags)
}

/// The last of the flags that no user gives; what follows depends on the profile.
pub const LAST_FIXED: &str = "--check-cfg=cfg(race)";

/// The flags that instrument, for `compiler`, and those that link where no linking script can.
pub fn instrumenting(compiler: Compiler, entries: &Entries, line_tables: bool) -> Result<Vec<String>, Error> {
    let mut flags = vec!["--sysroot".to_owned(), text(&entries.sysroot)?.to_owned()];
    flags.extend(passes(entries.inlined.as_ref())?);
    flags.extend(["--cfg=race".to_owned(), LAST_FIXED.to_owned()]);
    if line_tables {
        // Without them a report has no line numbers; cargo strips such builds, so that is undone too.
        flags.extend(["-Cdebuginfo=1".to_owned(), "-Cstrip=none".to_owned()]);
    }
    if matches!(compiler, Compiler::Rustdoc) {
        // Doctests are programs, and rustdoc compiles nothing else. The same words as in link-runtime.sh.
        flags.push(format!("-Clink-arg={}", text(&entries.runtime.object)?));
        flags.push("-Clink-arg=-lc".to_owned());
        flags.push("-Clink-arg=-Wl,--export-dynamic-symbol=__tsan_*".to_owned());
        flags.push("-Clink-arg=-Wl,--export-dynamic-symbol=Annotate*".to_owned());
        flags.push("-Clink-arg=-Wl,--export-dynamic-symbol=__race_*".to_owned());
    }
    Ok(flags)
}

/// A cargo `--config` value that sets a key to a path.
pub fn config_path(key: &str, path: &Path) -> Result<String, Error> {
    Ok(format!("{key}={}", toml::Value::String(text(path)?.to_owned())))
}

/// A path as the text that compilers and cargo need.
pub fn text(path: &Path) -> Result<&str, Error> {
    path.to_str()
        .filter(|text| !text.contains(char::is_control))
        .ok_or_else(|| Error::UnusablePath { path: path.to_owned() })
}
