//! `--c`: C and C++ code that build scripts compile through the crates `cc` and `cmake` is instrumented too.
//!
//! Both crates take their compiler from a variable that names the target. Ours are put there, scripts that call the user's
//! with `-fsanitize=thread` where the code is for the program, and only there: this machine's target is also that of build
//! scripts and proc macros. The user's flags need nothing, since the crates pass them on to whatever compiler they call.
//!
//! Guarantee: a compiler that does not instrument is refused beforehand. Can miss: code that a build script compiles by
//! other means, or with a compiler of its own choice.

use std::fmt::{Display, Formatter};
use std::path::Path;
use std::process::{Command, Stdio};

use object::{Object, ObjectSymbol};

use crate::cargo_config::CargoConfig;
use crate::error::Error;
use crate::flags;
use crate::runtime::{Runtime, is_compiling_script};
use crate::toolchain::SUPPORTED_HOST;

/// The option.
pub const OPTION: &str = "--c";

/// How a shell says that there is no such command.
const NOT_FOUND: i32 = 127;

/// A function for the trial, in C and in C++ alike.
const TRIAL: &str = "int cargo_race_trial(int *place) { return *place; }\n";

/// One of the two languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    C,
    Cxx,
}

impl Language {
    const ALL: [Self; 2] = [Self::C, Self::Cxx];

    fn variable(self) -> &'static str {
        match self {
            Self::C => "CC",
            Self::Cxx => "CXX",
        }
    }

    /// Where our script finds the user's compiler.
    fn next_variable(self) -> &'static str {
        match self {
            Self::C => "CARGO_RACE_NEXT_CC",
            Self::Cxx => "CARGO_RACE_NEXT_CXX",
        }
    }

    fn default_compiler(self) -> &'static str {
        match self {
            Self::C => "cc",
            Self::Cxx => "c++",
        }
    }

    fn script(self, runtime: &Runtime) -> &Path {
        let [c, cxx] = &runtime.c_compilers;
        match self {
            Self::C => c,
            Self::Cxx => cxx,
        }
    }

    fn trial_file(self) -> &'static str {
        match self {
            Self::C => "trial.c",
            Self::Cxx => "trial.cc",
        }
    }
}

/// The user's compiler for one language.
#[derive(Debug)]
struct UserCompiler {
    language: Language,
    compiler: String,
    /// The variable in which ours takes its place.
    variable: String,
}

/// The user's compilers.
#[derive(Debug)]
pub struct CCompilers(Vec<UserCompiler>);

impl CCompilers {
    /// Finds them as the crates do. `variable` reads the environment.
    pub fn find(variable: impl Fn(&str) -> Result<Option<String>, Error>, config: &CargoConfig) -> Result<Self, Error> {
        // A build script's variables are those of the environment, and of cargo's configuration where that has none.
        let value = |name: &str| -> Result<Option<String>, Error> {
            let found = variable(name)?.or_else(|| config.environment(name).map(str::to_owned));
            Ok(found.filter(|value| !value.trim().is_empty()))
        };
        let find = |language: Language| -> Result<UserCompiler, Error> {
            let with_target = format!("{}_{SUPPORTED_HOST}", language.variable());
            let with_underscores = with_target.replace('-', "_");
            // The most specific counts; ours takes its place, or that of the name which a shell can set, too.
            let own = if value(&with_target)?.is_some() { with_target.clone() } else { with_underscores.clone() };
            let general = format!("HOST_{}", language.variable());
            let names = [language.next_variable(), &with_target, &with_underscores, &general, language.variable()];
            let mut compiler = None;
            for name in names {
                // A program under `cargo race` may run `cargo race` itself.
                compiler = compiler.or(value(name)?.filter(|compiler| !is_compiling_script(compiler)));
            }
            let compiler = compiler.unwrap_or_else(|| language.default_compiler().to_owned());
            Ok(UserCompiler { language, compiler, variable: own })
        };
        Ok(Self(Language::ALL.into_iter().map(find).collect::<Result<_, _>>()?))
    }

    /// What has build scripts use ours, which call these.
    pub fn variables(&self, runtime: &Runtime) -> Result<Vec<(String, String)>, Error> {
        let mut all = Vec::new();
        for user in &self.0 {
            all.push((user.variable.clone(), flags::text(user.language.script(runtime))?.to_owned()));
            all.push((user.language.next_variable().to_owned(), user.compiler.clone()));
        }
        Ok(all)
    }

    /// Tries them out. There need not be one for C++, which less code is in.
    pub fn check(&self, runtime: &Runtime) -> Result<(), Error> {
        self.0.iter().try_for_each(|user| user.check(runtime))
    }
}

