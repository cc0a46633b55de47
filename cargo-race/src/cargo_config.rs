//! Cargo's configuration, as far as `cargo race` must know it: in which table the user's compiler flags are, and what
//! the profiles say about debug information.
//!
//! Read are the `.cargo/config.toml` files from the current directory upward, the one in cargo's home, `--config`
//! arguments, `CARGO_*` variables, and what any of these includes. Files that cannot be read or parsed are skipped: cargo
//! complains about them itself.

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

/// How deep files that include files are followed; more is a cycle, which cargo refuses.
const INCLUDE_DEPTH: usize = 16;

/// All configuration found, the most specific first.
pub struct CargoConfig {
    documents: Vec<Document>,
}

impl CargoConfig {
    /// Reads the configuration that cargo will use in `directory` with these `--config` arguments.
    pub fn read(directory: &Path, arguments: &[OsString]) -> Self {
        let mut documents = Vec::new();
        // The last argument counts most.
        for argument in arguments.iter().rev() {
            match parse(&argument.to_string_lossy()) {
                Some(table) => add(&mut documents, table, directory, directory, INCLUDE_DEPTH),
                None => add_file(&mut documents, &directory.join(argument), INCLUDE_DEPTH),
            }
        }
        let mut read = Vec::new();
        for place in directory.ancestors().map(|ancestor| ancestor.join(".cargo")).chain(home()) {
            // Cargo's home may be on the way up.
            if !read.contains(&place) {
                // Cargo prefers the name without extension when both exist.
                let plain = place.join("config");
                let file = if plain.is_file() { plain } else { place.join("config.toml") };
                add_file(&mut documents, &file, INCLUDE_DEPTH);
                read.push(place);
            }
        }
        Self { documents }
    }

    /// Configuration from texts, for tests.
    #[cfg(test)]
    pub fn from_texts(texts: &[&str]) -> Self {
        let document = |table| Document { root: PathBuf::from("/project"), table };
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

    /// A variable that the table `env` sets for build scripts.
    pub fn environment(&self, name: &str) -> Option<&str> {
        self.documents.iter().find_map(|document| {
            let value = lookup(&document.table, &["env", name])?;
            value.get("value").unwrap_or(value).as_str()
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

/// Adds the file and what it includes. Relative paths in it are relative to the directory above its own.
fn add_file(documents: &mut Vec<Document>, file: &Path, depth: usize) {
    let directory = file.parent().unwrap_or(file);
    if let Some(table) = parse_file(file) {
        add(documents, table, directory.parent().unwrap_or(directory), directory, depth);
    }
}

/// Adds a piece of configuration, and after it what it includes from `directory`, the last first: what includes counts
/// more than what is included, and what is included later more than what was before.
fn add(documents: &mut Vec<Document>, table: toml::Table, root: &Path, directory: &Path, depth: usize) {
    let included: Vec<PathBuf> = included(&table).map(|file| directory.join(file)).collect();
    documents.push(Document { root: root.to_owned(), table });
    if depth > 0 {
        included.iter().rev().for_each(|file| add_file(documents, file, depth - 1));
    }
}

/// The files of the key `include`: a list of paths, or of tables with a path.
fn included(table: &toml::Table) -> impl Iterator<Item = &str> {
    let list = table.get("include").and_then(toml::Value::as_array).into_iter().flatten();
    list.filter_map(|entry| entry.as_str().or_else(|| entry.get("path")?.as_str()))
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
        assert_eq!(config.program(&["build", "rustc-wrapper"]), Some(PathBuf::from("/project/tools/wrap")));
        assert_eq!(config.program(&["build", "rustc-workspace-wrapper"]), Some(PathBuf::from("clippy")));
    }

    #[test]
    fn included_files_count_less_than_what_includes_them() {
        let place = tempfile::tempdir().expect("temporary directory");
        let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).expect("written");
        std::fs::create_dir(place.path().join(".cargo")).expect("made");
        let own = "include = ['../first.toml', { path = 'second.toml', optional = true }]\nbuild.rustflags = ['-own']";
        write(".cargo/config.toml", own);
        write("first.toml", "build = { rustflags = ['-first'], target = 'first' }");
        // A cycle, which cargo refuses, must not be followed for ever.
        let second =
            "include = ['config.toml']\nbuild = { rustflags = ['-second'], target = 'second', rustc = 'tools/rustc' }";
        write(".cargo/second.toml", second);
        let config = CargoConfig::read(place.path(), &["build.rustflags = '-argument'".into()]);
        let flags = config.flags(Table::Build, "rustflags");
        assert_eq!(flags.iter().rev().take(3).collect::<Vec<_>>(), ["-argument", "-own", "-second"]);
        assert!(flags.iter().any(|flag| flag == "-first"));
        assert_eq!(config.build_targets(), ["second"]);
        assert_eq!(config.program(&["build", "rustc"]), Some(place.path().join("tools/rustc")));
    }

    #[test]
    fn variables_are_named_as_cargo_names_them() {
        assert_eq!(Table::Build.variable("rustdocflags"), "CARGO_BUILD_RUSTDOCFLAGS");
        assert_eq!(Table::Target.variable("rustflags"), "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS");
    }
}
