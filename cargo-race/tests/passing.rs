//! What the user gives to cargo arrives there, and what cargo gives back arrives at the user.

mod common;

use std::os::unix::process::ExitStatusExt;

use common::{Project, run, write_script};

/// Runs the fixture program's `facts` with `arguments` for cargo, after `prepare`, and returns what it says.
fn facts(project: &Project, arguments: &[&str], prepare: impl Fn(&mut std::process::Command)) -> String {
    let mut command = project.race(["run", "--quiet"]);
    command.args(arguments).args(["--", "facts"]);
    prepare(&mut command);
    run(&mut command).expect_code(0).stdout
}

#[test]
fn exit_status_and_signal_are_the_programs() {
    let project = Project::fixture("workspace");
    run(&mut project.race(["run", "--", "exit", "7"])).expect_code(7);
    let aborted = run(&mut project.race(["run", "--", "abort"]));
    assert_eq!(aborted.status.signal(), Some(6), "{aborted:#?}");
}

#[test]
fn every_kind_of_test_runs_and_a_failing_one_fails() {
    let project = Project::fixture("workspace");
    let passed = run(&mut project.race(["test"])).expect_code(0);
    for test in ["test tests::unit ... ok", "test integration ... ok", "- add (line 5) ... ok"] {
        assert!(passed.stdout.contains(test), "{passed:#?}");
    }
    run(&mut project.race(["test", "--test", "integration", "--", "--ignored"])).expect_code(101);
}

#[test]
fn program_arguments_arrive_unchanged() {
    let project = Project::fixture("workspace");
    let words = ["run", "-q", "--", "--help", "--", "two words", "--target=x"];
    let outcome = run(&mut project.race(words)).expect_code(0);
    assert_eq!(outcome.stdout, format!("{:?}\n", &words[3..]));
    assert_eq!(outcome.stderr, "", "nothing of ours is printed when all is warm");
}

#[test]
fn cargo_flags_arrive() {
    let project = Project::fixture("workspace");
    let plain = facts(&project, &[], |_| {});
    for fact in ["instrumented=true", "greeting=false", "debug_assertions=true", "sum=42"] {
        assert!(plain.lines().any(|line| line == fact), "{plain}");
    }
    let flagged =
        facts(&project, &["--release", "--features", "greeting", "--target=x86_64-unknown-linux-gnu"], |_| {});
    for fact in ["instrumented=true", "greeting=true", "debug_assertions=false"] {
        assert!(flagged.lines().any(|line| line == fact), "{flagged}");
    }
}

#[test]
fn compiler_flags_of_the_environment_are_kept() {
    let project = Project::fixture("workspace");
    for (name, value) in [
        ("RUSTFLAGS", "--cfg user_flag"),
        ("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}user_flag"),
        ("CARGO_BUILD_RUSTFLAGS", "--cfg user_flag"),
        ("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS", "--cfg user_flag"),
    ] {
        let said = facts(&project, &[], |command| {
            command.env(name, value);
        });
        assert!(said.contains("user_flag=true") && said.starts_with("instrumented=true"), "{name}: {said}");
    }
}

#[test]
fn compiler_flags_of_configuration_files_are_kept() {
    let project = Project::fixture("workspace");
    let directory = project.path().join(".cargo");
    std::fs::create_dir(&directory).expect("created");
    for table in ["build", "target.x86_64-unknown-linux-gnu", "target.'cfg(unix)'"] {
        let text = format!("[{table}]\nrustflags = ['--cfg', 'user_flag']\n");
        std::fs::write(directory.join("config.toml"), text).expect("written");
        let said = facts(&project, &[], |_| {});
        assert!(said.contains("user_flag=true") && said.starts_with("instrumented=true"), "{table}: {said}");
    }
}

#[test]
fn compiler_flags_of_a_config_argument_are_kept() {
    let project = Project::fixture("workspace");
    let said = facts(&project, &["--config", "build.rustflags=['--cfg', 'user_flag']"], |_| {});
    assert!(said.contains("user_flag=true") && said.starts_with("instrumented=true"), "{said}");
}

#[test]
fn a_compiler_wrapper_of_the_user_still_wraps() {
    let project = Project::fixture("workspace");
    let wrapper = project.path().join("wrapper.sh");
    let log = project.path().join("wrapped");
    write_script(&wrapper, &format!("#!/bin/sh\necho \"$@\" >> '{}'\nexec \"$@\"\n", log.display()));
    let said = facts(&project, &[], |command| {
        // Relative to where cargo is started; the compiler runs elsewhere.
        command.env("RUSTC_WORKSPACE_WRAPPER", "../wrapper.sh").current_dir(project.path().join("app"));
    });
    assert!(said.starts_with("instrumented=true"), "{said}");
    let calls = std::fs::read_to_string(&log).expect("the wrapper was called");
    assert!(calls.lines().any(|call| call.contains("--crate-name app") && call.contains("race-runtime.o")), "{calls}");
}

