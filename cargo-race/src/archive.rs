//! Rust libraries as archives: reading their members and writing changed ones back.
//!
//! Guarantee: member names and order are kept, and the symbol table is written, which GNU ld insists on. Timestamps and
//! owners are zero, so equal members give equal archives.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use ar_archive_writer::{ArchiveKind, DEFAULT_OBJECT_READER, NewArchiveMember, write_archive_to_stream};
use object::read::archive::ArchiveFile;

use crate::error::Error;

/// One file inside an archive.
pub struct Member {
    pub name: String,
    pub content: Vec<u8>,
}

/// Reads all members of the archive at `path`.
pub fn read(path: &Path) -> Result<Vec<Member>, Error> {
    let unreadable = |reason: String| Error::UnreadableLibrary { path: path.to_owned(), reason };
    let bytes = std::fs::read(path).map_err(|reason| unreadable(reason.to_string()))?;
    let archive = ArchiveFile::parse(bytes.as_slice()).map_err(|reason| unreadable(reason.to_string()))?;
    let mut members = Vec::new();
    for member in archive.members() {
        let member = member.map_err(|reason| unreadable(reason.to_string()))?;
        let content = member.data(bytes.as_slice()).map_err(|reason| unreadable(reason.to_string()))?;
        let name = String::from_utf8_lossy(member.name()).into_owned();
        members.push(Member { name, content: content.to_vec() });
    }
    Ok(members)
}

/// Writes `members` as a new archive at `path`.
pub fn write(path: &Path, members: Vec<Member>) -> Result<(), Error> {
    let members: Vec<NewArchiveMember<'_>> = members
        .into_iter()
        .map(|member| NewArchiveMember::new(member.content, &DEFAULT_OBJECT_READER, member.name))
        .collect();
    let written = File::create(path).and_then(|file| {
        let mut writer = BufWriter::new(file);
        write_archive_to_stream(&mut writer, &members, ArchiveKind::Gnu, false, Some(false))?;
        writer.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_data()
    });
    written.map_err(|reason| Error::cache(path, &reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_survive_a_round_trip() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("library.rlib");
        let names = ["lib.rmeta", "a-name-longer-than-sixteen-bytes.rcgu.o"];
        let members =
            names.iter().map(|name| Member { name: (*name).to_owned(), content: name.as_bytes().to_vec() }).collect();
        write(&path, members).expect("written");
        let read = read(&path).expect("read");
        assert_eq!(read.len(), names.len());
        for (member, name) in read.iter().zip(names) {
            assert_eq!(member.name, name);
            assert_eq!(member.content, name.as_bytes());
        }
    }
}
