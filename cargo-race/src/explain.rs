//! `cargo race explain`: what a command would do in this project, in plain words, and what the detector would not see.
//!
//! Guarantee: nothing is built or prepared, and the command that is shown is the one that would run, because the same code
//! makes both. Can miss: before a build, C code that a build script compiles without one of the crates known for that.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::built::Built;
use crate::c_code::CCompilers;
use crate::cargo_arguments::{CargoArguments, TARGET_DIRECTORY};
use crate::command::Request;
use crate::environment::quoted;
use crate::error::Error;
use crate::inlined::Inlined;
use crate::packages::{self, Packages};
use crate::setup::{Entries, Preparation};
use crate::situation::Situation;
use crate::toolchain::SUPPORTED_HOST;

/// Objects that are named one by one.
const FEW: usize = 8;

/// Commands that can be explained.
const BUILDING: [&str; 5] = ["run", "test", "build", "bench", "nextest"];

/// The text for the user about `words`, a command with its arguments.
pub fn print(mut words: Vec<OsString>) -> Result<String, Error> {
    if words.is_empty() {
        words.push(OsString::from("test"));
    }
    let given = words.remove(0);
    let Some(subcommand) = BUILDING.into_iter().find(|name| given == *name) else {
        return Err(Error::NothingToExplain { given: given.to_string_lossy().into_owned() });
    };
    if subcommand == "nextest" && words.is_empty() {
        words.push(OsString::from("run"));
    }
    let mut request = Request::new(subcommand, words);
    let seeds = crate::seeds::take(&mut request)?;
    let situation = Situation::read(&request.arguments, request.extras)?;
    let entries = Preparation::detect(&situation.config)?.places(situation.extras);
    let profile = request.profile();
    let packages = Packages::read(&situation.cargo, &request.arguments.selecting_project());
    let place = built_at(&situation, &request.arguments, &profile);
    let command = request.command(&situation, &entries)?;

    let mut text = String::new();
    prepared(&mut text, &entries);
    project(&mut text, &situation, &profile);
    chained(&mut text, &situation);
    shown(&mut text, &command, seeds);
    unseen(&mut text, packages.as_ref(), situation.c_compilers.as_ref());
    seen_when_built(&mut text, &place, packages.as_ref());
    Ok(text)
}

/// Where the profile's files are, or will be.
fn built_at(situation: &Situation, arguments: &CargoArguments, profile: &str) -> PathBuf {
    let chosen = arguments.values(TARGET_DIRECTORY).last().map(PathBuf::from);
    let project = &situation.project;
    // Libraries are intermediate files.
    let directory = project.separate_build_directory().cloned().or(chosen);
    let directory = directory.unwrap_or_else(|| project.target_directory.clone());
    let name = match profile {
        "dev" | "test" => "debug",
        "bench" => "release",
        other => other,
    };
    directory.join(situation.subdirectory()).join(SUPPORTED_HOST).join(name)
}

fn line(text: &mut String, words: impl std::fmt::Display) {
    writeln!(text, "{words}").expect("a String takes everything");
}

fn prepared(text: &mut String, entries: &Entries) {
    line(text, format_args!("Toolchain: {} in {}", entries.toolchain.label, entries.toolchain.sysroot.display()));
    let state = |path: &Path| if path.exists() { "prepared" } else { "not there yet, the first use makes it" };
    line(text, format_args!("Instrumented std: {} ({})", entries.sysroot.display(), state(&entries.sysroot)));
    let object = &entries.runtime.object;
    line(text, format_args!("Detector: {} ({})", object.display(), state(object)));
    if let Some(inlined) = entries.inlined.as_ref().map(Inlined::path) {
        line(text, format_args!("What of it is put into the program: {} ({})", inlined.display(), state(inlined)));
    }
}

fn project(text: &mut String, situation: &Situation, profile: &str) {
    let directory = situation.project.target_directory.join(situation.subdirectory());
    line(text, format_args!("Artifacts: {} (a plain build's are elsewhere and stay as they are)", directory.display()));
    let tables = if situation.project.lacks_line_numbers(profile, &situation.config) {
        "it has no debug information, so line tables are added and nothing is stripped"
    } else {
        "its debug information stays as it is"
    };
    line(text, format_args!("Profile: {profile}; {tables}"));
}

