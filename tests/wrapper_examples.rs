//! The examples do what their headers say: the racy one is reported with the feature and is a plain program without it,
//! the cured one is silent.

use std::process::{Command, Output};

fn run(example: &str) -> Output {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--example", example]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if cfg!(feature = "race") {
        cargo.args(["--features", "race"]);
    }
    cargo.env_remove("RACE_OPTIONS").output().expect("cargo runs")
}

#[test]
fn the_counter_is_reported() {
    let output = run("counter");
    let report = String::from_utf8_lossy(&output.stderr);
    if cfg!(race_engine) {
        assert_eq!(output.status.code(), Some(66), "{report}");
        assert_eq!(report.matches("WARNING: DATA RACE").count(), 1, "{report}");
        assert_eq!(report.matches("counter::Shared::add()").count(), 2, "{report}");
        assert_eq!(report.matches(" created at:\n").count(), 2, "{report}");
        assert!(report.ends_with("Found 1 data race(s)\n"), "{report}");
    } else {
        assert!(output.status.success() && !report.contains("DATA RACE"), "{report}");
    }
}

#[test]
fn the_cured_counter_is_silent() {
    for example in ["counter_fixed", "std_counter_fixed"] {
        let output = run(example);
        assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "2000\n", "{example}");
    }
}