impl Display for CCompilers {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|user| user.compiler.as_str()).collect();
        write!(formatter, "{}", names.join(" and "))
    }
}

impl UserCompiler {
    fn check(&self, runtime: &Runtime) -> Result<(), Error> {
        let impossible = |path: &Path, reason: &std::io::Error| Error::TrialImpossible {
            path: path.to_owned(),
            reason: reason.to_string(),
        };
        let unsuited = |reason: String| Error::CCompilerUnsuited {
            compiler: self.compiler.clone(),
            reason,
            variable: self.language.variable(),
        };
        let directory = tempfile::tempdir().map_err(|reason| impossible(&std::env::temp_dir(), &reason))?;
        let source = directory.path().join(self.language.trial_file());
        std::fs::write(&source, TRIAL).map_err(|reason| impossible(&source, &reason))?;
        let compiled = directory.path().join("trial.o");
        let output = Command::new(self.language.script(runtime))
            // The name of a place for what is built for the program.
            .env("OUT_DIR", directory.path().join(SUPPORTED_HOST).join("debug/build/trial/out"))
            .env(self.language.next_variable(), &self.compiler)
            .arg("-c")
            .arg(&source)
            .arg("-o")
            .arg(&compiled)
            .stdin(Stdio::null())
            .output()
            .map_err(|reason| impossible(directory.path(), &reason))?;
        if output.status.code() == Some(NOT_FOUND) {
            return match self.language {
                Language::C => Err(Error::NoCCompiler { compiler: self.compiler.clone() }),
                Language::Cxx => Ok(()),
            };
        }
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            let first = complaint.lines().next().unwrap_or("no message");
            return Err(unsuited(format!(" ({first})")));
        }
        let object_file = std::fs::read(&compiled).unwrap_or_default();
        if calls_engine(&object_file) { Ok(()) } else { Err(unsuited(String::new())) }
    }
}

fn calls_engine(object_file: &[u8]) -> bool {
    object::File::parse(object_file).is_ok_and(|file| {
        file.symbols().any(|symbol| symbol.is_undefined() && symbol.name() == Ok("__tsan_func_entry"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], config: &str) -> Vec<(String, String)> {
        let variable =
            |name: &str| Ok(variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()));
        let runtime = Runtime::in_directory(Path::new("/cache"));
        let compilers = CCompilers::find(variable, &CargoConfig::from_texts(&[config])).expect("text");
        compilers.variables(&runtime).expect("text")
    }

    fn pairs(words: [(&str, &str); 4]) -> Vec<(String, String)> {
        words.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    const CC: (&str, &str) = ("CC_x86_64_unknown_linux_gnu", "/cache/race-cc");
    const CXX: (&str, &str) = ("CXX_x86_64_unknown_linux_gnu", "/cache/race-c++");

    #[test]
    fn compilers_are_found_where_the_crates_find_them() {
        let defaults = [CC, ("CARGO_RACE_NEXT_CC", "cc"), CXX, ("CARGO_RACE_NEXT_CXX", "c++")];
        assert_eq!(found(&[], ""), pairs(defaults));
        let some = [("CC", "a"), ("HOST_CC", "ccache b"), ("CXX", " ")];
        let chosen = [CC, ("CARGO_RACE_NEXT_CC", "ccache b"), CXX, ("CARGO_RACE_NEXT_CXX", "d")];
        assert_eq!(found(&some, "env.CC = 'c'\nenv.CXX_x86_64_unknown_linux_gnu = { value = 'd' }"), pairs(chosen));
    }

    #[test]
    fn the_most_specific_name_is_overruled_by_itself() {
        let given = [("CC_x86_64-unknown-linux-gnu", "a"), ("CC_x86_64_unknown_linux_gnu", "b"), ("CXX", "e")];
        let own = ("CC_x86_64-unknown-linux-gnu", "/cache/race-cc");
        let chosen = [own, ("CARGO_RACE_NEXT_CC", "a"), CXX, ("CARGO_RACE_NEXT_CXX", "e")];
        assert_eq!(found(&given, ""), pairs(chosen));
    }

    #[test]
    fn inherited_scripts_of_ours_do_not_count() {
        let inherited = [CC, ("CARGO_RACE_NEXT_CC", "clang"), CXX, ("CC", "tcc")];
        let chosen = [CC, ("CARGO_RACE_NEXT_CC", "clang"), CXX, ("CARGO_RACE_NEXT_CXX", "c++")];
        assert_eq!(found(&inherited, ""), pairs(chosen));
    }
}
