//! The rarer calls that pass bytes through descriptors, which std does not make.

use std::ffi::{c_int, c_uint};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::os::unix::net::{UnixDatagram, UnixStream};

use crate::case::{Place, cases, earlier, in_order, later, side_by_side};
use crate::invisible;

cases! {
    clean_event_counter_by_name clean_messages_at_once race_received_messages clean_teed clean_file_changed_while_sent
    race_file_changed_after_sent race_positioned_read_with_flags
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
    fn sendfile(to: c_int, from: c_int, offset: *mut i64, size: usize) -> isize;
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

/// More than a socket holds, by far.
const MUCH: usize = 1 << 20;
/// Neither among the first bytes that a socket holds nor among the last.
const MIDDLE: usize = MUCH / 2;

/// Sends a file through a socket, whose reader has got the first byte when `change` comes, and all of them after that.
fn send_file_meanwhile(change: impl FnOnce(&File) + Send, received: impl FnOnce(&[u8]) + Send) {
    let path = std::env::temp_dir().join(format!("race-cases-sent-{}", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    file.set_len(MUCH as u64).unwrap();
    let (reader, writer) = UnixStream::pair().unwrap();
    let send = || {
        // SAFETY: both are open.
        let sent = unsafe { sendfile(writer.as_raw_fd(), file.as_raw_fd(), std::ptr::null_mut(), MUCH) };
        assert_eq!(sent, MUCH as isize);
    };
    let receive = || {
        let mut bytes = vec![0; MUCH];
        (&reader).read_exact(&mut bytes[..1]).unwrap();
        invisible::advance();
        invisible::wait(2);
        // The call that sends is not done before the rest is read, too.
        (&reader).read_exact(&mut bytes[1..=MIDDLE]).unwrap();
        received(&bytes);
        (&reader).read_exact(&mut bytes[MIDDLE + 1..]).unwrap();
    };
    let change = || {
        invisible::wait(1);
        change(&file);
        invisible::advance();
    };
    std::thread::scope(|scope| {
        scope.spawn(send);
        scope.spawn(receive);
        scope.spawn(change);
    });
}

fn clean_file_changed_while_sent() {
    let change = |file: &File| {
        PLACE.write(1);
        file.write_all_at(&[7], MIDDLE as u64).unwrap();
    };
    let received = |bytes: &[u8]| {
        assert_eq!(bytes[MIDDLE], 7);
        PLACE.write(2);
    };
    send_file_meanwhile(change, received);
}

fn race_file_changed_after_sent() {
    let change = |file: &File| {
        file.write_all_at(&[7], MIDDLE as u64).unwrap();
        earlier(|| PLACE.write(1));
    };
    send_file_meanwhile(change, |_| later(|| PLACE.write(2)));
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
