//! What must exist before cargo can start: the instrumented sysroot, the runtime object and, with `--inline`, the code that is
//! put into programs, each a cache entry.
//!
//! They are entries of their own because they change apart: a new engine does not need a new std, nor a new toolchain a new engine.

use std::path::PathBuf;

use crate::cache::{CacheDirectory, EntryKind, EntryName};
use crate::cargo_arguments::Extras;
use crate::cargo_config::CargoConfig;
use crate::error::Error;
use crate::inlined::Inlined;
use crate::runtime::Runtime;
use crate::toolchain::Toolchain;
use crate::{flags, sysroot};

/// The prepared files.
pub struct Entries {
    pub toolchain: Toolchain,
    pub sysroot: PathBuf,
    pub runtime: Runtime,
    /// The code that is put into programs, if that is asked for.
    pub inlined: Option<Inlined>,
}

/// What the setup goes by: the toolchain, the cache, and the names of the entries for both.
pub struct Preparation {
    toolchain: Toolchain,
    cache: CacheDirectory,
    sysroot: EntryName,
}

impl Preparation {
    /// Asks for the toolchain and the cache; makes nothing.
    pub fn detect(config: &CargoConfig) -> Result<Self, Error> {
        let toolchain = Toolchain::detect(config)?;
        let cache = CacheDirectory::locate()?;
        // The toolchain's path counts too, because the sysroot links to it.
        let ingredients = (&toolchain.version, &toolchain.sysroot, sysroot::RECIPE_VERSION, flags::LLVM_OPTIONS);
        let sysroot = EntryName::new(EntryKind::Sysroot, &toolchain.label, ingredients);
        Ok(Self { toolchain, cache, sysroot })
    }

    /// The entries' places, there or not.
    pub fn places(self, extras: Extras) -> Entries {
        let sysroot = self.cache.path(&self.sysroot);
        let runtime = Runtime::in_directory(&self.cache.path(&Runtime::name()));
        let inlined = extras.inline.then(|| Inlined::in_directory(&self.cache.path(&Inlined::name(&self.toolchain))));
        Entries { toolchain: self.toolchain, sysroot, runtime, inlined }
    }

    /// Finds the prepared files, making them first if need be.
    pub fn ensure(self, extras: Extras) -> Result<Entries, Error> {
        // First, because a compiler with which it does not work is refused, and the rest takes seconds.
        if extras.inline {
            Inlined::ensure(&self.cache, &self.toolchain)?;
        }
        self.cache.entry(&self.sysroot, |directory| {
            let scratch = directory.join("scratch");
            sysroot::build(&self.toolchain, directory, &scratch)?;
            std::fs::remove_dir_all(&scratch).map_err(|reason| Error::cache(&scratch, &reason))
        })?;
        Runtime::ensure(&self.cache)?;
        Ok(self.places(extras))
    }
}

/// Finds the prepared files, making them first if need be.
pub fn ensure(config: &CargoConfig, extras: Extras) -> Result<Entries, Error> {
    Preparation::detect(config)?.ensure(extras)
}
