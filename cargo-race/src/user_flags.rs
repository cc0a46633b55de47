//! The user's own compiler flags: where cargo finds them, and how ours join them.
//!
//! Cargo takes flags from one place only: `CARGO_ENCODED_RUSTFLAGS`, else `RUSTFLAGS`, else `target.*.rustflags`, else
//! `build.rustflags`. Ours must go to the very place that the user's come from, after them, or the user's would be
//! ignored. rustdoc, which compiles doctests, has the same four places under other names.
//! Can miss: a `target.'cfg(...)'` table that does not apply to this machine, beside a `build` table that does; cargo
//! then sees our flags in `target` and ignores `build`.

use crate::cargo_config::{CargoConfig, Table};
use crate::error::Error;
use crate::flags::{Compiler, LAST_FIXED};

/// Separates flags in the `CARGO_ENCODED_` variables.
const SEPARATOR: char = '\u{1f}';

/// Where the user's flags are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Variable(&'static str),
    Configuration(Table),
}

/// The user's flags for one compiler.
#[derive(Debug)]
pub struct UserFlags {
    compiler: Compiler,
    source: Source,
    flags: Vec<String>,
}

/// How cargo is told flags: by an environment variable or a `--config` argument.
#[derive(Debug, PartialEq, Eq)]
pub enum Setting {
    Variable(String, String),
    Argument(String),
}

impl UserFlags {
    /// Finds them. `variable` reads the environment.
    pub fn find(
        compiler: Compiler,
        variable: impl Fn(&str) -> Result<Option<String>, Error>,
        config: &CargoConfig,
    ) -> Result<Self, Error> {
        let with = |source, flags| Ok(Self { compiler, source, flags });
        if let Some(value) = variable(compiler.encoded_variable())? {
            let flags = value.split(SEPARATOR).filter(|flag| !flag.is_empty()).map(str::to_owned).collect();
            return with(Source::Variable(compiler.encoded_variable()), flags);
        }
        if let Some(value) = variable(compiler.plain_variable())? {
            return with(Source::Variable(compiler.plain_variable()), words(&value));
        }
        let table = config.table_with_flags(compiler.key());
        let mut flags = config.flags(table, compiler.key());
        flags.extend(variable(&table.variable(compiler.key()))?.iter().flat_map(|value| words(value)));
        with(Source::Configuration(table), flags)
    }

    /// The flags, and the name of the place that they are from.
    pub fn describe(&self) -> (String, &[String]) {
        let place = match self.source {
            Source::Variable(name) => name.to_owned(),
            Source::Configuration(table) => {
                let key = self.compiler.key();
                format!("{}.{key} in cargo's configuration or {}", table.name(), table.variable(key))
            }
        };
        (place, &self.flags)
    }

    /// Refuses flags under which the detector cannot work.
    pub fn check(&self) -> Result<(), Error> {
        let refused =
            |flag: &str, reason| Error::UnsupportedFlag { flag: flag.to_owned(), place: self.describe().0, reason };
        if codegen_values(&self.flags, "prefer-dynamic")
            .last()
            .is_some_and(|value| matches!(value, "" | "y" | "yes" | "on" | "true"))
        {
            return Err(refused("-Cprefer-dynamic", "the shared libstd that it chooses is not instrumented"));
        }
        let features = codegen_values(&self.flags, "target-feature").flat_map(|value| value.split(','));
        let last = features.filter(|feature| matches!(feature.get(1..), Some("crt-static"))).last();
        if last == Some("+crt-static") {
            return Err(refused(
                "-Ctarget-feature=+crt-static",
                "the detector takes the place of libc's functions, which a static program does not let it do",
            ));
        }
        Ok(())
    }

    /// What tells cargo these flags and `ours` after them.
    pub fn join(&self, ours: &[String]) -> Setting {
        if let Source::Configuration(table) = self.source {
            // Cargo itself appends a `--config` list to the lists of the same key elsewhere.
            let list = toml::Value::Array(ours.iter().cloned().map(toml::Value::String).collect());
            return Setting::Argument(format!("{}.{}={list}", table.name(), self.compiler.key()));
        }
        let mut flags = self.flags.clone();
        remove_fixed(&mut flags, ours);
        flags.extend_from_slice(ours);
        Setting::Variable(self.compiler.encoded_variable().to_owned(), flags.join(&SEPARATOR.to_string()))
    }

