//! The instrumented sysroot: a copy of the toolchain's library directory in which std calls the race detector.
//!
//! It is a farm of symbolic links to the toolchain, except for the libraries of std, which are rewritten object by object
//! from the bitcode they carry. Left as they are: code that runs below the detector or in no thread of the program
//! (compiler intrinsics, profiler, the unwinder's binding, the abort strategy), code that runs in the compiler
//! (proc_macro), the sanitizer runtimes and the shared libraries. A program linked with `-Cprefer-dynamic` therefore
//! runs on an uninstrumented std.

use std::collections::BinaryHeap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::archive::{self, Member};
use crate::bitcode;
use crate::error::Error;
use crate::progress::Progress;
use crate::std_variables;
use crate::toolchain::Toolchain;

/// Changes whenever the same toolchain would give a different sysroot; part of the cache key.
pub const RECIPE_VERSION: u32 = 3;

/// Libraries that are linked to, not rewritten.
const UNCHANGED: [&str; 6] =
    ["libcompiler_builtins", "libpanic_abort", "libproc_macro", "libprofiler_builtins", "librustc-", "libunwind"];

/// One library to rewrite; ordered by size, because the biggest must start first for the threads to finish together.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Library {
    size: u64,
    path: PathBuf,
}

/// Builds the sysroot in the empty directory `destination`; `scratch` is for temporary files.
pub fn build(toolchain: &Toolchain, destination: &Path, scratch: &Path) -> Result<(), Error> {
    toolchain.linker()?;
    let libraries = link_farm(toolchain, destination)?;
    let destination = destination.join("lib/rustlib").join(&toolchain.host).join("lib");
    let progress = Progress::new("instrumenting the standard library", libraries.len());
    let queue = Mutex::new(libraries);
    let failed = AtomicBool::new(false);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let work = |number: usize| -> Result<(), Error> {
            let scratch = scratch.join(format!("worker-{number}"));
            create_directory(&scratch)?;
            while !failed.load(Ordering::Relaxed) {
                let next = queue.lock().expect("no worker panics with the queue locked").pop();
                let Some(library) = next else { break };
                rewrite(toolchain, &library.path, &destination, &scratch)
                    .inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
                progress.step();
            }
            Ok(())
        };
        let threads: Vec<_> = (0..workers).map(|number| scope.spawn(move || work(number))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a worker panicked"))
    })
}

/// Links everything but the libraries to rewrite, and returns those.
fn link_farm(toolchain: &Toolchain, destination: &Path) -> Result<BinaryHeap<Library>, Error> {
    // rustdoc looks for `bin/rustc` in the sysroot to compile doctests.
    link(&toolchain.sysroot.join("bin"), destination)?;
    let mut libraries = BinaryHeap::new();
    let source = toolchain.sysroot.join("lib");
    let rustlib = Path::new("rustlib").join(&toolchain.host);
    link_entries(&source, &destination.join("lib"), Some("rustlib"))?;
    link_entries(&source.join("rustlib"), &destination.join("lib/rustlib"), Some(toolchain.host.as_str()))?;
    link_entries(&source.join(&rustlib), &destination.join("lib").join(&rustlib), Some("lib"))?;
    let target = destination.join("lib").join(&rustlib).join("lib");
    create_directory(&target)?;
    for path in entries(&source.join(&rustlib).join("lib"))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let rewritten = name.ends_with(".rlib") && !UNCHANGED.iter().any(|prefix| name.starts_with(prefix));
        if rewritten {
            let size = path.metadata().map_or(0, |metadata| metadata.len());
            libraries.push(Library { size, path });
        } else {
            link(&path, &target)?;
        }
    }
    Ok(libraries)
}

fn link_entries(source: &Path, destination: &Path, except: Option<&str>) -> Result<(), Error> {
    create_directory(destination)?;
    for path in entries(source)? {
        if path.file_name() != except.map(std::ffi::OsStr::new) {
            link(&path, destination)?;
        }
    }
    Ok(())
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable =
        |reason: std::io::Error| Error::UnreadableLibrary { path: directory.to_owned(), reason: reason.to_string() };
    let listing = std::fs::read_dir(directory).map_err(unreadable)?;
    listing.map(|entry| entry.map(|entry| entry.path()).map_err(unreadable)).collect()
}

fn link(original: &Path, directory: &Path) -> Result<(), Error> {
    let link = directory.join(original.file_name().unwrap_or_default());
    symlink(original, &link).map_err(|reason| Error::cache(&link, &reason))
}

fn create_directory(path: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(path).map_err(|reason| Error::cache(path, &reason))
}

/// Writes the instrumented copy of one library into `destination`.
fn rewrite(toolchain: &Toolchain, library: &Path, destination: &Path, scratch: &Path) -> Result<(), Error> {
    let mut members = archive::read(library)?;
    for member in members.iter_mut().filter(|member| is_object(member)) {
        let bitcode = bitcode::extract(&member.content)
            .ok_or_else(|| Error::BitcodeMissing { directory: library.parent().unwrap_or(library).to_owned() })?;
        let instrumented = bitcode::instrument(toolchain, scratch, &member.name, &bitcode)?;
        member.content = std_variables::name(toolchain, scratch, &member.name, instrumented)?;
    }
    archive::write(&destination.join(library.file_name().unwrap_or_default()), members)
}

fn is_object(member: &Member) -> bool {
    member.name.ends_with(".o")
}
