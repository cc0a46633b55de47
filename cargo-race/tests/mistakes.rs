//! Each mistake a user can make, and each toolchain that cannot work, gets one sentence and exit status 2.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Outcome, Project, race, real_sysroot, run, temporary_directory, write_script};

const HOST: &str = "x86_64-unknown-linux-gnu";

/// Runs the setup with a made-up toolchain: a `rustc` that says it is on `host` and has its sysroot at `sysroot`.
fn setup_with_toolchain(directory: &Path, host: &str, sysroot: &Path) -> Outcome {
    setup_with_release(directory, "1.2.3", host, sysroot)
}

/// The same for a certain release.
fn setup_with_release(directory: &Path, release: &str, host: &str, sysroot: &Path) -> Outcome {
    let rustc = directory.join("rustc");
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = -vV ]; then\n  echo 'release: {release}'; echo 'commit-hash: abcdef'; echo 'host: {host}'\nelse\n  echo '{}'\nfi\n",
        sysroot.display()
    );
    write_script(&rustc, &text);
    run(race(["setup"]).env("RUSTC", rustc).env("RACE_CACHE_DIR", directory.join("cache")))
}

/// The entries in the cache below `directory` that a later run would take for complete.
fn cache_entries(directory: &Path) -> Vec<String> {
    let Ok(entries) = directory.join("cache").read_dir() else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned());
    names.filter(|name| name != "lock").collect()
}

#[test]
fn a_wrong_subcommand_is_refused() {
    let outcome = run(&mut race(["frobnicate"])).expect_code(2);
    assert!(outcome.stderr.contains("unrecognized subcommand 'frobnicate'"), "{outcome:#?}");
}

#[test]
fn no_subcommand_shows_the_help() {
    let nothing: [&str; 0] = [];
    let outcome = run(&mut race(nothing)).expect_code(2);
    assert!(outcome.stderr.contains("Usage: cargo race <COMMAND>"), "{outcome:#?}");
}

