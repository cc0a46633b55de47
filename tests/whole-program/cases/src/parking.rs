//! Park and unpark.

use std::thread;

use crate::case::{Place, cases, earlier, later};
use crate::invisible;

cases! { clean_park clean_park_token_waits race_park_after_unpark race_park_of_another }

static PLACE: Place<u64> = Place::new(0);

fn clean_park() {
    let child = thread::spawn(|| {
        invisible::advance();
        thread::park();
        PLACE.write(2);
    });
    invisible::wait(1);
    PLACE.write(1);
    child.thread().unpark();
    child.join().unwrap();
}

/// The token is given long before the park that takes it.
fn clean_park_token_waits() {
    let child = thread::spawn(|| {
        invisible::wait(1);
        thread::park();
        PLACE.write(2);
    });
    PLACE.write(1);
    child.thread().unpark();
    invisible::advance();
    child.join().unwrap();
}

/// What comes after the unpark is not ordered before the park's return.
fn race_park_after_unpark() {
    let child = thread::spawn(|| {
        invisible::wait(1);
        thread::park();
        later(|| PLACE.read());
    });
    child.thread().unpark();
    earlier(|| PLACE.write(1));
    invisible::advance();
    child.join().unwrap();
}

/// The token comes from a thread that has nothing to do with the writer.
fn race_park_of_another() {
    let reader = thread::spawn(|| {
        invisible::wait(1);
        thread::park();
        later(|| PLACE.read());
        invisible::advance();
    });
    let writer = thread::spawn(|| {
        earlier(|| PLACE.write(1));
        invisible::meet(2);
    });
    reader.thread().unpark();
    reader.join().unwrap();
    writer.join().unwrap();
}
