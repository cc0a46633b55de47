//! What is instrumented and what is not, read from the machine code.

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use common::{Project, run, scratch};
use object::read::elf::ElfFile64;
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget};

fn parse(bytes: &[u8]) -> ElfFile64<'_> {
    ElfFile64::parse(bytes).expect("an ELF file")
}

/// All symbol names of a linked file, defined or not.
fn symbols(path: &Path) -> BTreeSet<String> {
    let bytes = std::fs::read(path).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
    parse(&bytes).symbols().filter_map(|symbol| symbol.name().ok().map(str::to_owned)).collect()
}

/// The names that the code of `function` refers to, in an object file that is not yet linked.
fn references(object_file: &[u8], function: &str) -> BTreeSet<String> {
    let file = parse(object_file);
    let symbol = file.symbols().find(|symbol| symbol.name() == Ok(function)).expect("the function is in the object");
    let section = file.section_by_index(symbol.section_index().expect("defined")).expect("exists");
    let end = symbol.address() + symbol.size();
    let inside = section.relocations().filter(|(offset, _)| (symbol.address()..end).contains(offset));
    inside
        .filter_map(|(_, relocation)| match relocation.target() {
            RelocationTarget::Symbol(index) => Some(file.symbol_by_index(index).ok()?.name().ok()?.to_owned()),
            _ => None,
        })
        .collect()
}

fn files_below(directory: &Path, wanted: &dyn Fn(&str) -> bool, found: &mut Vec<PathBuf>) {
    for entry in directory.read_dir().expect("a directory") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files_below(&path, wanted, found);
        } else if path.file_name().and_then(|name| name.to_str()).is_some_and(wanted) {
            found.push(path);
        }
    }
}

fn find(directory: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files_below(directory, &wanted, &mut found);
    assert!(!found.is_empty(), "nothing found below {}", directory.display());
    found
}

#[test]
fn the_program_is_instrumented_and_what_runs_in_cargo_is_not() {
    let project = Project::fixture("workspace");
    run(&mut project.race(["build", "-q"])).expect_code(0);
    let program = symbols(&project.artifacts("debug").join("app"));
    assert!(program.contains("__tsan_func_entry"), "{program:?}");
    let host = project.path().join("target/race/debug");
    let scripts = find(&host.join("build"), |name| name == "build-script-build");
    let macros = find(&host.join("deps"), |name| name.starts_with("libmacros") && name.ends_with(".so"));
    for path in scripts.iter().chain(&macros) {
        let calls: Vec<String> = symbols(path).into_iter().filter(|name| name.starts_with("__tsan")).collect();
        assert!(calls.is_empty(), "{}: {calls:?}", path.display());
    }
}

#[test]
fn a_shared_library_uses_the_programs_engine() {
    let project = Project::fixture("workspace");
    run(&mut project.race(["build", "-q"])).expect_code(0);
    let bytes = std::fs::read(project.artifacts("debug").join("libplugin.so")).expect("built");
    let library = parse(&bytes);
    let engine: Vec<_> = library
        .dynamic_symbols()
        .filter(|symbol| symbol.name().is_ok_and(|name| name.starts_with("__tsan_")))
        .map(|symbol| symbol.is_undefined())
        .collect();
    assert!(!engine.is_empty() && engine.iter().all(|undefined| *undefined), "{engine:?}");
    let bytes = std::fs::read(project.artifacts("debug").join("app")).expect("built");
    let exported = parse(&bytes)
        .dynamic_symbols()
        .any(|symbol| symbol.name() == Ok("__tsan_func_entry") && symbol.is_definition());
    assert!(exported, "a shared library that is loaded later finds the engine");
}

#[test]
fn each_kind_of_access_has_its_call() {
    let project = Project::fixture("accesses");
    let mut command = project.race(["build", "-q", "--release"]);
    run(command.env("RUSTFLAGS", "-Csave-temps -Ccodegen-units=1")).expect_code(0);
    let objects = find(&project.artifacts("release").join("deps"), |name| {
        name.starts_with("accesses-") && name.ends_with(".rcgu.o")
    });
    let bytes: Vec<Vec<u8>> = objects.iter().map(|path| std::fs::read(path).expect("readable")).collect();
    let object_file = bytes
        .iter()
        .find(|bytes| parse(bytes).symbols().any(|symbol| symbol.name() == Ok("fixture_volatile")))
        .expect("the functions are in one object");
    for (function, calls) in [
        ("fixture_volatile", &["__tsan_volatile_write8", "__tsan_volatile_read8"][..]),
        ("fixture_compound", &["__tsan_read_write8"]),
        ("fixture_atomic", &["__tsan_atomic64_fetch_add"]),
    ] {
        let references = references(object_file, function);
        for call in calls {
            assert!(references.contains(*call), "{function}: {references:?}");
        }
        let plain = references.iter().any(|name| name == "__tsan_read8" || name == "__tsan_write8");
        assert!(!plain, "{function}: {references:?}");
    }
}

