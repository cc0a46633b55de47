//! The options as users write them: what is understood, what is refused and in which words.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use race_rt::options::{
    LogPath, OptionError, Options, Perturb, SuppressionList, TABLE, VARIABLE, help_text, markdown_table,
};

fn parsed(text: &str) -> Options {
    Options::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn refused(text: &str) -> String {
    Options::parse(text).expect_err(text).to_string()
}

fn file(path: &str) -> LogPath {
    LogPath::File(PathBuf::from(path))
}

#[test]
fn nothing_written_means_the_defaults() {
    for text in ["", " ", ",", " , :\t\n"] {
        assert_eq!(parsed(text), Options::default(), "{text:?}");
    }
    let defaults = Options::default();
    assert_eq!(defaults.exitcode, 66);
    assert_eq!(defaults.atexit_sleep_ms, 1000);
    assert_eq!(defaults.log_path, LogPath::Stderr);
    assert_eq!(defaults.suppressions, SuppressionList::Shipped);
    assert_eq!(defaults.perturb, Perturb::On);
    assert!(defaults.report_bugs && defaults.suppress_equal_stacks && !defaults.halt_on_error);
}

#[test]
fn every_option_is_understood() {
    let text = "log_path=/tmp/r exitcode=13 strip_path_prefix=/src/ halt_on_error=1 atexit_sleep_ms=0 history_size=7 \
                suppress_equal_stacks=0 suppress_equal_addresses=0 max_reports=4294967295 memory_limit=2G report_bugs=0 \
                perturb=off seed=18446744073709551615 suppressions=/tmp/s record=/tmp/t verbose=1 help=1";
    let expected = Options {
        log_path: file("/tmp/r"),
        exitcode: 13,
        strip_path_prefix: "/src/".into(),
        halt_on_error: true,
        atexit_sleep_ms: 0,
        history_size: 7,
        suppress_equal_stacks: false,
        suppress_equal_addresses: false,
        max_reports: NonZero::new(u32::MAX),
        memory_limit: NonZero::new(2048),
        report_bugs: false,
        perturb: Perturb::Off,
        seed: Some(u64::MAX),
        suppressions: SuppressionList::File(PathBuf::from("/tmp/s")),
        record: Some(PathBuf::from("/tmp/t")),
        verbose: true,
        help: true,
    };
    assert_eq!(parsed(text), expected);
    assert_eq!(text.split_whitespace().count(), TABLE.len(), "the text names every option");
}

#[test]
fn separators_are_white_space_commas_and_colons() {
    let expected = Options { exitcode: 3, verbose: true, ..Options::default() };
    for text in ["exitcode=3 verbose=1", "exitcode=3,verbose=1", "exitcode=3:verbose=1", " exitcode=3\n\tverbose=1,,"] {
        assert_eq!(parsed(text), expected, "{text:?}");
    }
}

#[test]
fn a_colon_belongs_to_a_path_unless_an_option_follows() {
    assert_eq!(parsed("log_path=/a:b:c").log_path, file("/a:b:c"));
    assert_eq!(parsed("log_path=/a:b=c").log_path, file("/a:b=c"));
    let both = parsed("log_path=/a:b:exitcode=3");
    assert_eq!((both.log_path, both.exitcode), (file("/a:b"), 3));
    assert_eq!(parsed("strip_path_prefix=::").strip_path_prefix, "::");
}

#[test]
fn quotes_protect_separators() {
    assert_eq!(parsed("log_path='/a b,c:exitcode=3' verbose=1").log_path, file("/a b,c:exitcode=3"));
    assert_eq!(parsed("strip_path_prefix=\"it's\"").strip_path_prefix, "it's");
    assert_eq!(parsed("exitcode='3'").exitcode, 3);
    assert_eq!(Options::parse("log_path='/a b"), Err(OptionError::OpenQuote { rest: "'/a b".into() }));
}

#[test]
fn names_of_streams_are_special_and_the_last_setting_counts() {
    assert_eq!(parsed("log_path=stdout").log_path, LogPath::Stdout);
    assert_eq!(parsed("log_path=stdout log_path=stderr").log_path, LogPath::Stderr);
    assert_eq!(parsed("log_path=./stdout").log_path, file("./stdout"));
    assert_eq!(parsed("seed=5 seed=random").seed, None);
    assert_eq!(parsed("suppressions=off").suppressions, SuppressionList::Off);
    assert_eq!(parsed("suppressions=./off").suppressions, SuppressionList::File(PathBuf::from("./off")));
}

#[test]
fn a_limit_on_memory_has_units() {
    let limits = [("64", 64), ("64M", 64), ("2G", 2048), ("1T", 1 << 20), ("8", 8), ("0", 0), ("off", 0), ("0G", 0)];
    for (written, mebibytes) in limits {
        assert_eq!(parsed(&format!("memory_limit={written}")).memory_limit, NonZero::new(mebibytes), "{written}");
    }
    assert_eq!(
        refused("memory_limit=1"),
        "the option memory_limit cannot be \"1\", write off, or MiB from 8 on, or a number with M, G or T"
    );
}

#[test]
fn a_wrong_name_is_refused_with_the_nearest_one() {
    assert_eq!(refused("exit_code=3"), "there is no option \"exit_code\", write \"exitcode\" if that is meant");
    assert_eq!(
        refused("halt_on_eror=1"),
        "there is no option \"halt_on_eror\", write \"halt_on_error\" if that is meant"
    );
    assert_eq!(refused("colour=1"), "there is no option \"colour\", set RACE_OPTIONS=help=1 to see those that exist");
    assert_eq!(refused("=1"), "there is no option \"\", set RACE_OPTIONS=help=1 to see those that exist");
}

#[test]
fn a_wrong_value_is_refused_with_what_is_allowed() {
    assert_eq!(refused("exitcode=256"), "the option exitcode cannot be \"256\", write 0 to 255");
    assert_eq!(refused("perturb=some"), "the option perturb cannot be \"some\", write off, on or full");
    assert_eq!(refused("verbose"), "the option verbose stands without a value, write verbose=VALUE");
    let bad = [
        "exitcode=-1",
        "exitcode=",
        "halt_on_error=yes",
        "history_size=8",
        "atexit_sleep_ms=1s",
        "log_path=",
        "seed=x",
        "seed=18446744073709551616",
        "report_bugs=2",
        "verbose=1:",
        "suppress_equal_stacks=01",
        "max_reports=-1",
        "max_reports=4294967296",
        "memory_limit=",
        "memory_limit=7",
        "memory_limit=-8",
        "memory_limit=+8",
        "memory_limit=M",
        "memory_limit=64k",
        "memory_limit=1.5G",
        "memory_limit=18446744073709551616",
        "memory_limit=17592186044416T",
        "help=",
        "suppressions=",
    ];
    for text in bad {
        match Options::parse(text) {
            Err(OptionError::BadValue { name, .. }) => assert!(text.starts_with(name)),
            // A trailing separator is no part of the value.
            Ok(options) => assert!(text == "verbose=1:" && options.verbose, "{text:?} is accepted"),
            Err(other) => panic!("{text:?}: {other}"),
        }
    }
}

#[test]
fn what_is_shown_is_what_is_read() {
    let defaults = Options::default();
    assert_eq!(parsed(&defaults.to_string()), defaults);
    let odd =
        Options { log_path: file("/a b"), strip_path_prefix: "it's, a:b".into(), seed: Some(0), ..Options::default() };
    assert_eq!(parsed(&odd.to_string()), odd);
}

#[test]
fn help_and_documentation_name_every_option_once() {
    for text in [help_text(), markdown_table()] {
        for row in &TABLE {
            let starts = [format!("  {}=", row.name), format!("| `{}` |", row.name)];
            let lines = text.lines().filter(|line| starts.iter().any(|start| line.starts_with(start.as_str()))).count();
            assert_eq!(lines, 1, "{} in\n{text}", row.name);
        }
    }
}

#[test]
fn the_documentation_holds_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/options.md");
    let document = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("docs/options.md: {error}"));
    let table = markdown_table();
    assert!(document.contains(&table), "docs/options.md must hold exactly this table:\n{table}");
}

