//! A wrong command line is one sentence and status 2, before anything is built.

use std::process::{Command, Output};

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench")).args(arguments).env_remove("RACE_PEER").output().expect("it runs")
}

/// What is wrong, without the usage that follows the sentence when clap finds it.
#[track_caller]
fn sentence(arguments: &[&str]) -> String {
    let output = bench(arguments);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stderr).expect("the sentence is text");
    let first = text.lines().next().unwrap_or_default();
    first.strip_prefix("error: ").unwrap_or_else(|| panic!("not an error: {text}")).to_owned()
}

#[test]
fn files_that_are_not_there_are_named() {
    let sentence_of_peer = sentence(&["--peer", "no/such/peer"]);
    assert!(sentence_of_peer.starts_with("no/such/peer is not a file; "), "{sentence_of_peer}");
    for option in ["--json", "--svg"] {
        let sentence = sentence(&[option, "no/such/directory/file"]);
        assert!(sentence.starts_with("no/such/directory/file cannot be written; "), "{sentence}");
    }
}

#[test]
fn values_that_do_not_exist_are_named() {
    assert!(sentence(&["--runs", "0"]).starts_with("invalid value '0' for '--runs <NUMBER>'"));
    assert!(sentence(&["--clock", "sun"]).starts_with("invalid value 'sun' for '--clock <CLOCK>'"));
    assert_eq!(sentence(&["--svgs"]), "unexpected argument '--svgs' found");
}
