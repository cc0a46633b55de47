//! Order and memory that go through the kernel: pipes, sockets, files, event counters, and the buffers of reads and writes.

use std::ffi::{c_int, c_uint};
use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read, Seek, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use crate::case::{Place, cases, in_order, side_by_side};

cases! {
    clean_pipe race_after_pipe_write race_two_pipes clean_pipe_closed clean_copied_descriptor
    clean_socket_pair race_socket_pair_the_other_way clean_tcp race_after_tcp_write race_tcp_the_other_way
    clean_tcp_accept clean_tcp_shutdown clean_udp clean_file race_two_files clean_event_counter clean_waiting_by_epoll
    race_read_buffer race_written_buffer race_vectored_read_buffer race_received_buffer clean_rest_of_read_buffer
    race_random_buffer clean_many_messages clean_file_sent race_after_file_sent clean_spliced race_positioned_read_buffer
}

static PLACE: Place<u64> = Place::new(0);

fn write_and_tell(mut to: impl Write) {
    PLACE.write(1);
    to.write_all(&[7]).unwrap();
}

fn tell_and_write(mut to: impl Write) {
    to.write_all(&[7]).unwrap();
    PLACE.write(1);
}

fn hear_and_write(mut from: impl Read) {
    from.read_exact(&mut [0]).unwrap();
    PLACE.write(2);
}

fn pipe() -> (PipeReader, PipeWriter) {
    std::io::pipe().unwrap()
}

fn clean_pipe() {
    let (reader, writer) = pipe();
    side_by_side(|| write_and_tell(&writer), || hear_and_write(&reader));
}

fn race_after_pipe_write() {
    let (reader, writer) = pipe();
    in_order(|| tell_and_write(&writer), || hear_and_write(&reader));
}

/// What comes out of one pipe says nothing of another one.
fn race_two_pipes() {
    let (_reader, writer) = pipe();
    let (filled, mut filler) = pipe();
    filler.write_all(&[7]).unwrap();
    in_order(|| write_and_tell(&writer), || hear_and_write(&filled));
}

fn clean_pipe_closed() {
    let (mut reader, writer) = pipe();
    let close = move || {
        PLACE.write(1);
        drop(writer);
    };
    let see = move || {
        assert_eq!(reader.read(&mut [0]).unwrap(), 0);
        PLACE.write(2);
    };
    side_by_side(close, see);
}

fn clean_copied_descriptor() {
    let (reader, writer) = pipe();
    let copy = writer.try_clone().unwrap();
    drop(writer);
    side_by_side(|| write_and_tell(&copy), || hear_and_write(&reader));
}

fn clean_socket_pair() {
    let (one, other) = UnixStream::pair().unwrap();
    side_by_side(|| write_and_tell(&one), || hear_and_write(&other));
}

/// What a socket receives says nothing of what is written to it.
fn race_socket_pair_the_other_way() {
    let (one, mut other) = UnixStream::pair().unwrap();
    other.write_all(&[7]).unwrap();
    in_order(|| write_and_tell(&one), || hear_and_write(&one));
}

fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (one, listener.accept().unwrap().0)
}

fn clean_tcp() {
    let (one, other) = connection();
    side_by_side(|| write_and_tell(&one), || hear_and_write(&other));
}

fn race_after_tcp_write() {
    let (one, other) = connection();
    in_order(|| tell_and_write(&one), || hear_and_write(&other));
}

fn race_tcp_the_other_way() {
    let (one, mut other) = connection();
    other.write_all(&[7]).unwrap();
    in_order(|| write_and_tell(&one), || hear_and_write(&one));
}

fn clean_tcp_accept() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let connect = || {
        PLACE.write(1);
        drop(TcpStream::connect(address).unwrap());
    };
    let accept = || {
        drop(listener.accept().unwrap());
        PLACE.write(2);
    };
    side_by_side(connect, accept);
}

fn clean_tcp_shutdown() {
    let (one, mut other) = connection();
    let end = || {
        PLACE.write(1);
        one.shutdown(std::net::Shutdown::Write).unwrap();
    };
    let see = || {
        assert_eq!(other.read(&mut [0]).unwrap(), 0);
        PLACE.write(2);
    };
    side_by_side(end, see);
}

