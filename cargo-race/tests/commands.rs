//! The commands beside `run`, `test` and `build`: each does what its cargo counterpart does, under the detector.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Outcome, Project, run, temporary_directory};

/// Fails unless the program raced in the fixture's shared library and ended so.
#[track_caller]
fn expect_race(outcome: Outcome) -> Outcome {
    assert!(outcome.stderr.contains("WARNING: DATA RACE"), "{outcome:#?}");
    assert!(outcome.stderr.contains("  shared::Place::add()\n"), "{outcome:#?}");
    outcome
}

#[test]
fn bench_runs_benchmarks_without_harness() {
    let project = Project::fixture("several");
    expect_race(run(&mut project.race(["bench", "--bench", "speed"])).expect_code(66));
}

#[test]
fn examples_and_other_profiles_are_instrumented() {
    let project = Project::fixture("several");
    expect_race(run(&mut project.race(["run", "--example", "demo"])).expect_code(66));
    // A shared library takes no part in link-time optimisation; the fixture with one of C's kind is for that.
    let project = Project::fixture("workspace");
    let manifest = project.path().join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).expect("readable");
    let profiles = "[profile.fat]\ninherits = 'release'\nlto = 'fat'\npanic = 'abort'\n[profile.thin]\ninherits = 'release'\nlto = 'thin'\n";
    std::fs::write(&manifest, text + profiles).expect("written");
    for profile in ["fat", "thin"] {
        let outcome = run(&mut project.race(["run", "-q", "--profile", profile, "--", "facts"])).expect_code(0);
        assert!(outcome.stdout.contains("instrumented=true\n") && outcome.stdout.contains("sum=42\n"), "{outcome:#?}");
    }
}

#[test]
fn a_test_shrinks_itself_by_cfg_race() {
    let project = Project::fixture("several");
    let outcome = run(&mut project.race(["test", "--lib", "shrinks_itself"])).expect_code(0);
    assert!(outcome.stdout.contains("test tests::shrinks_itself ... ok"), "{outcome:#?}");
}

