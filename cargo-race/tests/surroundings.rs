//! What a program under the detector needs of the system: address space, but no privilege and no layout of its own.
//!
//! `setarch` and `unshare` are util-linux's, which every distribution has. A container may forbid what they ask for; the
//! test then runs the program without it, as the container's own setting is what its programs have.

mod common;
mod whole_program;

use std::process::Command;

use common::{Outcome, run};
use whole_program::{Profile, Program, Report};

/// Runs a case behind `prefix`, words of a shell that a program and its arguments can follow.
fn behind(prefix: &str, case: &str) -> Outcome {
    let program = Program::build("cases", Profile::Debug);
    let mut shell = Command::new("sh");
    let unlimited = program.command(&[case]);
    shell.args(["-c", &format!("{prefix} \"$@\""), "sh"]).arg(unlimited.get_program()).args(unlimited.get_args());
    shell.env_remove("RACE_OPTIONS").env_remove("RUST_BACKTRACE");
    run(&mut shell)
}

/// `prefix` if the system allows it, else nothing.
fn allowed(prefix: &str) -> &str {
    let tried = run(Command::new("sh").args(["-c", &format!("{prefix} true")]));
    if tried.status.success() { prefix } else { "" }
}

/// The sentence with which the detector ends a program that it cannot watch.
#[track_caller]
fn sentence(outcome: Outcome) -> String {
    let outcome = outcome.expect_code(2);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.lines().count()), ("", 1), "{outcome:#?}");
    outcome.stderr.strip_prefix("race: ").unwrap_or_else(|| panic!("{outcome:#?}")).trim_end().to_owned()
}

#[test]
fn too_little_address_space_is_named() {
    // Too little for any of the shadow, and for most of it.
    for limit in ["4000000", "40000000000"] {
        let words = sentence(behind(&format!("ulimit -v {limit};"), "race_counter"));
        let (wrong, remedy) = words.split_once("; ").expect("what is wrong and what to do");
        assert!(wrong.starts_with("cannot reserve the address space for the shadow memory ("), "{words}");
        assert!(remedy.contains("vm.overcommit_memory=0") && remedy.contains("`ulimit -v unlimited`"), "{words}");
    }
}

#[test]
fn the_layout_of_a_stack_without_limit_is_named_or_served() {
    // Where the hard limit forbids this, the stack keeps its limit.
    let outcome = behind("ulimit -s unlimited 2> /dev/null;", "race_counter");
    if outcome.status.code() == Some(66) {
        assert!(!Report::all(&outcome.stderr).is_empty(), "{outcome:#?}");
        return;
    }
    let words = sentence(outcome);
    assert!(words.starts_with("the kernel maps memory at 0x") && words.contains("(`ulimit -s 8192`)"), "{words}");
}

#[test]
fn neither_layout_nor_privilege_matters() {
    for prefix in [
        // Every address where it always is.
        allowed("setarch --addr-no-randomize"),
        // No user of the system, no network, no way to gain rights.
        allowed("unshare --user --net"),
        allowed("setpriv --no-new-privs --bounding-set=-all --reuid=65534 --clear-groups"),
        // Room for a stack takes from the room for mappings.
        "ulimit -s 60000000 2> /dev/null;",
        "ulimit -c 0; ulimit -n 64;",
    ] {
        let outcome = behind(prefix, "race_counter").expect_code(66);
        assert!(!Report::all(&outcome.stderr).is_empty(), "{prefix}: {outcome:#?}");
        let outcome = behind(prefix, "clean_mutex").expect_code(0);
        assert_eq!(outcome.stderr, "", "{prefix}");
    }
}
