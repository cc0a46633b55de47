//! The lock of std's list of threads gets a name by which the engine finds it; why it wants to is told in
//! `race-rt/src/abi/thread_list.rs`.
//!
//! The lock is a static variable that only its own object can see. The toolchain's `rust-objcopy` makes its name global
//! and hidden: it can be seen by what is linked with std, and by no shared library. Guarantee: an object without that
//! variable stays as it is, byte for byte. A toolchain whose std has none, under another name, or that does not ship the
//! tool, gives a lock without a name, which the engine takes for one as any other.

use std::path::Path;
use std::process::{Command, Stdio};

use object::{Object, ObjectSymbol, SymbolKind};

use crate::error::Error;
use crate::toolchain::Toolchain;

/// The engine's name for the lock.
const NAME: &str = "__race_std_thread_list_lock";
/// How rustc's name for it ends: `stack_overflow::thread_info::LOCK`, each part with its length.
const MANGLED_END: &str = "14stack_overflow11thread_info4LOCK";

/// The lock's present name in an object that defines it.
fn find(object_file: &[u8]) -> Option<String> {
    let file = object::File::parse(object_file).ok()?;
    let names = file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Data && symbol.is_definition());
    names.filter_map(|symbol| symbol.name().ok()).find(|name| name.ends_with(MANGLED_END)).map(str::to_owned)
}

/// Gives the lock its name in `object_file`, if it is there; `member` is the object's name for errors, `scratch` is for
/// files.
pub fn name(toolchain: &Toolchain, scratch: &Path, member: &str, object_file: Vec<u8>) -> Result<Vec<u8>, Error> {
    let (Some(mangled), Some(tool)) = (find(&object_file), toolchain.object_tool()) else {
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
        .arg(format!("--globalize-symbol={mangled}"))
        .arg(format!("--set-symbol-visibility={mangled}=hidden"))
        .arg(format!("--redefine-sym={mangled}={NAME}"))
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
    fn an_object_without_the_lock_has_none() {
        assert_eq!(find(b"not an object"), None);
    }

    /// The test's own program holds std, and with it the lock, under rustc's name.
    #[test]
    fn the_lock_of_std_is_found_and_named() {
        let own = std::fs::read(std::env::current_exe().expect("own path")).expect("own bytes");
        assert!(find(&own).is_some_and(|name| name.starts_with("_R")));
        let toolchain =
            Toolchain::detect(&CargoConfig::read(Path::new("/"), &[])).expect("the tests were built by one");
        let scratch = tempfile::tempdir().expect("a directory for temporary files");
        let named = name(&toolchain, scratch.path(), "own", own).expect("the tool runs");
        assert_eq!(find(&named), None);
        let file = object::File::parse(named.as_slice()).expect("still an object");
        let lock = file.symbols().find(|symbol| symbol.name() == Ok(NAME)).expect("the new name");
        assert!(lock.is_global() && lock.is_definition());
        assert_eq!(std::fs::read_dir(scratch.path()).expect("readable").count(), 0);
    }
}
