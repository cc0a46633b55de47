//! The rarer calls that pass bytes through descriptors, which std does not make.

use std::ffi::{c_int, c_uint};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixDatagram;

use crate::case::{Place, cases, in_order, side_by_side};

cases! {
    clean_event_counter_by_name clean_messages_at_once race_received_messages clean_teed race_positioned_read_with_flags
}

static PLACE: Place<u64> = Place::new(0);

#[repr(C)]
struct Part {
    start: *mut u8,
    size: usize,
}

#[repr(C)]
struct Message {
    name: *mut u8,
    name_size: c_uint,
    parts: *mut Part,
    part_count: usize,
    control: *mut u8,
    control_size: usize,
    flags: c_int,
    _padding: c_int,
    /// What was received.
    size: c_uint,
}

unsafe extern "C" {
    fn eventfd(value: c_uint, flags: c_int) -> c_int;
    fn eventfd_read(counter: c_int, to: *mut u64) -> c_int;
    fn eventfd_write(counter: c_int, value: u64) -> c_int;
    fn sendmmsg(socket: c_int, messages: *mut Message, count: c_uint, flags: c_int) -> c_int;
    fn recvmmsg(socket: c_int, messages: *mut Message, count: c_uint, flags: c_int, until: *mut u8) -> c_int;
    fn tee(from: c_int, to: c_int, size: usize, flags: c_uint) -> isize;
    fn preadv2(from: c_int, parts: *const Part, count: c_int, offset: i64, flags: c_int) -> isize;
}

fn clean_event_counter_by_name() {
    // SAFETY: a new descriptor that nobody else knows.
    let counter = unsafe { OwnedFd::from_raw_fd(eventfd(0, 0)) };
    let tell = || {
        PLACE.write(1);
        // SAFETY: the counter is open.
        assert_eq!(unsafe { eventfd_write(counter.as_raw_fd(), 1) }, 0);
    };
    let hear = || {
        let mut value = 0;
        // SAFETY: the counter is open and the place valid.
        assert_eq!(unsafe { eventfd_read(counter.as_raw_fd(), &mut value) }, 0);
        PLACE.write(2);
    };
    side_by_side(tell, hear);
}

/// Calls `function` with two messages of eight bytes each in `bytes`.
fn with_messages(bytes: *mut u8, function: impl FnOnce(*mut Message) -> c_int) {
    let mut parts = [0, 8].map(|offset| Part { start: bytes.wrapping_add(offset), size: 8 });
    let mut messages = parts.each_mut().map(|part| Message {
        name: std::ptr::null_mut(),
        name_size: 0,
        parts: part,
        part_count: 1,
        control: std::ptr::null_mut(),
        control_size: 0,
        flags: 0,
        _padding: 0,
        size: 0,
    });
    assert_eq!(function(messages.as_mut_ptr()), 2);
}

static BYTES: Place<[u8; 16]> = Place::new([0; 16]);

fn datagrams() -> (UnixDatagram, UnixDatagram) {
    UnixDatagram::pair().unwrap()
}

fn clean_messages_at_once() {
    let (one, other) = datagrams();
    let send = || {
        BYTES.write([7; 16]);
        PLACE.write(1);
        // SAFETY: socket and messages are valid.
        with_messages(BYTES.address().cast(), |all| unsafe { sendmmsg(one.as_raw_fd(), all, 2, 0) });
    };
    let receive = || {
        let mut bytes = [0_u8; 16];
        // SAFETY: as above.
        let receive = |all| unsafe { recvmmsg(other.as_raw_fd(), all, 2, 0, std::ptr::null_mut()) };
        with_messages(bytes.as_mut_ptr(), receive);
        assert_eq!(bytes, [7; 16]);
        PLACE.write(2);
    };
    side_by_side(send, receive);
}

fn race_received_messages() {
    let (one, other) = datagrams();
    one.send(&[7; 8]).unwrap();
    one.send(&[7; 8]).unwrap();
    let receive = || {
        // SAFETY: socket and messages are valid.
        let receive = |all| unsafe { recvmmsg(other.as_raw_fd(), all, 2, 0, std::ptr::null_mut()) };
        with_messages(BYTES.address().cast(), receive);
    };
    in_order(receive, || assert_eq!(BYTES.read()[15], 7));
}

fn clean_teed() {
    let (mut from, to_first) = std::io::pipe().unwrap();
    let (second, to_second) = std::io::pipe().unwrap();
    let pass = move || {
        // SAFETY: both are open.
        assert_eq!(unsafe { tee(from.as_raw_fd(), to_second.as_raw_fd(), 1, 0) }, 1);
        from.read_exact(&mut [0]).unwrap();
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            PLACE.write(1);
            (&to_first).write_all(&[7]).unwrap();
        });
        scope.spawn(pass);
        scope.spawn(|| {
            (&second).read_exact(&mut [0]).unwrap();
            PLACE.write(2);
        });
    });
}

fn race_positioned_read_with_flags() {
    let path = std::env::current_exe().unwrap();
    let file = File::open(path).unwrap();
    let read = || {
        let part = Part { start: BYTES.address().cast(), size: 16 };
        // SAFETY: the file is open and the place valid.
        assert_eq!(unsafe { preadv2(file.as_raw_fd(), &part, 1, 0, 0) }, 16);
    };
    in_order(read, || assert_eq!(BYTES.read()[1], b'E'));
}