fn clean_udp() {
    let [one, other] = [(); 2].map(|()| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let address = other.local_addr().unwrap();
    let send = || {
        PLACE.write(1);
        one.send_to(&[7], address).unwrap();
    };
    let receive = || {
        other.recv_from(&mut [0]).unwrap();
        PLACE.write(2);
    };
    side_by_side(send, receive);
}

/// A file without a name, and a second descriptor of it.
fn file() -> (File, File) {
    let name = std::env::temp_dir().join(format!("race-case-{}-{:p}", std::process::id(), &raw const PLACE));
    let one = File::create_new(&name).unwrap();
    let other = File::open(&name).unwrap();
    std::fs::remove_file(&name).unwrap();
    (one, other)
}

fn clean_file() {
    let (one, mut other) = file();
    let read = || {
        while other.read(&mut [0]).unwrap() == 0 {
            std::thread::yield_now();
        }
        PLACE.write(2);
    };
    side_by_side(|| write_and_tell(&one), read);
}

fn race_two_files() {
    let (one, _) = file();
    let (mut filler, filled) = file();
    filler.write_all(&[7]).unwrap();
    in_order(|| write_and_tell(&one), || hear_and_write(&filled));
}

/// As the kernel has it: packed.
#[repr(C, packed)]
#[derive(Clone, Copy)]
struct Event {
    events: u32,
    data: u64,
}

const READABLE: u32 = 1;

unsafe extern "C" {
    fn eventfd(value: c_uint, flags: c_int) -> c_int;
    fn epoll_create1(flags: c_int) -> c_int;
    fn epoll_ctl(epoll: c_int, operation: c_int, of: c_int, event: *mut Event) -> c_int;
    fn epoll_wait(epoll: c_int, events: *mut Event, room: c_int, timeout: c_int) -> c_int;
    fn sendfile(to: c_int, from: c_int, offset: *mut i64, size: usize) -> isize;
    fn splice(from: c_int, from_offset: *mut i64, to: c_int, to_offset: *mut i64, size: usize, flags: c_uint) -> isize;
    fn preadv(from: c_int, vectors: *mut std::io::IoSliceMut<'_>, count: c_int, offset: i64) -> isize;
    fn getrandom(to: *mut u64, size: usize, flags: c_uint) -> isize;
}

fn event_counter() -> File {
    // SAFETY: the descriptor is new, and the file's own.
    File::from(unsafe { OwnedFd::from_raw_fd(eventfd(0, 0)) })
}

fn clean_event_counter() {
    let counter = event_counter();
    let add = || {
        PLACE.write(1);
        (&counter).write_all(&1_u64.to_ne_bytes()).unwrap();
    };
    let take = || {
        (&counter).read_exact(&mut [0; 8]).unwrap();
        PLACE.write(2);
    };
    side_by_side(add, take);
}

/// The address of what the waiter is to look at comes with the registration.
fn clean_waiting_by_epoll() {
    const ADD: c_int = 1;
    let counter = event_counter();
    (&counter).write_all(&1_u64.to_ne_bytes()).unwrap();
    let descriptor = counter.as_raw_fd();
    // SAFETY: the call has no preconditions.
    let epoll = unsafe { epoll_create1(0) };
    let register = || {
        PLACE.write(1);
        let mut event = Event { events: READABLE, data: PLACE.address() as u64 };
        // SAFETY: the event is valid.
        assert_eq!(unsafe { epoll_ctl(epoll, ADD, descriptor, &mut event) }, 0);
    };
    let wait = || {
        let mut event = Event { events: 0, data: 0 };
        // SAFETY: there is room for one event.
        assert_eq!(unsafe { epoll_wait(epoll, &mut event, 1, -1) }, 1);
        assert_eq!({ event.data }, PLACE.address() as u64);
        PLACE.write(2);
    };
    side_by_side(register, wait);
}

/// The bytes of the place, for the kernel to use.
fn bytes() -> &'static mut [u8] {
    // SAFETY: any bytes are a number. That others use them at the same time is what the cases are about.
    unsafe { std::slice::from_raw_parts_mut(PLACE.address().cast(), 8) }
}

fn race_read_buffer() {
    let (mut reader, mut writer) = pipe();
    writer.write_all(&[7; 8]).unwrap();
    in_order(move || assert_eq!(reader.read(bytes()).unwrap(), 8), || _ = PLACE.read());
}

fn race_vectored_read_buffer() {
    let (mut reader, mut writer) = pipe();
    writer.write_all(&[7; 16]).unwrap();
    let read = move || {
        let mut before = [0; 8];
        let mut vectors = [std::io::IoSliceMut::new(&mut before), std::io::IoSliceMut::new(bytes())];
        assert_eq!(reader.read_vectored(&mut vectors).unwrap(), 16);
    };
    in_order(read, || _ = PLACE.read());
}

fn race_received_buffer() {
    let [one, other] = [(); 2].map(|()| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    one.send_to(&[7; 8], other.local_addr().unwrap()).unwrap();
    in_order(|| assert_eq!(other.recv_from(bytes()).unwrap().0, 8), || _ = PLACE.read());
}

fn race_written_buffer() {
    let (_reader, mut writer) = pipe();
    in_order(move || writer.write_all(bytes()).unwrap(), || PLACE.write(1));
}

/// The kernel writes what it returns and no more.
fn clean_rest_of_read_buffer() {
    let (mut reader, mut writer) = pipe();
    writer.write_all(&[7; 4]).unwrap();
    let write_behind = || {
        // SAFETY: the place has eight bytes.
        unsafe { PLACE.address().cast::<u8>().add(4).write(std::hint::black_box(1)) }
    };
    in_order(move || assert_eq!(reader.read(bytes()).unwrap(), 4), write_behind);
}

fn race_random_buffer() {
    // SAFETY: the place has eight bytes.
    in_order(|| assert_eq!(unsafe { getrandom(PLACE.address(), 8, 0) }, 8), || _ = PLACE.read());
}

/// Back and forth through two pipes, and through a file's descriptor in between.
fn clean_many_messages() {
    let ((mut ask, mut asker), (mut answer, mut answerer)) = (pipe(), pipe());
    let (mut log, _) = file();
    let server = move || {
        for _ in 0..500 {
            ask.read_exact(&mut [0]).unwrap();
            PLACE.write(PLACE.read() + 1);
            answerer.write_all(&[1]).unwrap();
        }
    };
    let client = move || {
        for _ in 0..500 {
            PLACE.write(PLACE.read() + 1);
            log.rewind().unwrap();
            log.write_all(&[1]).unwrap();
            asker.write_all(&[1]).unwrap();
            answer.read_exact(&mut [0]).unwrap();
        }
    };
    side_by_side(server, client);
    assert_eq!(PLACE.read(), 1000);
}

/// Sends the first byte of a file.
fn send_file(to: &impl AsRawFd) {
    let (mut filler, filled) = file();
    filler.write_all(&[7]).unwrap();
    // SAFETY: the descriptors are open.
    assert_eq!(unsafe { sendfile(to.as_raw_fd(), filled.as_raw_fd(), std::ptr::null_mut(), 1) }, 1);
}

fn clean_file_sent() {
    let (one, other) = UnixStream::pair().unwrap();
    let send = || {
        PLACE.write(1);
        send_file(&one);
    };
    side_by_side(send, || hear_and_write(&other));
}

fn race_after_file_sent() {
    let (one, other) = UnixStream::pair().unwrap();
    let send = || {
        send_file(&one);
        PLACE.write(1);
    };
    in_order(send, || hear_and_write(&other));
}

fn clean_spliced() {
    let ((middle, writer), (reader, end)) = (pipe(), pipe());
    let pass = || {
        write_and_tell(&writer);
        let nowhere = std::ptr::null_mut();
        // SAFETY: the descriptors are open.
        assert_eq!(unsafe { splice(middle.as_raw_fd(), nowhere, end.as_raw_fd(), nowhere, 1, 0) }, 1);
    };
    side_by_side(pass, || hear_and_write(&reader));
}

fn race_positioned_read_buffer() {
    let (mut filler, filled) = file();
    filler.write_all(&[7; 16]).unwrap();
    let read = || {
        let mut vectors = [std::io::IoSliceMut::new(bytes())];
        // SAFETY: the slices are vectors as the kernel has them.
        assert_eq!(unsafe { preadv(filled.as_raw_fd(), vectors.as_mut_ptr(), 1, 8) }, 8);
    };
    in_order(read, || _ = PLACE.read());
}
