//! A compare-and-exchange picks the one thread that sets something up; the others go on at once.
//!
//! The mistake: the flag is set before the work is done, so it says "somebody has begun" and is taken for "it is ready".
//! The orderings are as strong as can be, and do not help: the write comes after the release.
//!
//! To read in the report: the write and the read are in the same function, one in the thread that won the exchange, the
//! other in one that lost it. Between the write and the return of the first, nothing is released.
//!
//! The fix: a third state, stored after the write, which the others wait for; `race::sync::OnceLock` is just that.
//!
//! `cargo run --features race --example once_flag` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use std::hint;

use race::cell::RaceCell;
use race::sync::atomic::{AtomicU8, Ordering};
use race::thread;

const UNTOUCHED: u8 = 0;
const BEGUN: u8 = 1;
const READY: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNTOUCHED);
static PORT: RaceCell<u16> = RaceCell::new(0);

/// Whether the running thread is the one that sets the port up.
fn begin() -> bool {
    STATE.compare_exchange(UNTOUCHED, BEGUN, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

fn port_racy() -> u16 {
    if begin() {
        // SAFETY: wrong, which is the mistake: those who lost the exchange are reading.
        unsafe { PORT.write(8080) };
    }
    // SAFETY: wrong, as above.
    unsafe { PORT.read() }
}

fn port_fixed() -> u16 {
    if begin() {
        // SAFETY: nobody else writes, and nobody reads before the port is ready.
        unsafe { PORT.write(8080) };
        STATE.store(READY, Ordering::Release);
    }
    while STATE.load(Ordering::Acquire) != READY {
        hint::spin_loop();
    }
    // SAFETY: it was written before it was ready.
    unsafe { PORT.read() }
}

/// Asks for the port in two threads.
fn connect(port: fn() -> u16) {
    let first = thread::spawn(port);
    let second = thread::spawn(port);
    let ports = [first, second].map(|thread| thread.join().expect("no thread panics"));
    println!("the threads connect to the ports {ports:?}");
}

fn main() {
    connect(if common::is_fixed() { port_fixed } else { port_racy });
}
