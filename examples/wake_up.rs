//! A channel wakes a thread up to look at data that lies elsewhere.
//!
//! The mistake: the message is sent first and the data written after it. A send orders what came before it; whoever is
//! woken up may look at once.
//!
//! To read in the report: the write is in `deliver_racy`, right after the send; the read in `wait_for_letter`, right after
//! the receive. A send orders what is above it for what is below the receive, so the write is on the wrong side.
//!
//! The fix: write, then send. Better: send the data itself.
//!
//! `cargo run --features race --example wake_up` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use race::cell::RaceCell;
use race::channel::{self, Receiver, Sender};
use race::thread;

/// How many letters lie in the box.
static LETTERS: RaceCell<u32> = RaceCell::new(0);

fn deliver_racy(bell: &Sender<()>) {
    bell.send(()).expect("somebody listens");
    // SAFETY: wrong, which is the mistake: who was woken up is reading.
    unsafe { LETTERS.write(1) };
}

fn deliver_fixed(bell: &Sender<()>) {
    // SAFETY: nobody reads before the bell has rung.
    unsafe { LETTERS.write(1) };
    bell.send(()).expect("somebody listens");
}

fn wait_for_letter(bell: &Receiver<()>) -> u32 {
    bell.recv().expect("somebody rings");
    // SAFETY: what was written before the bell rang is written; what comes after it is not for this thread to know.
    unsafe { LETTERS.read() }
}

/// Delivers in a thread and waits in this one.
fn post(deliver: fn(&Sender<()>)) {
    let (rings, hears) = channel::bounded(1);
    let postman = thread::spawn(move || deliver(&rings));
    let found = wait_for_letter(&hears);
    postman.join().expect("the postman does not panic");
    println!("{found} letters were found");
}

fn main() {
    post(if common::is_fixed() { deliver_fixed } else { deliver_racy });
}
