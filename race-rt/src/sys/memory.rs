//! Address space: reserved once, backed by memory only where touched.

use std::io;
use std::ops::Range;

/// Reserves `size` bytes at exactly `address`. Fails where something already lies there.
///
/// # Errors
/// What `mmap` said: the range is taken, or the system refuses that much address space.
pub fn reserve_at(address: usize, size: usize) -> io::Result<()> {
    let got = map(address, size, libc::MAP_FIXED_NOREPLACE)?;
    if got != address {
        // A kernel that does not know the flag took the address as a mere hint.
        // SAFETY: the range was mapped just now and nobody else has seen it.
        unsafe { libc::munmap(got as *mut libc::c_void, size) };
        return Err(io::Error::from_raw_os_error(libc::EEXIST));
    }
    Ok(())
}

/// Reserves `size` bytes anywhere.
///
/// # Errors
/// What `mmap` said.
pub fn reserve(size: usize) -> io::Result<usize> {
    map(0, size, 0)
}

fn map(address: usize, size: usize, extra: libc::c_int) -> io::Result<usize> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | extra;
    // SAFETY: an anonymous mapping that replaces none touches no memory in use.
    let got = unsafe { libc::syscall(libc::SYS_mmap, address, size, protection, flags, -1, 0) };
    if got == -1 {
        return Err(io::Error::last_os_error());
    }
    let got = got as usize;
    // SAFETY: the range is the one just mapped. Huge pages would back far more of the shadow than is touched.
    unsafe { libc::madvise(got as *mut libc::c_void, size, libc::MADV_NOHUGEPAGE) };
    // SAFETY: as above. A core file is of no use with terabytes of reservation in it.
    unsafe { libc::madvise(got as *mut libc::c_void, size, libc::MADV_DONTDUMP) };
    Ok(got)
}

/// Gives back a reservation.
///
/// # Safety
/// `address..address + size` came from one of this module's reservations and is no longer used.
pub unsafe fn release(address: usize, size: usize) {
    // SAFETY: passed on from the caller.
    unsafe { libc::syscall(libc::SYS_munmap, address, size) };
}

/// Gives the memory of whole pages of a reservation back to the kernel: they read as zero from now on. False, and they are as
/// they were, when the kernel refuses, as it does for pages that the program has had locked in memory.
///
/// # Safety
/// The range lies in a reservation of this module's, and nobody needs what is there.
pub unsafe fn give_back(range: Range<usize>) -> bool {
    // SAFETY: passed on from the caller.
    unsafe { libc::madvise(range.start as *mut libc::c_void, range.len(), libc::MADV_DONTNEED) == 0 }
}

/// Bytes in a page.
pub const PAGE: usize = 4096;

/// Calls `each` for every run of pages in `address..address + size` (multiples of [`PAGE`]) that memory backs.
pub fn for_each_resident(address: usize, size: usize, mut each: impl FnMut(usize, usize)) {
    const BATCH: usize = 1024;
    let mut flags = [0u8; BATCH];
    let mut at = address;
    let end = address + size;
    while at < end {
        let bytes = (end - at).min(BATCH * PAGE);
        let pages = bytes / PAGE;
        // SAFETY: `flags` has a byte for each page asked about.
        let failed = unsafe { libc::mincore(at as *mut libc::c_void, bytes, flags.as_mut_ptr()) } != 0;
        let mut page = 0;
        while page < pages {
            let from = page;
            while page < pages && (failed || flags[page] & 1 != 0) {
                page += 1;
            }
            if page > from {
                each(at + from * PAGE, (page - from) * PAGE);
            }
            page += 1;
        }
        at += bytes;
    }
}

/// Up to where the process has memory mapped, of `start..end` (multiples of [`PAGE`]).
pub fn mapped_end(start: usize, end: usize) -> usize {
    // Asked of a page that is not mapped, this fails and does nothing else.
    // SAFETY: with this flag no byte of the memory is looked at, and none is written back.
    let is_mapped =
        |from: usize, to: usize| unsafe { libc::syscall(libc::SYS_msync, from, to - from, libc::MS_ASYNC) == 0 };
    let (mut mapped, mut step) = (start, end - start);
    while step >= PAGE && mapped < end {
        let next = end.min(mapped + step);
        if is_mapped(mapped, next) {
            mapped = next;
        } else {
            step = (step / 2) & !(PAGE - 1);
        }
    }
    mapped
}

/// How many bytes of a block of the C library's allocator its owner may use: what `malloc_usable_size` says, without the
/// call.
///
/// # Safety
/// The block is one of that allocator's and not free.
#[inline]
pub unsafe fn usable_size(block: *mut libc::c_void) -> usize {
    // SAFETY: passed on from the caller.
    usable_size_of(unsafe { chunk_head(block) })
}

/// [`usable_size`], but nothing for a block that is a mapping of its own, which goes back to the kernel when it is freed.
///
/// # Safety
/// As there.
#[inline]
pub unsafe fn usable_size_in_heap(block: *mut libc::c_void) -> Option<usize> {
    // SAFETY: passed on from the caller.
    let head = unsafe { chunk_head(block) };
    (head & IS_MAPPED == 0).then(|| usable_size_of(head))
}

#[inline(always)]
const fn usable_size_of(head: usize) -> usize {
    // A chunk that is no mapping lends its owner the first word of the next one.
    let taken = if head & IS_MAPPED != 0 { 2 * size_of::<usize>() } else { size_of::<usize>() };
    (head & !CHUNK_FLAGS) - taken
}

const IS_MAPPED: usize = 2;
const CHUNK_FLAGS: usize = 7;

/// The size of a block's chunk, and its flags.
///
/// # Safety
/// The block is one of the C library's allocator's and not free.
#[inline]
unsafe fn chunk_head(block: *mut libc::c_void) -> usize {
    // SAFETY: the C library keeps it in the word before the block. Volatile, because to the compiler nothing is there.
    unsafe { block.cast::<usize>().wrapping_sub(1).read_volatile() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usable_size_is_the_c_librarys() {
        for size in [0, 1, 24, 25, 1000, 200_000, 5 << 20] {
            // SAFETY: the block is not free while it is asked about.
            unsafe {
                for block in [libc::malloc(size), libc::memalign(64, size), libc::memalign(PAGE, size)] {
                    assert!(!block.is_null());
                    assert_eq!(usable_size(block), libc::malloc_usable_size(block), "{size}");
                    let in_heap = (chunk_head(block) & IS_MAPPED == 0).then(|| usable_size(block));
                    assert_eq!(usable_size_in_heap(block), in_heap, "{size}");
                    libc::free(block);
                }
            }
        }
    }
}
