//! Bytes that the kernel copies from and to the program's memory, interposed: an access to the buffer, and the edges of
//! the descriptor.
//!
//! A write reads the whole buffer that it is given, before it is released. A read writes what it returned, after it has
//! learned what was written there.

use libc::{c_int, c_uint, c_void, iovec, mmsghdr, msghdr, off_t, ssize_t, timespec};

use super::next::Next;
use super::told::{real, tell};
use super::with_return_address;
use crate::access::AccessKind;
use crate::perturb;
use crate::report::model::Pc;
use crate::thread::Thread;

/// The parts of the program's memory that one call uses.
#[derive(Clone, Copy)]
enum Buffers {
    One(usize, usize),
    /// Vectors: where their descriptions lie, and how many.
    Many(*const iovec, usize),
}

impl Buffers {
    fn of_message(message: *const msghdr) -> Buffers {
        // SAFETY: the caller passes a valid message.
        unsafe { Buffers::Many((*message).msg_iov, (*message).msg_iovlen) }
    }

    /// An access to the first `size` bytes of them.
    fn access(self, thread: &mut Thread, mut size: usize, kind: AccessKind, pc: usize) {
        let site = thread.site(Pc(pc));
        match self {
            Buffers::One(address, length) => thread.access(address, length.min(size), kind, site),
            Buffers::Many(vectors, count) => {
                for index in 0..count {
                    // SAFETY: the caller passes so many vectors.
                    let vector = unsafe { vectors.add(index).read() };
                    let length = vector.iov_len.min(size);
                    thread.access(vector.iov_base as usize, length, kind, site);
                    size -= length;
                }
            }
        }
    }
}

/// Nobody else is there to race with or to learn of it.
fn watched(action: impl FnOnce(&mut Thread)) {
    tell(|thread| {
        if !thread.is_solo() {
            action(thread);
        }
    });
}

fn writing(descriptor: c_int, buffers: Buffers, pc: usize) {
    perturb::before_synchronisation(Pc(pc));
    watched(|thread| {
        buffers.access(thread, usize::MAX, AccessKind::Read, pc);
        thread.release_into(descriptor);
    });
}

fn has_read(descriptor: c_int, buffers: Buffers, result: ssize_t, pc: usize) -> ssize_t {
    if let Ok(size) = usize::try_from(result) {
        watched(|thread| {
            thread.acquire_from(descriptor);
            buffers.access(thread, size, AccessKind::Write, pc);
        });
    }
    result
}

/// Functions that write to their first argument what lies in `$buffers`.
macro_rules! writes {
    ($($name:ident as $own:ident($descriptor:ident $(, $argument:ident: $kind:ty)*) $buffers:expr;)*) => {$(
        extern "C" fn $own($descriptor: c_int $(, $argument: $kind)*, pc: usize) -> ssize_t {
            static NEXT: Next = super::next::named!($name);
            writing($descriptor, $buffers, pc);
            // SAFETY: the type is right and the arguments are the caller's.
            unsafe { real!(NEXT: fn(c_int $(, $kind)*) -> ssize_t)($descriptor $(, $argument)*) }
        }
    )*};
}

/// Functions that read from their first argument into `$buffers`.
macro_rules! reads {
    ($($name:ident as $own:ident($descriptor:ident $(, $argument:ident: $kind:ty)*) $buffers:expr;)*) => {$(
        extern "C" fn $own($descriptor: c_int $(, $argument: $kind)*, pc: usize) -> ssize_t {
            static NEXT: Next = super::next::named!($name);
            perturb::before_synchronisation(Pc(pc));
            // SAFETY: the type is right and the arguments are the caller's.
            let result = unsafe { real!(NEXT: fn(c_int $(, $kind)*) -> ssize_t)($descriptor $(, $argument)*) };
            has_read($descriptor, $buffers, result, pc)
        }
    )*};
}

writes! {
    write as write_one(to, from: usize, size: usize) Buffers::One(from, size);
    pwrite as write_at(to, from: usize, size: usize, offset: off_t) Buffers::One(from, size);
    writev as write_many(to, vectors: *const iovec, count: c_int) Buffers::Many(vectors, count.max(0) as usize);
    pwritev as write_many_at(to, vectors: *const iovec, count: c_int, offset: off_t)
        Buffers::Many(vectors, count.max(0) as usize);
    pwritev2 as write_many_at_with(to, vectors: *const iovec, count: c_int, offset: off_t, flags: c_int)
        Buffers::Many(vectors, count.max(0) as usize);
    vmsplice as splice_many(to, vectors: *const iovec, count: usize, flags: c_uint) Buffers::Many(vectors, count);
    send as send_one(to, from: usize, size: usize, flags: c_int) Buffers::One(from, size);
    sendmsg as send_message(to, message: *const msghdr, flags: c_int) Buffers::of_message(message);
}

reads! {
    read as read_one(from, to: usize, size: usize) Buffers::One(to, size);
    pread as read_at(from, to: usize, size: usize, offset: off_t) Buffers::One(to, size);
    readv as read_many(from, vectors: *const iovec, count: c_int) Buffers::Many(vectors, count.max(0) as usize);
    preadv as read_many_at(from, vectors: *const iovec, count: c_int, offset: off_t)
        Buffers::Many(vectors, count.max(0) as usize);
    preadv2 as read_many_at_with(from, vectors: *const iovec, count: c_int, offset: off_t, flags: c_int)
        Buffers::Many(vectors, count.max(0) as usize);
    recv as receive_one(from, to: usize, size: usize, flags: c_int) Buffers::One(to, size);
    recvmsg as receive_message(from, message: *mut msghdr, flags: c_int) Buffers::of_message(message);
}

