//! The user's arguments for cargo, looked through for the few that `cargo race` must know of. They are not changed,
//! except that a `--target-dir` becomes its own subdirectory.
//!
//! Can miss: an option that this file does not know and that takes its value as a separate word which looks like one of
//! the options searched for.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// What our own options ask of a build.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extras {
    /// C code is instrumented too.
    pub c: bool,
    /// The engine's code is put into the program's.
    pub inline: bool,
}

impl Extras {
    /// Name of the directory, below the user's target directory, that holds all instrumented artifacts. Those with instrumented
    /// C code have one of their own, since cargo does not always see that a build script has to run again; those with the
    /// engine's code, so that nothing is built anew when the option comes and goes.
    pub fn subdirectory(self) -> &'static str {
        match (self.c, self.inline) {
            (false, false) => "race",
            (true, false) => "race-c",
            (false, true) => "race-inline",
            (true, true) => "race-c-inline",
        }
    }
}

/// The option that sets it.
pub const TARGET_DIRECTORY: &str = "--target-dir";

/// Short options of cargo and nextest that take a value, in the same word or the next.
const SHORT_WITH_VALUE: &[char] = &['p', 'F', 'j', 'Z', 'C', 'E', 'P'];

/// A view of the arguments before `--`; after it they are the program's.
#[derive(Clone)]
pub struct CargoArguments {
    own: Vec<OsString>,
    program: Vec<OsString>,
}

impl CargoArguments {
    /// Splits at the first `--`.
    pub fn new(mut all: Vec<OsString>) -> Self {
        let end = all.iter().position(|word| word == "--").unwrap_or(all.len());
        let program = all.split_off(end);
        Self { own: all, program }
    }

    /// Every value of `--name value` or `--name=value`.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a OsStr> {
        self.own.iter().enumerate().filter_map(move |(position, word)| {
            if word == name {
                return self.own.get(position + 1).map(OsString::as_os_str);
            }
            attached(word, name)
        })
    }

    /// The profile that cargo's `subcommand` will use with these arguments.
    pub fn profile(&self, subcommand: &str) -> String {
        // nextest's `--profile` is one of its own.
        let option = if subcommand == "nextest" { "--cargo-profile" } else { "--profile" };
        if let Some(named) = self.values(option).last() {
            return named.to_string_lossy().into_owned();
        }
        let release = self.own.iter().any(|word| word == "--release" || has_short(word, 'r'));
        match (release, subcommand) {
            (true, _) => "release".to_owned(),
            (false, "test" | "nextest") => "test".to_owned(),
            (false, "bench") => "bench".to_owned(),
            (false, _) => "dev".to_owned(),
        }
    }

    /// Takes every `--name value` and `--name=value` out and returns the values; a missing value is empty.
    pub fn take(&mut self, name: &str) -> Vec<OsString> {
        let mut values = Vec::new();
        let mut kept = Vec::with_capacity(self.own.len());
        let mut words = std::mem::take(&mut self.own).into_iter();
        while let Some(word) = words.next() {
            if word == name {
                values.push(words.next().unwrap_or_default());
            } else if let Some(value) = attached(&word, name) {
                values.push(value.to_owned());
            } else {
                kept.push(word);
            }
        }
        self.own = kept;
        values
    }

    /// All words, as they were given.
    pub fn all(self) -> impl Iterator<Item = OsString> {
        self.own.into_iter().chain(self.program)
    }

    /// Drops what is meant for the program.
    pub fn forget_program(&mut self) {
        self.program.clear();
    }

    /// Adds a word for cargo, before the program's.
    pub fn push(&mut self, word: &str) {
        self.own.push(OsString::from(word));
    }

    /// Whether `word` is among those for cargo.
    pub fn contains(&self, word: &str) -> bool {
        self.own.iter().any(|own| own == word)
    }

    /// Those that decide which project and configuration cargo uses, in the words of `cargo metadata`.
    pub fn selecting_project(&self) -> Vec<OsString> {
        let mut words = Vec::new();
        for name in ["--manifest-path", "--config"] {
            for value in self.values(name) {
                words.extend([OsString::from(name), value.to_owned()]);
            }
        }
        words
    }

    /// Takes every `name` out and says whether there was one.
    pub fn take_flag(&mut self, name: &str) -> bool {
        let before = self.own.len();
        self.own.retain(|word| word != name);
        self.own.len() < before
    }

    /// All arguments for cargo, with every `--target-dir` moved to its subdirectory.
    pub fn with_own_target_directory(self, subdirectory: &str) -> Vec<OsString> {
        let mut words = Vec::with_capacity(self.own.len() + self.program.len());
        let mut value_follows = false;
        for word in self.own {
            let moved = |directory: &OsStr| Path::new(directory).join(subdirectory).into_os_string();
            if value_follows {
                words.push(moved(&word));
            } else if let Some(directory) = attached(&word, TARGET_DIRECTORY) {
                words.extend([OsString::from(TARGET_DIRECTORY), moved(directory)]);
            } else {
                words.push(word.clone());
            }
            value_follows = !value_follows && word == TARGET_DIRECTORY;
        }
        words.extend(self.program);
        words
    }
}

