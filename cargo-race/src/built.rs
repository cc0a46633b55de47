//! What a build left behind, as far as it is not instrumented: object files inside the crates' libraries, and the shared
//! libraries that programs need.
//!
//! Every instrumented object has a constructor that calls the detector, so one that has code and names no function of the
//! detector is not instrumented. Guarantee: only files of this profile, and only libraries of crates that are asked for,
//! are looked at; they are not changed. Can miss: objects that a build script hands to the linker past the crate's
//! library (`rustc-link-arg`), and parts of an object. Of crates built before with other features, more may be named.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use object::elf::DT_NEEDED;
use object::read::elf::{ElfFile64, FileHeader};
use object::read::{ReadCache, ReadRef};
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SectionKind};

use crate::archive;

/// What begins the name of each function that instrumented code calls.
const CALLED: &str = "__tsan_";

/// What is not instrumented in the files of one profile.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Built {
    /// Names of object files, by the crate in whose library they are.
    pub objects: BTreeMap<String, BTreeSet<String>>,
    /// Names of shared libraries that programs need.
    pub libraries: BTreeSet<String>,
}

impl Built {
    /// Looks through the profile's directory. `None` when nothing was built there. `belongs` says whether a crate is part
    /// of the project.
    pub fn read(directory: &Path, belongs: impl Fn(&str) -> bool) -> Option<Self> {
        let files = files(&directory.join("deps"))?;
        let mut built = Self::default();
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for path in &files {
            let file = name(path);
            if let Some(library) = file.strip_suffix(".rlib") {
                let library = library.strip_prefix("lib").unwrap_or(library);
                let (library, _hash) = library.rsplit_once('-').unwrap_or((library, ""));
                if belongs(library) {
                    built.add_objects(library, path);
                }
            } else if file.ends_with(".so") || !file.contains('.') {
                built.libraries.extend(needed(path));
            }
        }
        let places = library_places(directory);
        let watched = |library: &str| places.iter().any(|place| calls_the_engine(&place.join(library)));
        built.libraries.retain(|library| !watched(library));
        (!files.is_empty()).then_some(built)
    }

    fn add_objects(&mut self, library: &str, path: &Path) {
        // A library that another process replaces at this moment is not worth an error.
        for member in archive::read(path).unwrap_or_default() {
            if has_only_unwatched_code(&member.content) {
                self.objects.entry(library.to_owned()).or_default().insert(member.name);
            }
        }
    }
}

fn files(directory: &Path) -> Option<Vec<PathBuf>> {
    let entries = directory.read_dir().ok()?.filter_map(Result::ok);
    Some(entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())).map(|entry| entry.path()).collect())
}

/// Where shared libraries lie that the build made: those of crates, and those of build scripts.
fn library_places(directory: &Path) -> Vec<PathBuf> {
    let scripts = directory.join("build").read_dir().into_iter().flatten().filter_map(Result::ok);
    let outputs = scripts.map(|script| script.path().join("out"));
    let places = outputs.flat_map(|output| [output.join("lib"), output]);
    std::iter::once(directory.join("deps")).chain(places).collect()
}

/// Whether the shared library is there and calls the detector.
fn calls_the_engine(library: &Path) -> bool {
    let Ok(file) = File::open(library) else {
        return false;
    };
    let data = ReadCache::new(file);
    let Ok(file) = ElfFile64::<Endianness, _>::parse(&data) else {
        return false;
    };
    file.dynamic_symbols().any(|symbol| symbol.name().is_ok_and(|name| name.starts_with(CALLED)))
}

/// Whether an object file has code, none of which calls the detector.
fn has_only_unwatched_code(bytes: &[u8]) -> bool {
    // Bitcode for link-time optimisation is no object, and was instrumented when it was made.
    let Ok(file) = object::File::parse(bytes) else {
        return false;
    };
    let code = file.sections().any(|section| section.kind() == SectionKind::Text && section.size() > 0);
    code && !file.symbols().any(|symbol| symbol.name().is_ok_and(|name| name.starts_with(CALLED)))
}

/// The shared libraries that a program or shared library asks the loader for.
fn needed(path: &Path) -> Vec<String> {
    let Ok(file) = File::open(path) else {
        return Vec::new();
    };
    needed_in(&ReadCache::new(file)).unwrap_or_default()
}

fn needed_in<'data>(data: impl ReadRef<'data>) -> object::read::Result<Vec<String>> {
    let file: ElfFile64<'_, Endianness, _> = ElfFile64::parse(data)?;
    let endian = file.endian();
    let sections = file.elf_header().sections(endian, data)?;
    let table = sections.dynamic_table(endian, data)?;
    let wanted = table.iter().filter(|entry| entry.tag == DT_NEEDED);
    wanted.map(|entry| Ok(String::from_utf8_lossy(table.string(entry)?).into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_needs_libc() {
        let own = std::env::current_exe().expect("own path");
        assert!(needed(&own).iter().any(|name| name.starts_with("libc.so")), "{:?}", needed(&own));
        assert!(needed(Path::new("/no/such/file")).is_empty());
        let directory = own.parent().expect("it lies somewhere");
        assert!(needed(directory).is_empty());
    }

    #[test]
    fn nothing_is_known_where_nothing_was_built() {
        let directory = tempfile::tempdir().expect("temporary directory");
        assert_eq!(Built::read(directory.path(), |_| true), None);
    }
}
