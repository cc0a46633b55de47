//! Messages order their receiver after all that their sender did before, also what the message was not about.

use std::io::{Read, Write};
use std::sync::mpsc::channel;
use std::thread;

use crate::place::pass_time;
use crate::{Place, Twin, cases};

cases! { channel_after_access byte_after_access }

/// Who looks whether there is a message goes on without one, too.
fn channel_after_access(twin: Twin) {
    static PLACE: Place = Place::new();
    let (sender, receiver) = channel();
    let thread = thread::spawn(move || {
        PLACE.write(twin, 1);
        sender.send(()).unwrap();
    });
    pass_time();
    let _ = receiver.try_recv();
    PLACE.read(twin);
    thread.join().unwrap();
}

/// A byte through a pair of sockets, which is looked for and not waited for.
fn byte_after_access(twin: Twin) {
    static PLACE: Place = Place::new();
    let (mut to, mut from) = std::os::unix::net::UnixStream::pair().unwrap();
    from.set_nonblocking(true).unwrap();
    let thread = thread::spawn(move || {
        PLACE.write(twin, 1);
        to.write_all(&[1]).unwrap();
    });
    pass_time();
    let _ = from.read(&mut [0]);
    PLACE.read(twin);
    thread.join().unwrap();
}