fn chained(text: &mut String, situation: &Situation) {
    for (compiler, users) in &situation.flags {
        let (place, flags) = users.describe();
        if !flags.is_empty() {
            let flags = flags.join(" ");
            line(text, format_args!("Your {}: {flags} (from {place}); ours come after them", compiler.key()));
        }
    }
    if let Some(compilers) = &situation.c_compilers {
        line(text, format_args!("Your compilers for C and C++: {compilers}; ours call them"));
    }
    if let Some(wrapper) = &situation.wrapper {
        line(text, format_args!("Your workspace wrapper: {}; our linking script calls it", wrapper.display()));
    }
    let variable = ["RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"].into_iter().find_map(std::env::var_os);
    let wrapper = match variable {
        Some(value) => Some(value.into()),
        None => situation.config.program(&["build", "rustc-wrapper"]),
    };
    if let Some(wrapper) = wrapper.filter(|wrapper| !wrapper.as_os_str().is_empty()) {
        line(text, format_args!("Your compiler wrapper: {}; cargo calls it first, as always", wrapper.display()));
    }
}

fn shown(text: &mut String, command: &Command, seeds: Option<u32>) {
    let times =
        seeds.map_or(String::new(), |seeds| format!(", built once and run {seeds} times with the seeds 1 to {seeds}"));
    line(text, format_args!("\nThe command{times}:"));
    for (name, value) in command.get_envs() {
        let name = name.to_string_lossy();
        match value {
            Some(value) => line(text, format_args!("  {name}={} \\", readable(&value.to_string_lossy()))),
            None => line(text, format_args!("  {name}= \\")),
        }
    }
    let words: Vec<String> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .map(|word| if plain(&word) { word.into_owned() } else { quoted(&word) })
        .collect();
    line(text, format_args!("  {}", words.join(" ")));
    line(text, "Every crate of the build sees cfg(race).");
}

/// A word for a shell, in which the control character that separates flags can be seen and copied.
fn readable(word: &str) -> String {
    if !word.contains('\u{1f}') {
        return quoted(word);
    }
    let escaped = word.replace('\\', r"\\").replace('\'', r"\'").replace('\u{1f}', r"\x1f");
    format!("$'{escaped}'")
}

/// Whether a shell takes the word as it is.
fn plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./=:+,@%".contains(letter))
}

fn unseen(text: &mut String, packages: Option<&Packages>, c_compilers: Option<&CCompilers>) {
    line(text, "\nNot instrumented:");
    line(
        text,
        "  of the toolchain: compiler_builtins, panic_abort, unwind, profiler_builtins, proc_macro, the shared libstd",
    );
    let Some(packages) = packages else {
        line(
            text,
            "  of the project: not known, because `cargo metadata --offline --locked` fails here; see what it says",
        );
        return;
    };
    let mut list = |what: &str, names: &[String]| {
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        line(text, format_args!("  {what}: {names}"));
    };
    list("build scripts, which run while building", &packages.build_scripts);
    list("proc macros, which run inside the compiler", &packages.proc_macros);
    list("C or C++ code that these build or link", &packages.foreign);
    if !packages.foreign.is_empty() {
        let crates = packages::COMPILING.join(", ");
        line(text, format_args!("    (found by a `links` key or a build dependency on {crates})"));
        line(
            text,
            match c_compilers {
                Some(_) => "    but what their build scripts compile through the crates cc and cmake is instrumented",
                None => {
                    "    (with --c, what their build scripts compile through the crates cc and cmake is instrumented)"
                }
            },
        );
    }
    line(text, "  inline assembly anywhere");
}

fn seen_when_built(text: &mut String, place: &Path, packages: Option<&Packages>) {
    let belongs = |name: &str| packages.is_none_or(|packages| packages.libraries.iter().any(|library| library == name));
    let Some(built) = Built::read(place, belongs) else {
        line(text, "  objects and shared libraries: not known before a build; ask again after it");
        return;
    };
    line(text, format_args!("Not instrumented of what is built in {}:", place.display()));
    if built.objects.is_empty() {
        line(text, "  objects in the libraries of crates: none");
    }
    for (library, objects) in &built.objects {
        let named: Vec<&str> = objects.iter().map(String::as_str).take(FEW).collect();
        let more = objects.len() - named.len();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        line(text, format_args!("  objects in the library of {library}: {}{more}", named.join(", ")));
    }
    let libraries: Vec<&str> = built.libraries.iter().map(String::as_str).collect();
    line(text, format_args!("  shared libraries that the programs need: {}", libraries.join(", ")));
}