#[test]
fn help_and_version_work() {
    for words in [&["--help"][..], &["test", "--help"], &["help", "run"]] {
        let outcome = run(&mut race(words)).expect_code(0);
        assert!(outcome.stdout.contains("Usage: cargo race"), "{words:?} {outcome:#?}");
    }
    let outcome = run(&mut race(["--version"])).expect_code(0);
    assert_eq!(outcome.stdout.trim_end(), concat!("cargo race ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn another_target_is_refused() {
    let project = Project::fixture("accesses");
    for words in [&["run", "--target", "wasm32-unknown-unknown"][..], &["test", "--target=wasm32-unknown-unknown"]] {
        let sentence = run(&mut project.race(words)).expect_sentence();
        let expected =
            "--target wasm32-unknown-unknown is not supported; leave it out, or give x86_64-unknown-linux-gnu,";
        assert!(sentence.starts_with(expected), "{sentence}");
    }
}

#[test]
fn a_configured_target_is_refused_unless_overruled() {
    let project = Project::fixture("accesses");
    let musl = "x86_64-unknown-linux-musl";
    let sentence = run(project.race(["build"]).env("CARGO_BUILD_TARGET", musl)).expect_sentence();
    let expected = "CARGO_BUILD_TARGET=x86_64-unknown-linux-musl in the environment is not supported; give --target x86_64-unknown-linux-gnu,";
    assert!(sentence.starts_with(expected), "{sentence}");
    let config = format!("build.target={musl:?}");
    let sentence = run(&mut project.race(["build", "--config", &config])).expect_sentence();
    assert!(sentence.starts_with("build.target = \"x86_64-unknown-linux-musl\" in cargo's"), "{sentence}");
    let overruled = ["build", "--config", &config, "--target", HOST];
    run(&mut project.race(overruled)).expect_code(0);
}

#[test]
fn flags_that_cannot_work_are_refused() {
    let project = Project::fixture("accesses");
    for (flag, words) in [
        ("-C prefer-dynamic", "-Cprefer-dynamic (from RUSTFLAGS) cannot be used here, because "),
        ("-Ctarget-feature=+crt-static", "-Ctarget-feature=+crt-static (from RUSTFLAGS) cannot be used here, because "),
    ] {
        let sentence = run(project.race(["build"]).env("RUSTFLAGS", flag)).expect_sentence();
        assert!(sentence.starts_with(words) && sentence.ends_with("; take it out for `cargo race`"), "{sentence}");
    }
}

#[test]
fn outside_a_project_cargo_speaks_for_itself() {
    // Not below the scratch directory, which may lie in a cargo project.
    let directory = tempfile::tempdir().expect("temporary directory");
    let mut command = race(["run"]);
    let cache = directory.path().join("cache");
    let outcome = run(command.current_dir(directory.path()).env("RACE_CACHE_DIR", &cache)).expect_code(101);
    assert!(outcome.stderr.contains("could not find `Cargo.toml`"), "{outcome:#?}");
    assert!(!cache.exists(), "nothing is prepared for a command that cannot work");
}

#[test]
fn a_missing_compiler_is_named() {
    let sentence = run(race(["setup"]).env("RUSTC", "/nonexistent/rustc")).expect_sentence();
    assert!(sentence.starts_with("cannot run `/nonexistent/rustc` ("), "{sentence}");
}

#[test]
fn a_missing_cargo_is_named() {
    let project = Project::fixture("accesses");
    let sentence = run(project.race(["run"]).env("CARGO", "/nonexistent/cargo")).expect_sentence();
    assert!(sentence.starts_with("cannot run `/nonexistent/cargo` ("), "{sentence}");
}

#[test]
fn a_compiler_that_fails_is_quoted() {
    let directory = temporary_directory();
    let rustc = directory.path().join("rustc");
    write_script(&rustc, "#!/bin/sh\necho 'error: no toolchain here' >&2\nexit 1\n");
    let sentence = run(race(["setup"]).env("RUSTC", &rustc)).expect_sentence();
    assert!(sentence.contains("failed: no toolchain here;"), "{sentence}");
}

#[test]
fn an_unsupported_host_is_named() {
    let directory = temporary_directory();
    let sentence = setup_with_toolchain(directory.path(), "aarch64-apple-darwin", Path::new("/")).expect_sentence();
    assert!(sentence.starts_with("aarch64-apple-darwin is not supported;"), "{sentence}");
}

#[test]
fn a_toolchain_without_its_linker_is_refused() {
    let directory = temporary_directory();
    let sentence = setup_with_toolchain(directory.path(), HOST, directory.path()).expect_sentence();
    assert!(sentence.contains("bin/rust-lld; use a toolchain installed by rustup"), "{sentence}");
    assert_eq!(cache_entries(directory.path()), [""; 0]);
}

/// A sysroot with the real tools and a `libstd` that `make` puts at the given path.
fn sysroot_with_library(directory: &Path, make: impl Fn(&Path)) -> std::path::PathBuf {
    let sysroot = directory.join("sysroot");
    let target = sysroot.join("lib/rustlib").join(HOST);
    std::fs::create_dir_all(target.join("lib")).expect("created");
    std::fs::create_dir(sysroot.join("bin")).expect("created");
    let tools = real_sysroot().join("lib/rustlib").join(HOST).join("bin");
    std::os::unix::fs::symlink(tools, target.join("bin")).expect("linked");
    make(&target.join("lib/libstd-0123456789abcdef.rlib"));
    sysroot
}

#[test]
fn a_std_without_bitcode_is_refused() {
    let directory = temporary_directory();
    let source = directory.path().join("library.rs");
    std::fs::write(&source, "pub fn function() {}").expect("written");
    let sysroot = sysroot_with_library(directory.path(), |library| {
        let mut rustc = Command::new("rustc");
        rustc.args(["--crate-type=rlib", "-Cembed-bitcode=no", "-o"]).arg(library).arg(&source);
        run(&mut rustc).expect_code(0);
    });
    let sentence = setup_with_toolchain(directory.path(), HOST, &sysroot).expect_sentence();
    assert!(sentence.contains("carries no LLVM bitcode; use an official toolchain"), "{sentence}");
    assert_eq!(cache_entries(directory.path()), [""; 0]);
}

#[test]
fn toolchains_have_their_own_std_side_by_side() {
    let directory = temporary_directory();
    let source = directory.path().join("library.rs");
    std::fs::write(&source, "pub fn function() {}").expect("written");
    let sysroot = sysroot_with_library(directory.path(), |library| {
        let mut rustc = Command::new("rustc");
        rustc.args(["--crate-type=rlib", "-Cembed-bitcode=yes", "-o"]).arg(library).arg(&source);
        run(&mut rustc).expect_code(0);
    });
    let setup = |release| setup_with_release(directory.path(), release, HOST, &sysroot).expect_code(0);
    let (first, second) = (setup("1.2.3"), setup("1.2.4-nightly"));
    assert_ne!(first.stdout, second.stdout);
    assert!(first.stdout.contains("/sysroot-1.2.3-abcdef-"), "{first:#?}");
    let again = setup("1.2.3");
    assert_eq!((again.stdout, again.stderr.as_str()), (first.stdout, ""), "the first is still there");
}

#[test]
fn a_damaged_std_is_refused() {
    let directory = temporary_directory();
    let sysroot = sysroot_with_library(directory.path(), |library| {
        std::fs::write(library, "this is no archive").expect("written");
    });
    let sentence = setup_with_toolchain(directory.path(), HOST, &sysroot).expect_sentence();
    assert!(sentence.starts_with("cannot read ") && sentence.ends_with("; reinstall the toolchain"), "{sentence}");
    assert_eq!(cache_entries(directory.path()), [""; 0]);
}

#[test]
fn an_unwritable_cache_is_named() {
    let directory = temporary_directory();
    let file = directory.path().join("file");
    std::fs::write(&file, "in the way").expect("written");
    let cache = file.join("cache");
    let sentence = run(race(["setup"]).env("RACE_CACHE_DIR", &cache)).expect_sentence();
    assert!(sentence.starts_with(&format!("cannot write the cache {} (", cache.display())), "{sentence}");
}

#[test]
fn a_full_disk_is_named_and_leaves_nothing() {
    let directory = temporary_directory();
    let cache = directory.path().join("cache");
    // A limit on the size of files stands in for the disk; both the tool and the linker it calls hit it.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 200; exec \"$0\" setup", env!("CARGO_BIN_EXE_cargo-race")]);
    let sentence = run(command.env("RACE_CACHE_DIR", &cache)).expect_sentence();
    assert!(sentence.starts_with("cannot write the cache ") && sentence.contains("free some space"), "{sentence}");
    assert_eq!(cache_entries(directory.path()), [""; 0]);
}

#[test]
fn a_variable_that_is_not_text_is_named() {
    use std::os::unix::ffi::OsStrExt;
    let project = Project::fixture("accesses");
    let value = std::ffi::OsStr::from_bytes(b"--cfg \xff");
    let sentence = run(project.race(["run"]).env("RUSTFLAGS", value)).expect_sentence();
    assert_eq!(sentence, "RUSTFLAGS is not valid UTF-8; correct it or unset it");
}

#[test]
fn a_cache_path_that_no_compiler_takes_is_named() {
    let project = Project::fixture("accesses");
    let cache = project.path().join("line\nbreak");
    let outcome = run(project.race(["run"]).env("RACE_CACHE_DIR", cache)).expect_code(2);
    assert!(outcome.stderr.contains("set RACE_CACHE_DIR to a UTF-8 path without control characters"), "{outcome:#?}");
}
