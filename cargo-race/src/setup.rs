//! What must exist before cargo can start: the instrumented sysroot and the runtime object, each a cache entry.
//!
//! They are two entries because they change apart: a new engine does not need a new std, nor a new toolchain a new engine.

use std::path::PathBuf;

use crate::cache::{CacheDirectory, EntryKind, EntryName};
use crate::error::Error;
use crate::runtime::Runtime;
use crate::toolchain::Toolchain;
use crate::{flags, sysroot};

/// The prepared files.
pub struct Entries {
    pub toolchain: Toolchain,
    pub sysroot: PathBuf,
    pub runtime: Runtime,
}

/// Finds the prepared files, making them first if need be.
pub fn ensure() -> Result<Entries, Error> {
    let toolchain = Toolchain::detect()?;
    let cache = CacheDirectory::locate()?;
    // The toolchain's path counts too, because the sysroot links to it.
    let ingredients = (&toolchain.version, &toolchain.sysroot, sysroot::RECIPE_VERSION, flags::LLVM_OPTIONS);
    let name = EntryName::new(EntryKind::Sysroot, &toolchain.label, ingredients);
    let sysroot = cache.entry(&name, |directory| {
        let scratch = directory.join("scratch");
        sysroot::build(&toolchain, directory, &scratch)?;
        std::fs::remove_dir_all(&scratch).map_err(|reason| Error::cache(&scratch, &reason))
    })?;
    let runtime = Runtime::ensure(&cache)?;
    Ok(Entries { toolchain, sysroot, runtime })
}
