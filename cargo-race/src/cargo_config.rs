//! Cargo's configuration, as far as `cargo race` must know it: in which table the user's compiler flags are, and what
//! the profiles say about debug information.
//!
//! Read are the `.cargo/config.toml` files from the current directory upward, the one in cargo's home, `--config`
//! arguments and `CARGO_*` variables. Files that cannot be read or parsed are skipped: cargo complains about them itself.
//! `include` keys are not followed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::toolchain::SUPPORTED_HOST;

/// A table of cargo's configuration that can hold compiler flags.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Table {
    Build,
    Target,
}

/// All configuration found, the most specific first.
pub struct CargoConfig {
    documents: Vec<toml::Table>,
}

impl CargoConfig {
    /// Reads the configuration that cargo will use in `directory` with these `--config` arguments.
    pub fn read(directory: &Path, arguments: &[OsString]) -> Self {
        let mut documents: Vec<toml::Table> = Vec::new();
        // The last argument counts most.
        for argument in arguments.iter().rev() {
            let text = argument.to_string_lossy();
            documents.extend(parse(&text).or_else(|| parse_file(Path::new(argument))));
        }
        for ancestor in directory.ancestors() {
            documents.extend(parse_directory(&ancestor.join(".cargo")));
        }
        if let Some(home) = home() {
            documents.extend(parse_directory(&home));
        }
        Self { documents }
    }

    /// Configuration from texts, for tests.
    #[cfg(test)]
    pub fn from_texts(texts: &[&str]) -> Self {
        Self { documents: texts.iter().filter_map(|text| parse(text)).collect() }
    }

    /// The table whose `key` list cargo will use, which is `target` when neither table has one.
    pub fn table_with_flags(&self, key: &str) -> Table {
        let suffix = key.to_uppercase();
        let target_variable = format!("CARGO_TARGET_{}_{suffix}", SUPPORTED_HOST.replace('-', "_").to_uppercase());
        let in_target = std::env::var_os(target_variable).is_some()
            || self.documents.iter().any(|document| has_target_flags(document, key));
        let in_build = std::env::var_os(format!("CARGO_BUILD_{suffix}")).is_some()
            || self.documents.iter().any(|document| lookup(document, &["build", key]).is_some());
        if in_build && !in_target { Table::Build } else { Table::Target }
    }

    /// The value of a key of a profile.
    pub fn profile(&self, profile: &str, key: &str) -> Option<&toml::Value> {
        self.documents.iter().find_map(|document| lookup(document, &["profile", profile, key]))
    }
}

fn has_target_flags(document: &toml::Table, key: &str) -> bool {
    let Some(targets) = document.get("target").and_then(toml::Value::as_table) else {
        return false;
    };
    targets.iter().any(|(name, table)| {
        let may_apply = name == SUPPORTED_HOST || name.starts_with("cfg(");
        may_apply && table.get(key).is_some()
    })
}

/// The value at a path of keys.
pub fn lookup<'a>(document: &'a toml::Table, path: &[&str]) -> Option<&'a toml::Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(document.get(*first)?, |value, key| value.get(*key))
}

fn home() -> Option<PathBuf> {
    let chosen = std::env::var_os("CARGO_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
    chosen.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

fn parse_directory(directory: &Path) -> Option<toml::Table> {
    // Cargo prefers the name without extension when both exist.
    parse_file(&directory.join("config")).or_else(|| parse_file(&directory.join("config.toml")))
}

/// Reads and parses a TOML file.
pub fn parse_file(path: &Path) -> Option<toml::Table> {
    parse(&std::fs::read_to_string(path).ok()?)
}

fn parse(text: &str) -> Option<toml::Table> {
    text.parse().ok()
}
