//! Cargo's configuration, as far as `cargo race` must know it: in which table the user's compiler flags are, and what
//! the profiles say about debug information.
//!
//! Read are the `.cargo/config.toml` files from the current directory upward, the one in cargo's home, `--config`
//! arguments and `CARGO_*` variables. Files that cannot be read or parsed are skipped: cargo complains about them itself.
//! `include` keys are not followed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::toolchain::SUPPORTED_HOST;

/// The variable that stands for the key `build.target`.
pub const BUILD_TARGET_VARIABLE: &str = "CARGO_BUILD_TARGET";

/// A table of cargo's configuration that can hold compiler flags.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Table {
    Build,
    Target,
}

impl Table {
    /// The table's name in cargo's configuration.
    pub fn name(self) -> String {
        match self {
            Self::Build => "build".to_owned(),
            Self::Target => format!("target.{SUPPORTED_HOST}"),
        }
    }

    /// The variable that stands for the table's `key`.
    pub fn variable(self, key: &str) -> String {
        format!("CARGO_{}_{key}", self.name()).replace(['-', '.'], "_").to_uppercase()
    }
}

/// One piece of configuration.
struct Document {
    /// What relative paths in it are relative to.
    root: PathBuf,
    table: toml::Table,
}

/// All configuration found, the most specific first.
pub struct CargoConfig {
    documents: Vec<Document>,
}

impl CargoConfig {
    /// Reads the configuration that cargo will use in `directory` with these `--config` arguments.
    pub fn read(directory: &Path, arguments: &[OsString]) -> Self {
        let mut documents = Vec::new();
        let document = |root: &Path, table| Document { root: root.to_owned(), table };
        // The last argument counts most.
        for argument in arguments.iter().rev() {
            let text = argument.to_string_lossy();
            let table = parse(&text).or_else(|| parse_file(Path::new(argument)));
            documents.extend(table.map(|table| document(directory, table)));
        }
        let mut read = Vec::new();
        for place in directory.ancestors().map(|ancestor| ancestor.join(".cargo")).chain(home()) {
            // Cargo's home may be on the way up.
            if !read.contains(&place) {
                let table = parse_directory(&place);
                documents.extend(table.map(|table| document(place.parent().unwrap_or(&place), table)));
                read.push(place);
            }
        }
        Self { documents }
    }

    /// Configuration from texts, for tests.
    #[cfg(test)]
    pub fn from_texts(texts: &[&str]) -> Self {
        let document = |table| Document { root: PathBuf::from("/root"), table };
        Self { documents: texts.iter().filter_map(|text| parse(text)).map(document).collect() }
    }

    /// The table whose `key` list cargo will use, which is `target` when neither table has one.
    pub fn table_with_flags(&self, key: &str) -> Table {
        let has = |table: Table| {
            std::env::var_os(table.variable(key)).is_some()
                || self.documents.iter().any(|document| !flag_lists(&document.table, table, key).is_empty())
        };
        if has(Table::Build) && !has(Table::Target) { Table::Build } else { Table::Target }
    }

    /// The flags that all files together give in `table`, in cargo's order: the most specific file's last.
    pub fn flags(&self, table: Table, key: &str) -> Vec<String> {
        let lists = self.documents.iter().rev().flat_map(|document| flag_lists(&document.table, table, key));
        lists.flat_map(words).collect()
    }

    /// The targets of the key `build.target`.
    pub fn build_targets(&self) -> Vec<String> {
        let found = self.documents.iter().find_map(|document| lookup(&document.table, &["build", "target"]));
        found.map(words).unwrap_or_default()
    }

    /// The program of a key such as `build.rustc-wrapper`: a path, or a name to be found on PATH.
    pub fn program(&self, path: &[&str]) -> Option<PathBuf> {
        self.documents.iter().find_map(|document| {
            let program = lookup(&document.table, path)?.as_str()?;
            Some(if program.contains('/') { document.root.join(program) } else { PathBuf::from(program) })
        })
    }

    /// The value of a key of a profile.
    pub fn profile(&self, profile: &str, key: &str) -> Option<&toml::Value> {
        self.documents.iter().find_map(|document| lookup(&document.table, &["profile", profile, key]))
    }
}

/// Every list of flags that a document gives in `table`.
fn flag_lists<'a>(document: &'a toml::Table, table: Table, key: &str) -> Vec<&'a toml::Value> {
    if table == Table::Build {
        return lookup(document, &["build", key]).into_iter().collect();
    }
    let Some(targets) = document.get("target").and_then(toml::Value::as_table) else {
        return Vec::new();
    };
    let may_apply = |name: &str| name == SUPPORTED_HOST || name.starts_with("cfg(");
    targets.iter().filter(|(name, _)| may_apply(name)).filter_map(|(_, table)| table.get(key)).collect()
}

/// The words of a value that is a list, or one text with spaces.
fn words(value: &toml::Value) -> Vec<String> {
    match value {
        toml::Value::Array(list) => list.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect(),
        toml::Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// The value at a path of keys.
pub fn lookup<'a>(document: &'a toml::Table, path: &[&str]) -> Option<&'a toml::Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(document.get(*first)?, |value, key| value.get(*key))
}

/// Cargo's home directory.
pub fn home() -> Option<PathBuf> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_all_documents_count_and_single_values_are_the_most_specific() {
        let near = "build.target = 'near'\nbuild.rustflags = '-a  -b'\nbuild.rustc-wrapper = 'tools/wrap'";
        let far = "build.target = ['far']\nbuild.rustflags = ['-c d']\nbuild.rustc-workspace-wrapper = 'clippy'";
        let config = CargoConfig::from_texts(&[near, far]);
        assert_eq!(config.flags(Table::Build, "rustflags"), ["-c d", "-a", "-b"]);
        assert_eq!(config.build_targets(), ["near"]);
        assert_eq!(config.program(&["build", "rustc-wrapper"]), Some(PathBuf::from("/root/tools/wrap")));
        assert_eq!(config.program(&["build", "rustc-workspace-wrapper"]), Some(PathBuf::from("clippy")));
    }

    #[test]
    fn variables_are_named_as_cargo_names_them() {
        assert_eq!(Table::Build.variable("rustdocflags"), "CARGO_BUILD_RUSTDOCFLAGS");
        assert_eq!(Table::Target.variable("rustflags"), "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS");
    }
}
