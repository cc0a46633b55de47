//! `cargo race env`: the environment in which a plain `cargo`, called by another build system, makes the instrumented
//! build.
//!
//! Guarantee: nothing of the project is built, but the setup is done, so the paths that are printed exist. Artifacts go
//! to the same place as those of `cargo race`. Can miss: flags that such a build system itself passes with `--config`.

use std::ffi::OsString;

use crate::arguments::EnvironmentArguments;
use crate::cargo_arguments::{CargoArguments, Extras};
use crate::cargo_config::BUILD_TARGET_VARIABLE;
use crate::command::NEXT_WRAPPER_VARIABLE;
use crate::error::Error;
use crate::setup::{self, Entries};
use crate::situation::{ENVIRONMENT_MARKER, Situation, WRAPPER_VARIABLE, variable};
use crate::{flags, toolchain};

/// The profiles from which all others inherit, with the variables that give them line tables.
const PROFILES: [(&str, &str, &str); 2] = [
    ("dev", "CARGO_PROFILE_DEV_DEBUG", "CARGO_PROFILE_DEV_STRIP"),
    ("release", "CARGO_PROFILE_RELEASE_DEBUG", "CARGO_PROFILE_RELEASE_STRIP"),
];

/// Names and values, in the order in which they are printed.
type Variables = Vec<(String, String)>;

/// The text for the user.
pub fn print(arguments: EnvironmentArguments) -> Result<String, Error> {
    let mut words = Vec::new();
    if let Some(path) = arguments.manifest_path {
        words.extend([OsString::from("--manifest-path"), path]);
    }
    let extras = Extras { c: arguments.c, inline: arguments.inline };
    let situation = Situation::read(&CargoArguments::new(words), extras)?;
    let entries = setup::ensure(&situation.config, extras)?;
    situation.check_c_compilers(&entries.runtime)?;
    let variables = variables(&situation, &entries)?;
    if arguments.json { Ok(json(variables)) } else { shell(&variables) }
}

fn variables(situation: &Situation, entries: &Entries) -> Result<Variables, Error> {
    let mut all: Variables = vec![(BUILD_TARGET_VARIABLE.to_owned(), toolchain::SUPPORTED_HOST.to_owned())];
    for (compiler, users) in &situation.flags {
        let ours = flags::instrumenting(*compiler, entries, false)?;
        all.push(users.join_in_environment(&ours, variable)?);
    }
    let mut set = |name: &str, value: &str| all.push((name.to_owned(), value.to_owned()));
    set(WRAPPER_VARIABLE, flags::text(&entries.runtime.linking_script)?);
    if let Some(wrapper) = &situation.wrapper {
        set(NEXT_WRAPPER_VARIABLE, flags::text(wrapper)?);
    }
    set("CARGO_TARGET_DIR", flags::text(&situation.project.target_directory.join(situation.subdirectory()))?);
    if let Some(directory) = situation.project.separate_build_directory() {
        set("CARGO_BUILD_BUILD_DIR", flags::text(&directory.join(situation.subdirectory()))?);
    }
    for (profile, debug, strip) in PROFILES {
        if situation.project.lacks_line_numbers(profile, &situation.config) {
            set(debug, "1");
            set(strip, "none");
        }
    }
    if let Some(compilers) = &situation.c_compilers {
        compilers.variables(&entries.runtime)?.into_iter().for_each(|(name, value)| set(&name, &value));
    }
    set(ENVIRONMENT_MARKER, "1");
    Ok(all)
}

fn json(variables: Variables) -> String {
    let object: serde_json::Map<_, _> =
        variables.into_iter().map(|(name, value)| (name, serde_json::Value::String(value))).collect();
    format!("{:#}\n", serde_json::Value::Object(object))
}

fn shell(variables: &Variables) -> Result<String, Error> {
    if let Some((name, _)) = variables.iter().find(|(name, _)| name.contains('-')) {
        return Err(Error::NotForShells { variable: name.clone(), instead: name.replace('-', "_") });
    }
    Ok(variables.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value))).collect())
}

/// A word that every POSIX shell reads as `value`.
pub fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for value in ["", "two words", "it's", "a\u{1f}b $HOME \\ \"`"] {
            let script = format!("printf %s {}", quoted(value));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
            assert_eq!(String::from_utf8_lossy(&output.stdout), value);
        }
    }
}
