//! `--inline`: programs with the engine's first steps in them find what others find, keep their artifacts apart, and a compiler
//! that cannot make them is refused.

mod common;
mod whole_program;

use std::path::Path;

use common::{Project, real_sysroot, run, temporary_directory, write_script};
use object::{Object, ObjectSymbol};
use whole_program::{Profile, Program, check_all, fault_of_clean, fault_of_racy};

fn all_cases_are_as_they_should(profile: Profile) {
    let program = Program::build_inlined("cases", profile);
    let cases = program.cases();
    assert!(cases.len() > 300, "only {} cases", cases.len());
    check_all(&cases, 1, |name| {
        let outcome = program.run(&[name]);
        let fault = if name.starts_with("race_") {
            fault_of_racy(&outcome, "cases::case::earlier()", "cases::case::later()", name)
        } else {
            fault_of_clean(&outcome)
        };
        (outcome, fault)
    });
}

#[test]
fn cases_are_judged_in_debug() {
    all_cases_are_as_they_should(Profile::Debug);
}

#[test]
fn cases_are_judged_in_release() {
    all_cases_are_as_they_should(Profile::Release);
}

/// What a library that the program loads has of its own uses the program's engine.
#[test]
fn libraries_have_it_too() {
    for profile in Profile::BOTH {
        let library = Program::build_inlined("plugin", profile).path().with_file_name("libplugin.so");
        let bytes = std::fs::read(&library).expect("just built");
        let file = object::File::parse(bytes.as_slice()).expect("the linker writes valid libraries");
        let refers_to = |name: &str| file.dynamic_symbols().any(|symbol| symbol.name() == Ok(name));
        assert!(refers_to("__race_hot") && refers_to("__race_write8") && refers_to("__race_func_entry"), "{profile:?}");
        let host = Program::build_inlined("host", profile);
        for case in ["race_in_library", "race_with_library"] {
            let outcome = host.run(&[case, library.to_str().expect("the path is text")]);
            let fault = fault_of_racy(&outcome, "host::case::earlier()", "host::case::later()", case);
            assert_eq!(fault, None, "{case}, {profile:?}: {outcome:#?}");
        }
    }
}

/// Whether the library of the fixture's crate calls the engine for the step that is inlined, or only beyond it.
fn calls(library: &Path) -> [bool; 2] {
    let bytes = std::fs::read(library).expect("just built");
    let archive = object::read::archive::ArchiveFile::parse(bytes.as_slice()).expect("rustc writes valid archives");
    let objects = archive.members().map(|member| member.expect("valid").data(bytes.as_slice()).expect("valid"));
    let names: Vec<String> = objects
        .filter_map(|object| object::File::parse(object).ok())
        .flat_map(|file| file.symbols().filter_map(|symbol| symbol.name().ok().map(str::to_owned)).collect::<Vec<_>>())
        .collect();
    ["__tsan_func_entry", "__race_func_entry"].map(|wanted| names.iter().any(|name| name == wanted))
}

#[test]
fn builds_with_and_without_it_do_not_disturb_each_other() {
    let project = Project::fixture("several");
    let library = |subdirectory: &str| {
        let directory = project.path().join("target").join(subdirectory).join("x86_64-unknown-linux-gnu/debug");
        let mut files = directory.read_dir().expect("built").map(|entry| entry.expect("readable").path());
        files.find(|path| path.extension().is_some_and(|extension| extension == "rlib")).expect("a library was built")
    };
    let build = |words: &[&str]| run(project.race(["build", "--lib"]).args(words)).expect_code(0).stderr;
    assert!(build(&[]).contains("Compiling"));
    assert!(build(&["--inline"]).contains("Compiling"));
    for words in [&[][..], &["--inline"]] {
        assert!(!build(words).contains("Compiling"), "{words:?}");
    }
    assert_eq!((calls(&library("race")), calls(&library("race-inline"))), ([true, false], [false, true]));
    let text = run(&mut project.race(["explain", "build", "--inline"])).expect_code(0).stdout;
    for part in ["/target/race-inline", "/inlined.bc (prepared)", "-Cpasses=function-import"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let printed = run(&mut project.race(["env", "--inline"])).expect_code(0).stdout;
    assert!(printed.contains("/target/race-inline'") && printed.contains("-Cpasses=function-import"), "{printed}");
}

#[test]
fn a_compiler_that_cannot_is_refused() {
    let project = Project::fixture("several");
    let directory = temporary_directory();
    let refused = |complaint: &str, otherwise: &str| {
        let real = real_sysroot();
        let sysroot = directory.path().join("sysroot");
        let binaries = sysroot.join("bin");
        std::fs::create_dir_all(&binaries).expect("created");
        if !sysroot.join("lib").exists() {
            std::os::unix::fs::symlink(real.join("lib"), sysroot.join("lib")).expect("linked");
        }
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in '--print sysroot') echo '{}'; exit ;; *{complaint}*) {otherwise} ;; esac\nexec '{}' \"$@\"\n",
            sysroot.display(),
            real.join("bin/rustc").display()
        );
        write_script(&binaries.join("rustc"), &script);
        let mut command = project.race(["build", "--inline", "--lib"]);
        command.env("RACE_CACHE_DIR", directory.path().join("cache")).env("RUSTC", binaries.join("rustc"));
        let sentence = run(&mut command).expect_sentence();
        let expected = "cannot put the detector's code into programs (";
        let (_, reason) = sentence.split_once(expected).unwrap_or_else(|| panic!("{sentence}"));
        assert!(!project.path().join("target").exists(), "nothing is built");
        reason.to_owned()
    };
    let reason = refused("linker-plugin-lto", "echo 'error: no such option' >&2; exit 1");
    assert_eq!(reason, "no such option); leave --inline out");
    // As if the compiler knew the pass and did nothing.
    let reason = refused("function-import", ": >trial.o; exit 0");
    assert_eq!(reason, "it leaves the calls as they are); leave --inline out");
    let cached = directory.path().join("cache").read_dir().expect("made");
    let names: Vec<_> = cached.map(|entry| entry.expect("readable").file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().starts_with("inlined-")), "{names:?}");
}