/// A stand-in for cargo-nextest on PATH: it says how it was called.
fn with_nextest(command: &mut Command, place: &Path) {
    common::write_script(&place.join("cargo-nextest"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
    let path = std::env::var("PATH").expect("set");
    command.env("PATH", format!("{}:{path}", place.display()));
}

#[test]
fn nextest_gets_cargos_options_where_it_builds() {
    let place = temporary_directory();
    let project = Project::fixture("several");
    let mut command = project.race(["nextest", "run", "--profile", "ci", "-E", "all()", "--", "name"]);
    with_nextest(&mut command, place.path());
    let words = run(&mut command).expect_code(0).stdout;
    assert!(words.starts_with("nextest\nrun\n--target\nx86_64-unknown-linux-gnu\n--config\n"), "{words}");
    assert!(words.ends_with("/target/race\n--profile\nci\n-E\nall()\n--\nname\n"), "{words}");
    let mut command = project.race(["nextest", "--version"]);
    with_nextest(&mut command, place.path());
    assert_eq!(run(&mut command).expect_code(0).stdout, "nextest\n--version\n");
}

#[test]
fn a_missing_nextest_is_named() {
    let project = Project::fixture("several");
    let mut command = project.race(["nextest", "run"]);
    command.env("PATH", "/usr/bin:/bin").env("CARGO_HOME", project.path());
    let sentence = run(&mut command).expect_sentence();
    assert_eq!(sentence, "cargo-nextest is not installed; install it with `cargo install --locked cargo-nextest`");
}

#[test]
fn the_printed_environment_makes_the_same_build() {
    let project = Project::fixture("workspace");
    let directory = project.path().join(".cargo");
    std::fs::create_dir(&directory).expect("created");
    std::fs::write(directory.join("config.toml"), "build.rustflags = ['--cfg', 'user_flag']\n").expect("written");
    let printed = run(&mut project.race(["env"])).expect_code(0).stdout;
    assert!(printed.lines().all(|line| line.starts_with("export ") && line.ends_with('\'')), "{printed}");
    assert!(!project.path().join("target").exists(), "nothing of the project is built");

    let script = format!("{printed}\ncargo run --quiet -- facts && {} race build", env!("CARGO_BIN_EXE_cargo-race"));
    // For the clean environment that this command comes with.
    let clean = project.race(["env"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(project.path());
    for (name, value) in clean.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let outcome = run(&mut shell).expect_code(2);
    for fact in ["instrumented=true", "build_script_instrumented=false", "user_flag=true", "sum=42"] {
        assert!(outcome.stdout.lines().any(|line| line == fact), "{outcome:#?}");
    }
    assert!(project.artifacts("debug").join("app").is_file());
    let sentence = outcome.stderr.lines().last().unwrap_or_default();
    assert!(sentence.starts_with("error: the environment that `cargo race env` prints is active here;"), "{sentence}");
    let binary = std::fs::read(project.artifacts("debug").join("app")).expect("built");
    assert!(binary.windows(12).any(|window| window == b"RACE_OPTIONS"), "the detector is linked in");
}

#[test]
fn the_environment_is_also_json() {
    let project = Project::fixture("several");
    let manifest = project.path().join("Cargo.toml");
    let mut command = project.race(["env", "--json", "--manifest-path"]);
    let outcome = run(command.arg(&manifest).current_dir("/").env("RUSTFLAGS", "--cfg mine")).expect_code(0);
    let object: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let text = |name: &str| object[name].as_str().unwrap_or_else(|| panic!("{name} in {object}"));
    assert_eq!(text("CARGO_BUILD_TARGET"), "x86_64-unknown-linux-gnu");
    assert!(text("CARGO_ENCODED_RUSTFLAGS").starts_with("--cfg\u{1f}mine\u{1f}--sysroot\u{1f}"), "{object}");
    assert_eq!(Path::new(text("CARGO_TARGET_DIR")), project.path().join("target/race"));
    assert_eq!(text("CARGO_PROFILE_RELEASE_DEBUG"), "1");
    assert!(object.get("CARGO_PROFILE_DEV_DEBUG").is_none(), "{object}");
}

#[test]
fn explain_says_what_would_happen_and_does_nothing() {
    let project = Project::fixture("workspace");
    let lock = Command::new("cargo").args(["generate-lockfile", "--offline"]).current_dir(project.path()).output();
    assert!(lock.expect("cargo runs").status.success());
    let cache = project.path().join("cache");
    let mut command = project.race(["explain", "run", "--release", "--", "facts"]);
    command.env("RACE_CACHE_DIR", &cache).env("RUSTFLAGS", "--cfg mine").env("RUSTC_WRAPPER", "env");
    let text = run(&mut command).expect_code(0).stdout;
    for part in [
        "not there yet, the first use makes it",
        "Profile: release; it has no debug information",
        "Your rustflags: --cfg mine (from RUSTFLAGS)",
        "Your compiler wrapper: env",
        r"CARGO_ENCODED_RUSTFLAGS=$'--cfg\x1fmine\x1f--sysroot\x1f",
        "cargo run --target x86_64-unknown-linux-gnu",
        "--release -- facts\n",
        "build scripts, which run while building: app\n",
        "proc macros, which run inside the compiler: macros\n",
        "C or C++ code that these build or link: none\n",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert!(!cache.exists() && !project.path().join("target").exists(), "nothing is made");
    let sentence = run(&mut project.race(["explain", "clean"])).expect_sentence();
    assert_eq!(sentence, "`clean` is not a command that builds; explain run, test, build, bench or nextest");
}

#[test]
fn what_is_not_instrumented_is_named() {
    let project = Project::fixture("native");
    let explain = || run(&mut project.race(["explain", "run"])).expect_code(0).stdout;
    assert!(explain().ends_with("  objects and shared libraries: not known before a build; ask again after it\n"));

    let outcome = run(project.race(["run", "-q"]).env("RACE_OPTIONS", "verbose=1 seed=5")).expect_code(0);
    assert_eq!(outcome.stdout, "4\n");
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    let [settings, seed, unseen] = lines.as_slice() else { panic!("{outcome:#?}") };
    assert!(settings.starts_with("race: RACE_OPTIONS: log_path=stderr exitcode=66 strip_path_prefix= "), "{settings}");
    assert!(settings.contains(" seed=5 ") && settings.contains(" verbose=1 "), "{settings}");
    assert!(seed.starts_with("race: seed=5 "), "{seed}");
    let libraries = unseen.strip_prefix("race: not instrumented: ").expect("the last line names them");
    let libraries: Vec<&str> = libraries.split(", ").collect();
    assert!(libraries.contains(&"libunseen_shared.so") && libraries.contains(&"libc.so.6"), "{libraries:?}");
    assert!(!libraries.contains(&"libseen_shared.so"), "{libraries:?}");

    let text = explain();
    let (_, built) = text.split_once("Not instrumented of what is built in ").expect("there is something now");
    assert!(built.contains("\n  objects in the library of native: unseen.o\n"), "{built}");
    let needed = built.lines().last().expect("the libraries");
    assert!(
        needed.starts_with("  shared libraries that the programs need: ") && needed.contains("libc.so.6"),
        "{built}"
    );
    assert!(needed.contains("libunseen_shared.so") && !needed.contains("libseen_shared.so"), "{built}");
}