/// The value in `--name=value`.
fn attached<'a>(word: &'a OsStr, name: &str) -> Option<&'a OsStr> {
    use std::os::unix::ffi::OsStrExt;
    let value = word.as_bytes().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
    Some(OsStr::from_bytes(value))
}

/// Whether a word such as `-vr` holds the short option `option`.
fn has_short(word: &OsStr, option: char) -> bool {
    let Some(letters) = word.to_str().and_then(|word| word.strip_prefix('-')) else {
        return false;
    };
    !letters.starts_with('-')
        && letters.chars().take_while(|letter| !SHORT_WITH_VALUE.contains(letter)).any(|letter| letter == option)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &[&str]) -> CargoArguments {
        CargoArguments::new(words.iter().map(OsString::from).collect())
    }

    #[test]
    fn both_spellings_of_a_value_are_found_and_the_programs_are_not() {
        let found = arguments(&["--target", "a", "--target=b", "--target-dir=c", "--", "--target=d"]);
        assert_eq!(found.values("--target").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn profiles_are_cargos() {
        assert_eq!(arguments(&[]).profile("run"), "dev");
        assert_eq!(arguments(&[]).profile("test"), "test");
        assert_eq!(arguments(&["--release"]).profile("test"), "release");
        assert_eq!(arguments(&["-vr"]).profile("run"), "release");
        assert_eq!(arguments(&["-pserver"]).profile("run"), "dev");
        assert_eq!(arguments(&["--profile", "fast"]).profile("build"), "fast");
        assert_eq!(arguments(&["--", "-r"]).profile("run"), "dev");
        assert_eq!(arguments(&[]).profile("bench"), "bench");
        let nextest = ["run", "--profile", "ci", "-Pci", "-E", "all()"];
        assert_eq!(arguments(&nextest).profile("nextest"), "test");
        assert_eq!(arguments(&["run", "--cargo-profile=fast"]).profile("nextest"), "fast");
    }

    #[test]
    fn taken_options_are_gone_and_the_programs_stay() {
        let mut given = arguments(&["-v", "--seeds", "3", "--seeds=4", "-q", "--", "--seeds", "5"]);
        assert_eq!(given.take("--seeds"), ["3", "4"]);
        assert!(given.take_flag("-q") && !given.take_flag("-q"));
        assert_eq!(given.with_own_target_directory("race"), ["-v", "--", "--seeds", "5"]);
        assert_eq!(arguments(&["--seeds"]).take("--seeds"), [""]);
    }

    #[test]
    fn the_target_directory_moves_and_nothing_else() {
        let words = ["-v", "--target-dir", "x", "--bin=y", "--target-dir=z", "--", "--target-dir", "x"];
        let moved = ["-v", "--target-dir", "x/race", "--bin=y", "--target-dir", "z/race", "--", "--target-dir", "x"];
        assert_eq!(arguments(&words).with_own_target_directory("race"), moved);
    }
}
