//! The user's cargo project: its target directory, and whether the chosen profile has line numbers.
//!
//! Cargo answers the first question itself (`cargo metadata`), so every way to set the directory is honoured. The second
//! is answered from the manifest and the configuration; a `[profile.*.package]` override is not seen.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

use serde::Deserialize;

use crate::cargo_config::{CargoConfig, lookup, parse_file};

/// The part of `cargo metadata` that we use.
#[derive(Debug, Deserialize)]
pub struct Project {
    pub target_directory: PathBuf,
    /// Where intermediate files go if not to the target directory.
    build_directory: Option<PathBuf>,
    workspace_root: PathBuf,
}

impl Project {
    /// Asks cargo; when it refuses, cargo has already told the user why, and its status is the answer.
    pub fn read(cargo: &OsString, arguments: &[OsString]) -> std::io::Result<Result<Self, ExitStatus>> {
        let output = Command::new(cargo)
            .args(["metadata", "--no-deps", "--format-version=1"])
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Ok(Err(output.status));
        }
        Ok(Ok(serde_json::from_slice(&output.stdout)?))
    }

    /// Where intermediate files go, if not to the target directory.
    pub fn separate_build_directory(&self) -> Option<&PathBuf> {
        self.build_directory.as_ref().filter(|directory| **directory != self.target_directory)
    }

    /// Whether a build with `profile` would have no line numbers.
    pub fn lacks_line_numbers(&self, profile: &str, config: &CargoConfig) -> bool {
        let manifest = parse_file(&self.workspace_root.join("Cargo.toml")).unwrap_or_default();
        let mut profile = profile.to_owned();
        // A profile inherits from another, which inherits from another; the bound guards against a cycle.
        for _ in 0..16 {
            if let Some(level) = debug_level(&profile, config, &manifest) {
                return level == DebugLevel::None;
            }
            profile = match inherited(&profile, config, &manifest) {
                Some(parent) => parent,
                None => return profile != "dev",
            };
        }
        true
    }
}

#[derive(Debug, PartialEq, Eq)]
enum DebugLevel {
    None,
    Some,
}

/// What the `debug` key of `profile` itself says.
fn debug_level(profile: &str, config: &CargoConfig, manifest: &toml::Table) -> Option<DebugLevel> {
    let variable = format!("CARGO_PROFILE_{}_DEBUG", profile.to_uppercase().replace('-', "_"));
    if let Ok(text) = std::env::var(variable) {
        return Some(level_of(&text));
    }
    let value = config.profile(profile, "debug").or_else(|| lookup(manifest, &["profile", profile, "debug"]))?;
    Some(match value {
        toml::Value::String(text) => level_of(text),
        other => level_of(&other.to_string()),
    })
}

fn level_of(text: &str) -> DebugLevel {
    if matches!(text, "0" | "false" | "none") { DebugLevel::None } else { DebugLevel::Some }
}

fn inherited(profile: &str, config: &CargoConfig, manifest: &toml::Table) -> Option<String> {
    match profile {
        "dev" | "release" => None,
        "test" => Some("dev".to_owned()),
        "bench" => Some("release".to_owned()),
        custom => {
            let parent =
                config.profile(custom, "inherits").or_else(|| lookup(manifest, &["profile", custom, "inherits"]));
            parent.and_then(toml::Value::as_str).map(str::to_owned)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lacks(profile: &str, manifest: &str, config: &str) -> bool {
        let root = tempfile::tempdir().expect("temporary directory");
        std::fs::write(root.path().join("Cargo.toml"), manifest).expect("written");
        let project = Project {
            target_directory: root.path().join("target"),
            build_directory: None,
            workspace_root: root.path().to_owned(),
        };
        project.lacks_line_numbers(profile, &CargoConfig::from_texts(&[config]))
    }

    #[test]
    fn defaults_are_cargos() {
        assert!(!lacks("dev", "", ""));
        assert!(!lacks("test", "", ""));
        assert!(lacks("release", "", ""));
        assert!(lacks("bench", "", ""));
    }

    #[test]
    fn manifest_and_configuration_are_followed() {
        assert!(!lacks("release", "[profile.release]\ndebug = 'line-tables-only'", ""));
        assert!(lacks("test", "[profile.dev]\ndebug = false", ""));
        assert!(!lacks("release", "[profile.release]\ndebug = 0", "profile.release.debug = true"));
        assert!(!lacks("fast", "[profile.fast]\ninherits = 'dev'", ""));
        assert!(lacks("fast", "[profile.fast]\ninherits = 'release'", ""));
    }

    #[test]
    fn a_cycle_of_profiles_ends() {
        assert!(lacks("a", "[profile.a]\ninherits = 'b'\n[profile.b]\ninherits = 'a'", ""));
    }
}
