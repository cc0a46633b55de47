//! Two variables of std's get names by which the engine finds them: the lock of its list of threads and its count of
//! panics. What the engine wants with them is told in `race-rt/src/abi/thread_list.rs` and `panic_count.rs`.
//!
//! The lock is a static variable that only its own object can see. The toolchain's `rust-objcopy` makes its name global
//! and hidden: it can be seen by what is linked with std, and by no shared library. The count keeps its own name, by which
//! the program's crates know it, and gets a second, hidden one. Guarantee: an object without these variables stays as it
//! is, byte for byte. A toolchain whose std has none, under another name, or that does not ship the tool, gives variables
//! without names, which the engine takes for ones as any other.

use std::path::Path;
use std::process::{Command, Stdio};

use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};

use crate::error::Error;
use crate::toolchain::Toolchain;

/// The engine's name for the lock.
const LOCK: &str = "__race_std_thread_list_lock";
/// How rustc's name for it ends: `stack_overflow::thread_info::LOCK`, each part with its length.
const MANGLED_LOCK: &str = "14stack_overflow11thread_info4LOCK";
/// The engine's name for the count of panics.
const PANIC_COUNT: &str = "__race_std_panic_count";
/// How rustc's name for it ends: `panicking::panic_count::GLOBAL_PANIC_COUNT`.
const MANGLED_PANIC_COUNT: &str = "9panicking11panic_count18GLOBAL_PANIC_COUNT";

/// A variable where an object defines it.
#[derive(Debug, PartialEq, Eq)]
struct Variable {
    /// Rustc's name for it.
    name: String,
    section: String,
    /// Its place in the section.
    place: u64,
}

/// The variable of `object_file` whose name ends in `end`.
fn find(object_file: &[u8], end: &str) -> Option<Variable> {
    let file = object::File::parse(object_file).ok()?;
    let is_wanted = |name: &str| name.ends_with(end);
    let mut data = file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Data && symbol.is_definition());
    let symbol = data.find(|symbol| symbol.name().is_ok_and(is_wanted))?;
    let section = file.section_by_index(symbol.section_index()?).ok()?;
    Some(Variable {
        name: symbol.name().ok()?.to_owned(),
        section: section.name().ok()?.to_owned(),
        place: symbol.address() - section.address(),
    })
}

/// What the tool is asked for, to name the variables that `object_file` has.
fn requests(object_file: &[u8]) -> Vec<String> {
    let mut requests = Vec::new();
    if let Some(Variable { name, .. }) = find(object_file, MANGLED_LOCK) {
        requests.push(format!("--globalize-symbol={name}"));
        requests.push(format!("--set-symbol-visibility={name}=hidden"));
        requests.push(format!("--redefine-sym={name}={LOCK}"));
    }
    if let Some(Variable { section, place, .. }) = find(object_file, MANGLED_PANIC_COUNT) {
        requests.push(format!("--add-symbol={PANIC_COUNT}={section}:{place:#x},global,hidden,object"));
    }
    requests
}

/// Gives the variables their names in `object_file`, if they are there; `member` is the object's name for errors, `scratch`
/// is for files.
pub fn name(toolchain: &Toolchain, scratch: &Path, member: &str, object_file: Vec<u8>) -> Result<Vec<u8>, Error> {
    let requests = requests(&object_file);
    let Some(tool) = toolchain.object_tool().filter(|_| !requests.is_empty()) else {
        return Ok(object_file);
    };
    let failed = |reason: String| Error::InstrumentationFailed {
        tool: "rust-objcopy",
        member: member.to_owned(),
        reason,
        toolchain: toolchain.label.clone(),
    };
    let (input, output) = (scratch.join("unnamed.o"), scratch.join("named.o"));
    std::fs::write(&input, &object_file).map_err(|reason| Error::cache(&input, &reason))?;
    let result = Command::new(tool)
        .env("LD_LIBRARY_PATH", toolchain.sysroot.join("lib"))
        .args(requests)
        .args([&input, &output])
        .stdin(Stdio::null())
        .output()
        .map_err(|reason| failed(reason.to_string()))?;
    if !result.status.success() {
        let complaint = String::from_utf8_lossy(&result.stderr);
        return Err(failed(complaint.lines().next().unwrap_or("no message").to_owned()));
    }
    let named = std::fs::read(&output).map_err(|reason| failed(reason.to_string()))?;
    for file in [input, output] {
        std::fs::remove_file(&file).map_err(|reason| Error::cache(&file, &reason))?;
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo_config::CargoConfig;

    #[test]
    fn an_object_without_the_variables_has_none() {
        assert_eq!(find(b"not an object", MANGLED_LOCK), None);
        assert!(requests(b"not an object").is_empty());
    }

    /// The test's own program holds std, and with it the lock, under rustc's name.
    #[test]
    fn the_lock_of_std_is_found_and_named() {
        let own = std::fs::read(std::env::current_exe().expect("own path")).expect("own bytes");
        assert!(find(&own, MANGLED_LOCK).is_some_and(|lock| lock.name.starts_with("_R")));
        let named = named(own);
        assert_eq!(find(&named, MANGLED_LOCK), None);
        let file = object::File::parse(named.as_slice()).expect("still an object");
        let lock = file.symbols().find(|symbol| symbol.name() == Ok(LOCK)).expect("the new name");
        assert!(lock.is_global() && lock.is_definition());
    }

    #[test]
    fn the_count_of_panics_is_found_and_has_two_names() {
        let own = std::fs::read(std::env::current_exe().expect("own path")).expect("own bytes");
        let count = find(&own, MANGLED_PANIC_COUNT).expect("the test's program holds std");
        let named = named(own);
        assert_eq!(find(&named, MANGLED_PANIC_COUNT).as_ref(), Some(&count));
        assert_eq!(
            find(&named, PANIC_COUNT).map(|second| (second.section, second.place)),
            Some((count.section, count.place))
        );
    }

    fn named(own: Vec<u8>) -> Vec<u8> {
        let toolchain =
            Toolchain::detect(&CargoConfig::read(Path::new("/"), &[])).expect("the tests were built by one");
        let scratch = tempfile::tempdir().expect("a directory for temporary files");
        let named = name(&toolchain, scratch.path(), "own", own).expect("the tool runs");
        assert_eq!(std::fs::read_dir(scratch.path()).expect("readable").count(), 0);
        named
    }
}
