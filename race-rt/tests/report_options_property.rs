//! For any text at all the option parser answers, and what it understood it can write down again.

use std::num::NonZero;
use std::path::PathBuf;

use proptest::prelude::*;
use race_rt::options::{LogPath, OptionError, Options, Perturb, SuppressionList, TABLE};

/// Text that can be written in one kind of quotes.
fn quotable() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("both kinds of quotes", |text| !(text.contains('\'') && text.contains('"')))
}

fn log_path() -> impl Strategy<Value = LogPath> {
    prop_oneof![
        Just(LogPath::Stderr),
        Just(LogPath::Stdout),
        quotable()
            .prop_filter("no name of a file", |path| !matches!(path.as_str(), "" | "stderr" | "stdout"))
            .prop_map(|path| LogPath::File(PathBuf::from(path))),
    ]
}

fn suppressions() -> impl Strategy<Value = SuppressionList> {
    prop_oneof![
        Just(SuppressionList::Shipped),
        Just(SuppressionList::Off),
        quotable()
            .prop_filter("no name of a file", |path| !matches!(path.as_str(), "" | "shipped" | "off"))
            .prop_map(|path| SuppressionList::File(PathBuf::from(path))),
    ]
}

fn record() -> impl Strategy<Value = Option<PathBuf>> {
    let is_file = |path: &String| !matches!(path.as_str(), "" | "off");
    proptest::option::of(quotable().prop_filter("no name of a file", is_file).prop_map(PathBuf::from))
}

prop_compose! {
    fn options()(
        log_path in log_path(),
        strip_path_prefix in quotable(),
        exitcode: u8,
        atexit_sleep_ms: u32,
        history_size in 0u8..=7,
        switches: [bool; 6],
        perturb in prop_oneof![Just(Perturb::Off), Just(Perturb::On), Just(Perturb::Full)],
        seed: Option<u64>,
        max_reports: u32,
        memory_limit in prop_oneof![Just(0), 8usize..=usize::MAX >> 20],
        suppressions in suppressions(),
        record in record(),
    ) -> Options {
        let [halt_on_error, suppress_equal_stacks, suppress_equal_addresses, report_bugs, verbose, help] = switches;
        Options {
            log_path, strip_path_prefix, exitcode, atexit_sleep_ms, history_size, perturb, seed, suppressions, record,
            halt_on_error, suppress_equal_stacks, suppress_equal_addresses, report_bugs, verbose, help,
            max_reports: NonZero::new(max_reports),
            memory_limit: NonZero::new(memory_limit),
        }
    }
}

/// Pieces that the parser gives a meaning to, in any order.
fn almost_options() -> impl Strategy<Value = String> {
    let names = TABLE.iter().map(|row| row.name.to_owned()).collect::<Vec<_>>();
    const MARKS: [&str; 12] = ["=", " ", ",", ":", "'", "\"", "0", "1", "on", "stdout", "\u{2003}", "ü"];
    let piece =
        prop_oneof![proptest::sample::select(names), proptest::sample::select(&MARKS[..]).prop_map(str::to_owned)];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// The parser's answer makes sense, whichever it is.
fn check(text: &str) -> Result<(), TestCaseError> {
    match Options::parse(text) {
        Ok(options) => {
            let both_quotes = |value: &str| value.contains('\'') && value.contains('"');
            let log_path = match &options.log_path {
                LogPath::File(path) => path.to_string_lossy().into_owned(),
                _ => String::new(),
            };
            let suppressions = match &options.suppressions {
                SuppressionList::File(path) => path.to_string_lossy().into_owned(),
                _ => String::new(),
            };
            if ![&options.strip_path_prefix, &log_path, &suppressions].into_iter().any(|value| both_quotes(value)) {
                prop_assert_eq!(Options::parse(&options.to_string()), Ok(options));
            }
        }
        Err(error) => {
            prop_assert_eq!(error.to_string().lines().count(), 1, "one sentence");
            if let OptionError::BadValue { value, .. }
            | OptionError::OpenQuote { rest: value }
            | OptionError::Unknown { name: value } = error
            {
                prop_assert!(text.contains(&value), "what is blamed was written");
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_gets_an_answer(text: String) {
        check(&text)?;
    }

    #[test]
    fn any_mixture_of_options_gets_an_answer(text in almost_options()) {
        check(&text)?;
    }

    #[test]
    fn what_is_shown_is_read_back(options in options()) {
        prop_assert_eq!(Options::parse(&options.to_string()), Ok(options));
    }

    #[test]
    fn the_order_of_settings_does_not_matter(exitcode: u8, sleep: u32, separator in proptest::sample::select(&[" ", ",", ":", "\n"][..])) {
        let one = format!("exitcode={exitcode}{separator}atexit_sleep_ms={sleep}");
        let other = format!("atexit_sleep_ms={sleep}{separator}exitcode={exitcode}");
        prop_assert_eq!(Options::parse(&one), Options::parse(&other));
        prop_assert_eq!(Options::parse(&one).map(|options| options.exitcode), Ok(exitcode));
    }
}
