//! The cache under stress: processes that are killed or start together, and cleaning.

mod common;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use common::{race, run, temporary_directory};

fn names(directory: &Path) -> Vec<String> {
    let Ok(entries) = directory.read_dir() else {
        return Vec::new();
    };
    entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect()
}

fn has_prefix(directory: &Path, prefix: &str) -> bool {
    names(directory).iter().any(|name| name.starts_with(prefix))
}

#[test]
fn a_killed_setup_leaves_nothing_under_a_final_name_and_the_next_succeeds() {
    let place = temporary_directory();
    let cache = place.path().join("cache");
    let mut setup = race(["setup"]).env("RACE_CACHE_DIR", &cache).stderr(Stdio::null()).spawn().expect("started");
    while !has_prefix(&cache, ".building-") {
        assert!(setup.try_wait().expect("our child").is_none(), "it must not end before it has begun");
        std::thread::sleep(Duration::from_millis(1));
    }
    setup.kill().expect("alive");
    setup.wait().expect("our child");
    assert!(!has_prefix(&cache, "sysroot-") && !has_prefix(&cache, "runtime-"), "{:?}", names(&cache));

    let outcome = run(race(["setup"]).env("RACE_CACHE_DIR", &cache)).expect_code(0);
    let sysroot = Path::new(outcome.stdout.trim_end());
    assert_eq!(sysroot.parent(), Some(cache.as_path()));
    assert!(!sysroot.join("scratch").exists());
    let again = run(race(["setup"]).env("RACE_CACHE_DIR", &cache)).expect_code(0);
    assert_eq!(again.stdout, outcome.stdout);
    assert_eq!(again.stderr, "", "nothing is prepared twice");

    run(race(["clean"]).env("RACE_CACHE_DIR", &cache)).expect_code(0);
    assert!(!cache.exists());
}

#[test]
fn two_first_uses_at_once_prepare_once() {
    let place = temporary_directory();
    let setups: Vec<_> = (0..2)
        .map(|_| {
            let mut command = race(["setup"]);
            command.env("RACE_CACHE_DIR", place.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("started")
        })
        .collect();
    let outputs: Vec<_> = setups.into_iter().map(|setup| setup.wait_with_output().expect("our child")).collect();
    assert!(outputs.iter().all(|output| output.status.success()), "{outputs:?}");
    assert_eq!(outputs[0].stdout, outputs[1].stdout);
    let prepared = outputs.iter().filter(|output| String::from_utf8_lossy(&output.stderr).contains("instrumenting"));
    assert_eq!(prepared.count(), 1, "{outputs:?}");
}