#[test]
fn wrappers_of_the_configuration_and_of_all_crates_still_wrap() {
    let project = Project::fixture("workspace");
    let script = |name: &str| {
        let log = project.path().join(format!("{name}.log"));
        let text = format!("#!/bin/sh\necho \"$@\" >> '{}'\nexec \"$@\"\n", log.display());
        write_script(&project.path().join(name), &text);
        log
    };
    let (inner, outer) = (script("inner.sh"), script("outer.sh"));
    std::fs::create_dir(project.path().join(".cargo")).expect("created");
    let config = "build.rustc-workspace-wrapper = './inner.sh'\n";
    std::fs::write(project.path().join(".cargo/config.toml"), config).expect("written");
    let said = facts(&project, &[], |command| {
        command.env("RUSTC_WRAPPER", project.path().join("outer.sh"));
    });
    assert!(said.starts_with("instrumented=true"), "{said}");
    for log in [inner, outer] {
        let calls = std::fs::read_to_string(&log).expect("the wrapper was called");
        assert!(calls.lines().any(|call| call.contains("--crate-name app ")), "{calls}");
    }
}

#[test]
fn artifacts_are_apart_from_a_plain_builds() {
    let project = Project::fixture("workspace");
    run(&mut project.race(["build", "--quiet"])).expect_code(0);
    let entries = |directory: &str| -> Vec<String> {
        let entries = project.path().join(directory).read_dir().expect("exists");
        entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(entries("target"), ["race"]);
    for (variable, arguments, place) in [
        (Some("CARGO_TARGET_DIR"), vec!["build", "-q"], "elsewhere"),
        (Some("CARGO_BUILD_TARGET_DIR"), vec!["build", "-q"], "elsewhere"),
        (None, vec!["build", "-q", "--target-dir", "given"], "given"),
        (None, vec!["build", "-q", "--target-dir=joined"], "joined"),
    ] {
        let mut command = project.race(&arguments);
        if let Some(name) = variable {
            command.env(name, place);
        }
        run(&mut command).expect_code(0);
        assert_eq!(entries(place), ["race"], "{variable:?} {arguments:?}");
        std::fs::remove_dir_all(project.path().join(place)).expect("removed");
    }
}

#[test]
fn intermediate_files_have_their_own_place_too() {
    let project = Project::fixture("workspace");
    let mut command = project.race(["build", "-q"]);
    run(command.env("CARGO_BUILD_BUILD_DIR", "intermediate")).expect_code(0);
    assert!(project.path().join("intermediate/race/x86_64-unknown-linux-gnu").is_dir());
    assert!(!project.path().join("intermediate/x86_64-unknown-linux-gnu").exists());
}

#[test]
fn the_configured_compiler_is_the_toolchain() {
    let project = Project::fixture("accesses");
    let tools = project.path().join("tools");
    for directory in [&tools, &project.path().join(".cargo")] {
        std::fs::create_dir(directory).expect("created");
    }
    // The real one, but for its name.
    let script = "#!/bin/sh\nif [ \"$1\" = -vV ]; then rustc -vV | sed 's/^release: .*/release: 9.8.7/'; else exec rustc \"$@\"; fi\n";
    write_script(&tools.join("rustc"), script);
    let included = "[build]\nrustc = 'tools/rustc'\nrustflags = ['--cfg', 'included']\n";
    std::fs::write(project.path().join(".cargo/more.toml"), included).expect("written");
    let config = "include = ['more.toml']\nbuild.rustflags = ['--cfg', 'own']\n";
    std::fs::write(project.path().join(".cargo/config.toml"), config).expect("written");
    let text = run(&mut project.race(["explain"])).expect_code(0).stdout;
    assert!(text.starts_with("Toolchain: 9.8.7-"), "{text}");
    assert!(text.contains("\nYour rustflags: --cfg included --cfg own (from build.rustflags in "), "{text}");
    let text = run(project.race(["explain"]).env("RUSTC", "rustc")).expect_code(0).stdout;
    assert!(!text.contains("9.8.7"), "the variable wins: {text}");
}

#[test]
fn a_build_without_network_works() {
    let project = Project::fixture("workspace");
    let said = facts(&project, &["--offline", "--package", "app", "--profile", "dev"], |command| {
        command.env("CARGO_NET_OFFLINE", "true");
    });
    assert!(said.starts_with("instrumented=true") && said.contains("sum=42"), "{said}");
}