extern "C" fn send_to(
    to: c_int,
    from: usize,
    size: usize,
    flags: c_int,
    address: *const c_void,
    address_size: c_uint,
    pc: usize,
) -> ssize_t {
    static NEXT: Next = Next::new(c"sendto");
    writing(to, Buffers::One(from, size), pc);
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe {
        real!(NEXT: fn(c_int, usize, usize, c_int, *const c_void, c_uint) -> ssize_t)(
            to,
            from,
            size,
            flags,
            address,
            address_size,
        )
    }
}

extern "C" fn receive_from(
    from: c_int,
    to: usize,
    size: usize,
    flags: c_int,
    address: *mut c_void,
    address_size: *mut c_uint,
    pc: usize,
) -> ssize_t {
    static NEXT: Next = Next::new(c"recvfrom");
    perturb::before_synchronisation(Pc(pc));
    // SAFETY: the type is right and the arguments are the caller's.
    let result = unsafe {
        real!(NEXT: fn(c_int, usize, usize, c_int, *mut c_void, *mut c_uint) -> ssize_t)(
            from,
            to,
            size,
            flags,
            address,
            address_size,
        )
    };
    has_read(from, Buffers::One(to, size), result, pc)
}

extern "C" fn send_messages(to: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int, pc: usize) -> c_int {
    static NEXT: Next = Next::new(c"sendmmsg");
    for index in 0..count as usize {
        // SAFETY: the caller passes so many valid messages.
        writing(to, unsafe { Buffers::of_message(&raw const (*messages.add(index)).msg_hdr) }, pc);
    }
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(c_int, *mut mmsghdr, c_uint, c_int) -> c_int)(to, messages, count, flags) }
}

extern "C" fn receive_messages(
    from: c_int,
    messages: *mut mmsghdr,
    room: c_uint,
    flags: c_int,
    until: *mut timespec,
    pc: usize,
) -> c_int {
    static NEXT: Next = Next::new(c"recvmmsg");
    perturb::before_synchronisation(Pc(pc));
    // SAFETY: the type is right.
    let receive = unsafe { real!(NEXT: fn(c_int, *mut mmsghdr, c_uint, c_int, *mut timespec) -> c_int) };
    // SAFETY: the arguments are the caller's.
    let count = unsafe { receive(from, messages, room, flags, until) };
    for index in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: so many of the caller's messages were filled.
        let (buffers, size) = unsafe {
            let message = messages.add(index);
            (Buffers::of_message(&raw const (*message).msg_hdr), (*message).msg_len)
        };
        has_read(from, buffers, size as ssize_t, pc);
    }
    count
}

extern "C" fn read_counter(from: c_int, to: *mut u64, pc: usize) -> c_int {
    static NEXT: Next = Next::new(c"eventfd_read");
    perturb::before_synchronisation(Pc(pc));
    // SAFETY: the type is right and the arguments are the caller's.
    let status = unsafe { real!(NEXT: fn(c_int, *mut u64) -> c_int)(from, to) };
    if status == 0 {
        has_read(from, Buffers::One(to as usize, size_of::<u64>()), size_of::<u64>() as ssize_t, pc);
    }
    status
}

extern "C" fn write_counter(to: c_int, value: u64, pc: usize) -> c_int {
    static NEXT: Next = Next::new(c"eventfd_write");
    writing(to, Buffers::One(0, 0), pc);
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(c_int, u64) -> c_int)(to, value) }
}

extern "C" fn random(to: usize, size: usize, flags: c_uint, pc: usize) -> ssize_t {
    static NEXT: Next = Next::new(c"getrandom");
    // SAFETY: the type is right and the arguments are the caller's.
    let result = unsafe { real!(NEXT: fn(usize, usize, c_uint) -> ssize_t)(to, size, flags) };
    if let Ok(filled) = usize::try_from(result) {
        watched(|thread| Buffers::One(to, size).access(thread, filled, AccessKind::Write, pc));
    }
    result
}

with_return_address! {
    write => write_one, "rcx";
    pwrite => write_at, "r8";
    pwrite64 => write_at, "r8";
    writev => write_many, "rcx";
    pwritev => write_many_at, "r8";
    pwritev64 => write_many_at, "r8";
    pwritev2 => write_many_at_with, "r9";
    pwritev64v2 => write_many_at_with, "r9";
    vmsplice => splice_many, "r8";
    eventfd_write => write_counter, "rdx";
    sendmmsg => send_messages, "r8";
    send => send_one, "r8";
    sendmsg => send_message, "rcx";
    read => read_one, "rcx";
    pread => read_at, "r8";
    pread64 => read_at, "r8";
    readv => read_many, "rcx";
    preadv => read_many_at, "r8";
    preadv64 => read_many_at, "r8";
    preadv2 => read_many_at_with, "r9";
    preadv64v2 => read_many_at_with, "r9";
    eventfd_read => read_counter, "rdx";
    recvmmsg => receive_messages, "r9";
    recv => receive_one, "r8";
    recvmsg => receive_message, "rcx";
    getrandom => random, "rcx";
}

/// As [`with_return_address`] for functions of six arguments, whose seventh goes onto the stack.
macro_rules! with_return_address_on_stack {
    ($($name:ident => $target:ident;)*) => {$(
        #[doc = concat!("`", stringify!($name), "`, interposed; see `", stringify!($target), "`.")]
        ///
        /// # Safety
        /// As for the C library's.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name() {
            core::arch::naked_asm!(
                ".cfi_startproc",
                "push qword ptr [rsp]",
                ".cfi_adjust_cfa_offset 8",
                "call {}",
                "add rsp, 8",
                ".cfi_adjust_cfa_offset -8",
                "ret",
                ".cfi_endproc",
                sym $target
            )
        }
    )*};
}

with_return_address_on_stack! {
    sendto => send_to;
    recvfrom => receive_from;
}
