//! The cache directory: what was prepared once, under names that say what it was prepared from.
//!
//! Guarantees: an entry that exists is complete, because it is built beside its final name and renamed at the end; two
//! processes never build at the same time; a build that was killed leaves only a `.building-` directory, which the next
//! build removes. Entries of toolchains that are gone stay until `cargo race clean`.

use std::fs::{File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::error::Error;

/// Overrides the place of the cache.
const VARIABLE: &str = "RACE_CACHE_DIR";
const LOCK: &str = "lock";
const BUILDING: &str = ".building-";

/// A name below the cache directory: what it is, for which toolchain, and a hash of everything it was made from.
#[derive(Debug)]
pub struct EntryName(String);

impl EntryName {
    /// Equal `ingredients` give equal names.
    pub fn new(kind: EntryKind, label: &str, ingredients: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        ingredients.hash(&mut hasher);
        Self(format!("{}{label}-{:016x}", kind.prefix(), hasher.finish()))
    }
}

/// The kinds of entry.
#[derive(Debug, Clone, Copy)]
pub enum EntryKind {
    Sysroot,
    Runtime,
    Inlined,
}

impl EntryKind {
    const ALL: [Self; 3] = [Self::Sysroot, Self::Runtime, Self::Inlined];

    fn prefix(self) -> &'static str {
        match self {
            Self::Sysroot => "sysroot-",
            Self::Runtime => "runtime-",
            Self::Inlined => "inlined-",
        }
    }
}

/// The directory that holds all entries.
#[derive(Debug)]
pub struct CacheDirectory(PathBuf);

impl CacheDirectory {
    /// `RACE_CACHE_DIR`, or the user's cache directory.
    pub fn locate() -> Result<Self, Error> {
        let chosen = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
        let path = match chosen {
            // The compiler runs in other directories than we do.
            Some(value) => std::path::absolute(&value).map_err(|reason| Error::cache(Path::new(&value), &reason))?,
            None => etcetera::choose_base_strategy().map_err(|_| Error::NoCacheDirectory)?.cache_dir().join("race"),
        };
        Ok(Self(path))
    }

    /// Where the entry is, or will be.
    pub fn path(&self, name: &EntryName) -> PathBuf {
        self.0.join(&name.0)
    }

    /// The entry's path; calls `build` with an empty directory to fill if there is no such entry yet.
    pub fn entry(&self, name: &EntryName, build: impl FnOnce(&Path) -> Result<(), Error>) -> Result<PathBuf, Error> {
        let path = self.path(name);
        if path.is_dir() {
            return Ok(path);
        }
        std::fs::create_dir_all(&self.0).map_err(|reason| Error::cache(&self.0, &reason))?;
        let _lock = self.lock()?;
        if path.is_dir() {
            return Ok(path);
        }
        // We hold the lock, so whoever made these is dead; but a child of his may still write there, and rather than
        // fail we leave the rest to the next build.
        let _leftovers = self.remove_matching(|entry| entry.starts_with(BUILDING));
        let building = tempfile::Builder::new()
            .prefix(BUILDING)
            .tempdir_in(&self.0)
            .map_err(|reason| Error::cache(&self.0, &reason))?;
        build(building.path())?;
        std::fs::rename(building.path(), &path).map_err(|reason| Error::cache(&path, &reason))?;
        // The directory has moved away: nothing is left for the guard to delete.
        let _moved = building.keep();
        Ok(path)
    }

    /// Removes every entry, and the directory itself if nothing else is in it.
    pub fn remove(&self) -> Result<(), Error> {
        if !self.0.is_dir() {
            return Ok(());
        }
        let _lock = self.lock()?;
        self.remove_matching(|entry| {
            entry.starts_with(BUILDING) || EntryKind::ALL.iter().any(|kind| entry.starts_with(kind.prefix()))
        })?;
        self.remove_matching(|entry| entry == LOCK)?;
        match std::fs::remove_dir(&self.0) {
            // Other files of the user: RACE_CACHE_DIR may be a directory that is not only ours.
            Err(reason) if reason.kind() == std::io::ErrorKind::DirectoryNotEmpty => Ok(()),
            other => other.map_err(|reason| Error::cache(&self.0, &reason)),
        }
    }