/// Set for the process that plays the watched program.
const CHILD: &str = "REPORT_OPTIONS_CHILD";

#[test]
fn child_that_reads_its_environment() {
    if std::env::var_os(CHILD).is_some() {
        let options = Options::from_env();
        println!("exitcode is {}", options.exitcode);
    }
}

/// Runs the test above alone, in a process of its own, with these options.
fn run_with(options: &std::ffi::OsStr) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("this test runs"));
    command.args(["--exact", "child_that_reads_its_environment", "--nocapture"]);
    command.env(CHILD, "1").env(VARIABLE, options).output().expect("this test can be run")
}

#[test]
fn a_process_takes_its_options_from_the_environment() {
    let output = run_with("exitcode=7".as_ref());
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("exitcode is 7"));
}

#[test]
fn wrong_options_end_the_process_with_status_2_and_one_sentence() {
    let output = run_with("exitcode=seven".as_ref());
    assert_eq!(output.status.code(), Some(2));
    let sentence = "race: RACE_OPTIONS: the option exitcode cannot be \"seven\", write 0 to 255\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), sentence);
}

#[test]
fn options_that_are_no_text_are_refused() {
    use std::os::unix::ffi::OsStrExt;
    let output = run_with(std::ffi::OsStr::from_bytes(b"log_path=/tmp/\xff"));
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.starts_with("race: RACE_OPTIONS: the value is not valid UTF-8"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1);
}

#[test]
fn help_is_printed_instead_of_running() {
    let output = run_with("help=1".as_ref());
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), help_text());
    assert!(!String::from_utf8_lossy(&output.stdout).contains("exitcode is"));
}
