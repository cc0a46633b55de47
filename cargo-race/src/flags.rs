//! The compiler flags of an instrumented build, and how they join the user's own.
//!
//! Cargo takes flags from one place only: `CARGO_ENCODED_RUSTFLAGS`, else `RUSTFLAGS`, else `target.*.rustflags`, else
//! `build.rustflags`. Ours must go to the very place that the user's come from, after them, or the user's would be
//! ignored. rustdoc, which compiles doctests, has the same four places under other names.
//! Can miss: a `target.'cfg(...)'` table that does not apply to this machine, beside a `build` table that does; cargo
//! then sees our flags in `target` and ignores `build`.

use std::path::Path;

use crate::cargo_config::{CargoConfig, Table};
use crate::error::Error;
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

/// Separates flags in the `CARGO_ENCODED_` variables.
const SEPARATOR: char = '\u{1f}';

/// The two tools of a toolchain that compile.
#[derive(Debug, Clone, Copy)]
pub enum Compiler {
    Rustc,
    Rustdoc,
}

impl Compiler {
    pub const ALL: [Self; 2] = [Self::Rustc, Self::Rustdoc];

    fn encoded_variable(self) -> &'static str {
        match self {
            Self::Rustc => "CARGO_ENCODED_RUSTFLAGS",
            Self::Rustdoc => "CARGO_ENCODED_RUSTDOCFLAGS",
        }
    }

    fn plain_variable(self) -> &'static str {
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

/// Where flags go: an environment variable or a `--config` argument for cargo.
#[derive(Debug, PartialEq, Eq)]
pub enum Setting {
    Variable(&'static str, String),
    Argument(String),
}

/// The flags that instrument, for `compiler`, and those that link where no linking script can.
pub fn instrumenting(compiler: Compiler, entries: &Entries, line_tables: bool) -> Result<Vec<String>, Error> {
    let mut flags = vec![
        "--sysroot".to_owned(),
        text(&entries.sysroot)?.to_owned(),
        "-Cpasses=forceattrs tsan-module tsan".to_owned(),
    ];
    flags.extend(LLVM_OPTIONS.iter().map(|option| format!("-Cllvm-args={option}")));
    flags.extend(["--cfg=race".to_owned(), "--check-cfg=cfg(race)".to_owned()]);
    if line_tables {
        // Without them a report has no line numbers; cargo strips such builds, so that is undone too.
        flags.extend(["-Cdebuginfo=1".to_owned(), "-Cstrip=none".to_owned()]);
    }
    if matches!(compiler, Compiler::Rustdoc) {
        // Doctests are programs, and rustdoc compiles nothing else. The same words as in link-runtime.sh.
        flags.push(format!("-Clink-arg={}", text(&entries.runtime.object)?));
        flags.push("-Clink-arg=-lc".to_owned());
        flags.push("-Clink-arg=-Wl,--export-dynamic-symbol=__tsan_*".to_owned());
    }
    Ok(flags)
}

/// A cargo `--config` value that sets a key to a path.
pub fn config_path(key: &str, path: &Path) -> Result<String, Error> {
    Ok(format!("{key}={}", toml::Value::String(text(path)?.to_owned())))
}

fn text(path: &Path) -> Result<&str, Error> {
    path.to_str()
        .filter(|text| !text.contains(char::is_control))
        .ok_or_else(|| Error::UnusablePath { path: path.to_owned() })
}

/// Puts `ours` after the user's flags for `compiler`. `variable` reads the environment, `config` cargo's configuration.
pub fn join(
    compiler: Compiler,
    ours: &[String],
    variable: impl Fn(&'static str) -> Result<Option<String>, Error>,
    config: &CargoConfig,
) -> Result<Setting, Error> {
    let encoded = compiler.encoded_variable();
    let users = match variable(encoded)? {
        Some(value) => Some(value.split(SEPARATOR).map(str::to_owned).collect()),
        None => variable(compiler.plain_variable())?.map(|value| words(&value)),
    };
    let Some(mut users): Option<Vec<String>> = users else {
        // Cargo itself appends a `--config` list to the lists of the same key elsewhere.
        let table = match config.table_with_flags(compiler.key()) {
            Table::Build => "build".to_owned(),
            Table::Target => format!("target.{}", crate::toolchain::SUPPORTED_HOST),
        };
        let list = toml::Value::Array(ours.iter().cloned().map(toml::Value::String).collect());
        return Ok(Setting::Argument(format!("{table}.{}={list}", compiler.key())));
    };
    users.retain(|flag| !flag.is_empty());
    users.extend_from_slice(ours);
    Ok(Setting::Variable(encoded, users.join(&SEPARATOR.to_string())))
}

/// Splits as cargo splits `RUSTFLAGS`: at spaces, with no quoting.
fn words(value: &str) -> Vec<String> {
    value.split(' ').map(|word| word.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "-Cpasses=a b";

    fn joined(variables: &[(&str, &str)], config: &str) -> Setting {
        let variable = |name: &'static str| {
            Ok(variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        let config = CargoConfig::from_texts(&[config]);
        join(Compiler::Rustc, &[OURS.to_owned()], variable, &config).expect("joined")
    }

    fn variable(value: &str) -> Setting {
        Setting::Variable("CARGO_ENCODED_RUSTFLAGS", value.to_owned())
    }

    #[test]
    fn environment_beats_configuration_and_encoded_beats_plain() {
        let config = "build.rustflags = ['-Cx']";
        assert_eq!(joined(&[("RUSTFLAGS", "-a  -b")], config), variable("-a\u{1f}-b\u{1f}-Cpasses=a b"));
        let both = [("RUSTFLAGS", "-a"), ("CARGO_ENCODED_RUSTFLAGS", "-c\u{1f}-d e")];
        assert_eq!(joined(&both, config), variable("-c\u{1f}-d e\u{1f}-Cpasses=a b"));
        assert_eq!(joined(&[("RUSTFLAGS", "")], config), variable("-Cpasses=a b"));
    }

    #[test]
    fn configured_flags_are_joined_where_they_are() {
        let argument = |table: &str| Setting::Argument(format!("{table}.rustflags=[\"{OURS}\"]"));
        assert_eq!(joined(&[], ""), argument("target.x86_64-unknown-linux-gnu"));
        assert_eq!(joined(&[], "build.rustflags = ['-Cx']"), argument("build"));
        let both = "build.rustflags = ['-Cx']\n[target.'cfg(unix)']\nrustflags = ['-Cy']";
        assert_eq!(joined(&[], both), argument("target.x86_64-unknown-linux-gnu"));
        let foreign = "build.rustflags = ['-Cx']\n[target.wasm32-unknown-unknown]\nrustflags = ['-Cy']";
        assert_eq!(joined(&[], foreign), argument("build"));
    }
}