    /// Waits until no other process builds. The lock ends with the returned file, or with the process.
    fn lock(&self) -> Result<File, Error> {
        let path = self.0.join(LOCK);
        let unwritable = |reason: std::io::Error| Error::cache(&path, &reason);
        let file = File::create(&path).map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                eprintln!("cargo race: waiting for another process that prepares {}", self.0.display());
                file.lock().map_err(unwritable)?;
            }
            Err(TryLockError::Error(reason)) => return Err(unwritable(reason)),
        }
        Ok(file)
    }

    fn remove_matching(&self, matches: impl Fn(&str) -> bool) -> Result<(), Error> {
        let unwritable = |reason: std::io::Error| Error::cache(&self.0, &reason);
        for entry in std::fs::read_dir(&self.0).map_err(unwritable)? {
            let entry = entry.map_err(unwritable)?;
            if !entry.file_name().to_str().is_some_and(&matches) {
                continue;
            }
            let directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let removed =
                if directory { std::fs::remove_dir_all(entry.path()) } else { std::fs::remove_file(entry.path()) };
            removed.map_err(|reason| Error::cache(&entry.path(), &reason))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> EntryName {
        EntryName::new(EntryKind::Sysroot, "test", text)
    }

    fn listing(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).expect("readable");
        entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn an_entry_is_built_once() {
        let place = tempfile::tempdir().expect("temporary directory");
        let cache = CacheDirectory(place.path().join("cache"));
        let fill = |directory: &Path| {
            std::fs::write(directory.join("file"), "content").expect("written");
            Ok(())
        };
        let path = cache.entry(&name("a"), fill).expect("built");
        assert_eq!(std::fs::read_to_string(path.join("file")).expect("file"), "content");
        let again = cache.entry(&name("a"), |_| panic!("built twice")).expect("found");
        assert_eq!(again, path);
        assert_ne!(cache.entry(&name("b"), fill).expect("built"), path);
    }

    #[test]
    fn a_failed_build_leaves_nothing_under_the_final_name() {
        let place = tempfile::tempdir().expect("temporary directory");
        let cache = CacheDirectory(place.path().to_owned());
        let failed = cache.entry(&name("a"), |directory| {
            std::fs::write(directory.join("half"), "half").expect("written");
            Err(Error::NoCacheDirectory)
        });
        assert!(failed.is_err());
        assert_eq!(listing(place.path()), [LOCK]);
    }

    #[test]
    fn leftovers_of_a_killed_build_are_removed_by_the_next() {
        let place = tempfile::tempdir().expect("temporary directory");
        let cache = CacheDirectory(place.path().to_owned());
        let leftover = place.path().join(format!("{BUILDING}dead"));
        std::fs::create_dir(&leftover).expect("made");
        cache.entry(&name("a"), |_| Ok(())).expect("built");
        assert!(!leftover.exists());
    }

    #[test]
    fn cleaning_spares_what_is_not_ours() {
        let place = tempfile::tempdir().expect("temporary directory");
        let cache = CacheDirectory(place.path().to_owned());
        std::fs::write(place.path().join("thesis.txt"), "mine").expect("written");
        cache.entry(&name("a"), |_| Ok(())).expect("built");
        cache.remove().expect("removed");
        assert_eq!(listing(place.path()), ["thesis.txt"]);
    }

    #[test]
    fn cleaning_removes_an_all_ours_directory() {
        let place = tempfile::tempdir().expect("temporary directory");
        let cache = CacheDirectory(place.path().join("cache"));
        cache.entry(&name("a"), |_| Ok(())).expect("built");
        cache.remove().expect("removed");
        assert!(!place.path().join("cache").exists());
        cache.remove().expect("nothing to remove is fine");
    }
}