#[test]
fn std_itself_is_instrumented() {
    let outcome = run(&mut common::race(["setup"])).expect_code(0);
    let libraries = Path::new(outcome.stdout.trim_end()).join("lib/rustlib/x86_64-unknown-linux-gnu/lib");
    let mut calls = BTreeSet::new();
    for library in ["libstd-", "libcore-", "liballoc-"] {
        let path = &find(&libraries, |name| name.starts_with(library) && name.ends_with(".rlib"))[0];
        let bytes = std::fs::read(path).expect("readable");
        let archive = object::read::archive::ArchiveFile::parse(bytes.as_slice()).expect("an archive");
        assert!(archive.symbols().expect("readable").is_some(), "GNU ld needs a symbol table");
        for member in archive.members() {
            let member = member.expect("readable");
            if !member.name().ends_with(b".o") {
                continue;
            }
            let data = member.data(bytes.as_slice()).expect("readable");
            let file = parse(data);
            assert!(
                file.section_by_name(".llvmbc").is_some_and(|section| section.size() > 0),
                "link-time optimisation"
            );
            let undefined = file.symbols().filter(|symbol| symbol.is_undefined());
            let mut own: BTreeSet<String> =
                undefined.filter_map(|symbol| symbol.name().ok().map(str::to_owned)).collect();
            assert!(own.contains("__tsan_func_entry"), "{}", path.display());
            calls.append(&mut own);
        }
    }
    for call in ["__tsan_read8", "__tsan_read_write8", "__tsan_atomic32_compare_exchange_val", "__tsan_memcpy"] {
        assert!(calls.contains(call), "{call}");
    }
}

#[test]
fn programs_link_and_run_with_every_kind_of_link_time_optimisation_and_linker() {
    let project = Project::fixture("accesses");
    let program = |profile: &[&str], variables: &[(&str, &str)]| {
        let mut command = project.race(["run", "-q"]);
        command.args(profile).envs(variables.iter().copied());
        let outcome = run(&mut command).expect_code(0);
        assert_eq!(outcome.stdout, "5\n", "{profile:?} {variables:?}");
    };
    program(&[], &[("CARGO_PROFILE_DEV_LTO", "off")]);
    for kind in ["off", "thin", "fat"] {
        program(&["--release"], &[("CARGO_PROFILE_RELEASE_LTO", kind)]);
    }
    let linked_by_lld = || {
        let bytes = std::fs::read(project.artifacts("debug").join("accesses")).expect("built");
        let comment =
            parse(&bytes).section_by_name(".comment").and_then(|section| section.data().ok().map(<[u8]>::to_vec));
        String::from_utf8_lossy(&comment.expect("compilers sign their work")).contains("LLD")
    };
    assert!(linked_by_lld(), "the toolchain's default");
    program(&[], &[("RUSTFLAGS", "-Clinker-features=-lld")]);
    assert!(!linked_by_lld(), "GNU ld");
    program(&[], &[("RUSTFLAGS", "-Cpanic=abort")]);
    program(&["--release"], &[("RUSTFLAGS", "-Crelocation-model=static")]);
}

#[test]
fn a_release_build_has_line_numbers_and_symbols() {
    let project = Project::fixture("accesses");
    let mut command = project.race(["build", "-q", "--release"]);
    run(command.env("CARGO_PROFILE_RELEASE_STRIP", "true")).expect_code(0);
    let bytes = std::fs::read(project.artifacts("release").join("accesses")).expect("built");
    let file = parse(&bytes);
    assert!(file.section_by_name(".debug_line").is_some());
    assert!(file.symbols().any(|symbol| symbol.name() == Ok("fixture_volatile")));
}

#[test]
fn the_runtime_object_shows_only_its_own_names() {
    run(&mut common::race(["setup"])).expect_code(0);
    let objects = find(&scratch().join("cache"), |name| name == "race-runtime.o");
    for path in objects {
        let bytes = std::fs::read(&path).expect("readable");
        let foreign: Vec<String> = parse(&bytes)
            .symbols()
            .filter(|symbol| symbol.is_global() && symbol.is_definition())
            .filter_map(|symbol| symbol.name().ok().map(str::to_owned))
            .filter(|name| name.starts_with("_R") || name.starts_with("_ZN") || name.starts_with("rust_"))
            .collect();
        assert!(foreign.is_empty(), "{}: {foreign:?}", path.display());
    }
}
