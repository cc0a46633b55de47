//! One precompiled object of std, instrumented: its LLVM bitcode goes through LLVM's race instrumentation passes and back
//! to machine code.
//!
//! The passes run inside the toolchain's own `rust-lld`, a link-time optimiser that takes a pass list. The object that
//! comes out holds instrumented machine code and, for programs built with link-time optimisation, the instrumented
//! bitcode in the section where rustc looks for it. Guarantee: an object without bitcode is refused, never passed on
//! uninstrumented. Inline assembly in std stays as it is: the passes see only LLVM instructions.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use object::elf;
use object::read::elf::{FileHeader, SectionHeader};
use object::{Endianness, Object, ObjectSection};

use crate::error::Error;
use crate::flags;
use crate::toolchain::Toolchain;

/// Where rustc puts an object's bitcode and looks for it again.
const RUSTC_SECTION: &str = ".llvmbc";
/// Where LLVM's embedding pass puts it.
const LLVM_SECTION: &[u8] = b".llvm.lto\0";
/// `RUSTC_SECTION`, padded to the length of `LLVM_SECTION` so that it can replace it in place.
const RUSTC_SECTION_PADDED: &[u8; LLVM_SECTION.len()] = b".llvmbc\0\0\0";

/// What the linker says when not the bitcode but the disk is the trouble.
const DISK_COMPLAINTS: [&str; 3] = ["No space left", "quota exceeded", "File too large"];

/// The bitcode in an object, if it has any.
pub fn extract(object_file: &[u8]) -> Option<Vec<u8>> {
    let file = object::File::parse(object_file).ok()?;
    let data = file.section_by_name(RUSTC_SECTION)?.data().ok()?;
    (!data.is_empty()).then(|| data.to_vec())
}

/// Instruments `bitcode`, using `scratch` for files, and returns the new object. `member` names it in errors.
pub fn instrument(toolchain: &Toolchain, scratch: &Path, member: &str, bitcode: &[u8]) -> Result<Vec<u8>, Error> {
    let failed = |reason: String| Error::InstrumentationFailed {
        tool: "rust-lld",
        member: member.to_owned(),
        reason,
        toolchain: toolchain.label.clone(),
    };
    let input = scratch.join("input.bc");
    std::fs::write(&input, bitcode).map_err(|reason| Error::cache(&input, &reason))?;
    let mut linker = Command::new(toolchain.linker()?);
    linker.args(["-flavor", "gnu", "--relocatable", "--threads=1", "--thinlto-jobs=1"]);
    // The last pass keeps the instrumented bitcode, with the summary that thin link-time optimisation needs.
    linker.arg("--lto-newpm-passes=forceattrs,tsan-module,function(tsan),embed-bitcode<thinlto;emit-summary>");
    for option in flags::LLVM_OPTIONS {
        linker.args(["-mllvm", option]);
    }
    let mut keep_objects = OsString::from("--lto-obj-path=");
    keep_objects.push(scratch.join("compiled"));
    linker.arg(&input).arg(keep_objects).arg("-o").arg(scratch.join("linked.o"));
    let output = linker.stdin(Stdio::null()).output().map_err(|reason| failed(reason.to_string()))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        let reason = complaint.lines().next().unwrap_or("no message").to_owned();
        let full = DISK_COMPLAINTS.iter().any(|words| reason.contains(words));
        return Err(if full { Error::CacheUnwritable { path: scratch.to_owned(), reason } } else { failed(reason) });
    }
    // We take the compiler's object, not the linked one, from which lld drops the embedded bitcode. Number 0 would be the
    // merged object of modules without a summary; rustc's modules have one, and the only one is number 1.
    let compiled = scratch.join("compiled1");
    let mut object_file = std::fs::read(&compiled).map_err(|reason| failed(reason.to_string()))?;
    std::fs::remove_file(&compiled).map_err(|reason| Error::cache(&compiled, &reason))?;
    move_bitcode_section(&mut object_file).map_err(failed)?;
    Ok(object_file)
}

/// Renames the embedded bitcode's section to the name rustc knows.
fn move_bitcode_section(object_file: &mut [u8]) -> Result<(), String> {
    let position = section_name_position(object_file).map_err(|reason| reason.to_string())?;
    let position = position.ok_or("the instrumented object holds no bitcode")?;
    let name = &mut object_file[position..position + LLVM_SECTION.len()];
    name.copy_from_slice(RUSTC_SECTION_PADDED);
    Ok(())
}

/// The file offset of the name of LLVM's bitcode section.
fn section_name_position(object_file: &[u8]) -> Result<Option<usize>, object::read::Error> {
    let header = elf::FileHeader64::<Endianness>::parse(object_file)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, object_file)?;
    let names = sections.section(header.section_strings_index(endian, object_file)?)?;
    let Some((names_start, names_size)) = names.file_range(endian) else {
        return Ok(None);
    };
    for section in sections.iter() {
        let offset = u64::from(section.sh_name.get(endian));
        let Ok(start) = usize::try_from(names_start + offset) else {
            continue;
        };
        let inside = offset + LLVM_SECTION.len() as u64 <= names_size;
        if inside && object_file.get(start..start + LLVM_SECTION.len()) == Some(LLVM_SECTION) {
            return Ok(Some(start));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_without_bitcode_gives_none() {
        let own = std::fs::read(std::env::current_exe().expect("own path")).expect("own bytes");
        assert!(extract(&own).is_none());
        assert!(extract(b"not an object").is_none());
    }

    #[test]
    fn an_object_without_the_section_is_refused() {
        let mut own = std::fs::read(std::env::current_exe().expect("own path")).expect("own bytes");
        assert!(move_bitcode_section(&mut own).is_err());
    }
}
