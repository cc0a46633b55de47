//! The runtime object: the engine and its private std as one relocatable object, carried inside this binary.
//!
//! build.rs makes it. It does not depend on the user's toolchain: only its exported symbols can be seen by a linker.
//! Guarantee: one engine per process. It is linked into programs and tests, never into shared libraries, and its names
//! are exported, so that a shared library built by the same command finds them in the program. A shared library loaded
//! by a program that was not built by `cargo race` therefore does not load.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::cache::{CacheDirectory, EntryKind, EntryName};
use crate::error::Error;

/// The object's bytes.
const OBJECT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/race-runtime.o"));

/// Identifies the object's content; build.rs computes it, so that a warm start need not read the object.
const OBJECT_IDENTITY: &str = env!("RACE_RUNTIME_IDENTITY");

/// Links the object into what cargo compiles for the workspace.
const LINKING_SCRIPT: &str = include_str!("link-runtime.sh");
const LINKING_SCRIPT_NAME: &str = "link-runtime.sh";

/// Compiles C and C++ under `--c`; which of the two its name says.
const COMPILING_SCRIPT: &str = include_str!("compile-c.sh");
const COMPILING_SCRIPT_NAMES: [&str; 2] = ["race-cc", "race-c++"];

/// The runtime as files.
pub struct Runtime {
    pub object: PathBuf,
    /// A `rustc` wrapper that links the object where it belongs.
    pub linking_script: PathBuf,
    /// The compilers of C and of C++ that instrument what build scripts compile for the program.
    pub c_compilers: [PathBuf; 2],
}

impl Runtime {
    /// The cache entry's name.
    pub fn name() -> EntryName {
        EntryName::new(
            EntryKind::Runtime,
            env!("CARGO_PKG_VERSION"),
            (OBJECT_IDENTITY, LINKING_SCRIPT, COMPILING_SCRIPT),
        )
    }

    /// The files in the entry's directory, there or not.
    pub fn in_directory(directory: &Path) -> Self {
        Self {
            object: directory.join("race-runtime.o"),
            linking_script: directory.join(LINKING_SCRIPT_NAME),
            c_compilers: COMPILING_SCRIPT_NAMES.map(|name| directory.join(name)),
        }
    }

    /// Finds the files in the cache, or writes them there.
    pub fn ensure(cache: &CacheDirectory) -> Result<Self, Error> {
        let directory = cache.entry(&Self::name(), |directory| {
            let files = Self::in_directory(directory);
            write(&files.object, OBJECT, 0o644)?;
            write(&files.linking_script, LINKING_SCRIPT.as_bytes(), 0o755)?;
            files.c_compilers.iter().try_for_each(|path| write(path, COMPILING_SCRIPT.as_bytes(), 0o755))
        })?;
        Ok(Self::in_directory(&directory))
    }
}

/// Whether `wrapper` is a linking script, of this or of another version.
pub fn is_linking_script(wrapper: &Path) -> bool {
    wrapper.file_name().is_some_and(|name| name == LINKING_SCRIPT_NAME)
}

/// Whether `compiler` is one of ours for C or C++.
pub fn is_compiling_script(compiler: &str) -> bool {
    Path::new(compiler).file_name().is_some_and(|name| COMPILING_SCRIPT_NAMES.iter().any(|own| name == *own))
}

fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), Error> {
    std::fs::write(path, content)
        .and_then(|()| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)))
        .map_err(|reason| Error::cache(path, &reason))
}