    /// The same as a variable and its value. `users` is the variable's present value where cargo splits it at spaces.
    pub fn join_in_environment(
        &self,
        ours: &[String],
        variable: impl Fn(&str) -> Result<Option<String>, Error>,
    ) -> Result<(String, String), Error> {
        let Source::Configuration(table) = self.source else {
            return Ok(match self.join(ours) {
                Setting::Variable(name, value) => (name, value),
                Setting::Argument(_) => unreachable!("flags of a variable are joined in a variable"),
            });
        };
        if ours.iter().any(|flag| flag.contains(' ')) {
            return Err(Error::SpaceInPath);
        }
        // Cargo appends a variable's words to the lists of the same key in its files.
        let name = table.variable(self.compiler.key());
        let mut flags = variable(&name)?.map(|value| words(&value)).unwrap_or_default();
        flags.extend_from_slice(ours);
        Ok((name, flags.join(" ")))
    }
}

/// Takes ours out: a program under `cargo race` that itself runs `cargo race` inherits them, and passes that run twice
/// instrument twice.
fn remove_fixed(flags: &mut Vec<String>, ours: &[String]) {
    let fixed = ours.iter().position(|flag| flag == LAST_FIXED).map_or(0, |last| last + 1);
    if fixed == 0 {
        return;
    }
    while let Some(start) = flags.windows(fixed).position(|window| window == &ours[..fixed]) {
        flags.drain(start..start + fixed);
    }
}

/// The values of `-C name`, `-Cname=value` and their longer spellings, in order; a flag without value gives "".
fn codegen_values<'a>(flags: &'a [String], name: &'a str) -> impl Iterator<Item = &'a str> {
    let options = flags.iter().enumerate().filter_map(|(position, flag)| match flag.as_str() {
        "-C" | "--codegen" => flags.get(position + 1).map(String::as_str),
        other => other.strip_prefix("--codegen=").or_else(|| other.strip_prefix("-C")),
    });
    options.filter_map(move |option| {
        let (key, value) = option.trim().split_once('=').unwrap_or((option.trim(), ""));
        (key == name).then_some(value)
    })
}

/// Splits as cargo splits `RUSTFLAGS`: at spaces, with no quoting.
fn words(value: &str) -> Vec<String> {
    value.split(' ').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "-Cpasses=a b";

    fn found(variables: &[(&str, &str)], config: &str) -> UserFlags {
        let variable =
            |name: &str| Ok(variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()));
        UserFlags::find(Compiler::Rustc, variable, &CargoConfig::from_texts(&[config])).expect("found")
    }

    fn joined(variables: &[(&str, &str)], config: &str) -> Setting {
        found(variables, config).join(&[OURS.to_owned()])
    }

    fn variable(value: &str) -> Setting {
        Setting::Variable("CARGO_ENCODED_RUSTFLAGS".to_owned(), value.to_owned())
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

    #[test]
    fn in_the_environment_they_join_the_variable_of_their_table() {
        let ours = ["-Cours".to_owned()];
        let set = |name: &str| Ok((name == "CARGO_BUILD_RUSTFLAGS").then(|| "-Cx".to_owned()));
        let flags = found(&[], "build.rustflags = ['-Cy']");
        let joined = flags.join_in_environment(&ours, set).expect("joined");
        assert_eq!(joined, ("CARGO_BUILD_RUSTFLAGS".to_owned(), "-Cx -Cours".to_owned()));
        flags.join_in_environment(&[OURS.to_owned()], set).expect_err("a space cannot be said there");
    }

    #[test]
    fn inherited_flags_of_ours_do_not_count_twice() {
        let ours = ["-Cours", LAST_FIXED, "-Cmore"].map(str::to_owned);
        let inherited = ["-Cusers", "-Cours", LAST_FIXED].join("\u{1f}");
        let joined = found(&[("CARGO_ENCODED_RUSTFLAGS", &inherited)], "").join(&ours);
        assert_eq!(joined, variable(&["-Cusers", "-Cours", LAST_FIXED, "-Cmore"].join("\u{1f}")));
    }

    #[test]
    fn flags_that_cannot_work_are_refused_where_they_win() {
        let refused = |flags: &str| found(&[("RUSTFLAGS", flags)], "").check().is_err();
        assert!(refused("-C prefer-dynamic") && refused("-Cprefer-dynamic=yes"));
        assert!(!refused("-Cprefer-dynamic -Cprefer-dynamic=no"));
        assert!(refused("-Ctarget-feature=+avx,+crt-static") && refused("--codegen target-feature=+crt-static"));
        assert!(!refused("-Ctarget-feature=+crt-static -Ctarget-feature=-crt-static"));
        assert!(!refused("--cfg prefer-dynamic"));
    }
}
