//! `RACE_OPTIONS`, and the options that a program brings in `#[race::main]`.
//!
//! Any text is understood or refused with one sentence; what was understood can be written down and read again.

use std::path::Path;

use race_rt::options::{LogPath, OptionError, Options, SuppressionList};

/// Reads the bytes as options.
///
/// # Panics
/// The parser's answer makes no sense.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Options::parse(text) {
        Ok(options) => {
            let shown = options.to_string();
            if !has_both_quotes(&options) {
                assert_eq!(Options::parse(&shown).as_ref(), Ok(&options), "{shown}");
            }
        }
        Err(error) => {
            let sentence = error.to_string();
            assert_eq!(sentence.lines().count(), 1, "{sentence}");
            // The parser's own tests know what it blames; here it must have been written.
            if let OptionError::BadValue { value, .. }
            | OptionError::OpenQuote { rest: value }
            | OptionError::Unknown { name: value } = &error
            {
                assert!(text.contains(value), "{value:?}");
            }
        }
    }
}

/// Whether a value cannot be written, by the parser's word.
fn has_both_quotes(options: &Options) -> bool {
    let path_of_log = if let LogPath::File(path) = &options.log_path { Some(path.as_path()) } else { None };
    let path_of_list =
        if let SuppressionList::File(path) = &options.suppressions { Some(path.as_path()) } else { None };
    let prefix = Path::new(&options.strip_path_prefix);
    let paths = [path_of_log, path_of_list, options.record.as_deref(), Some(prefix)];
    paths.into_iter().flatten().any(|path| {
        let text = path.to_string_lossy();
        text.contains('\'') && text.contains('"')
    })
}
