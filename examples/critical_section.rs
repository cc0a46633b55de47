//! Two customers buy the last ticket: the stock is checked, then the lock is taken to change it.
//!
//! The mistake: the critical section is too narrow. What is changed under the lock was decided on outside, and both may
//! have seen the last ticket.
//!
//! To read in the report: the write is followed by `Holding mutex`, the read is not, and both are in the same function
//! a few lines apart: the read is the check, above the lock.
//!
//! The fix: lock first, so that the check and the change are one.
//!
//! `cargo run --features race --example critical_section` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use race::cell::RaceCell;
use race::sync::raw;
use race::thread;

struct Shop {
    lock: raw::Mutex,
    tickets: RaceCell<i32>,
}

static SHOP: Shop = Shop { lock: raw::Mutex::new(), tickets: RaceCell::new(1) };

impl Shop {
    fn buy_racy(&self) {
        // SAFETY: wrong, which is the mistake: another customer may be buying.
        if unsafe { self.tickets.read() } > 0 {
            self.lock.lock();
            // SAFETY: under the lock.
            unsafe { self.tickets.update(|tickets| tickets - 1) };
            self.lock.unlock();
        }
    }

    fn buy_fixed(&self) {
        self.lock.lock();
        // SAFETY: under the lock.
        if unsafe { self.tickets.read() } > 0 {
            // SAFETY: under the lock.
            unsafe { self.tickets.update(|tickets| tickets - 1) };
        }
        self.lock.unlock();
    }
}

/// Lets two customers in, each in a thread of its own.
fn sell(buy: fn(&Shop)) {
    let first = thread::spawn(move || buy(&SHOP));
    let second = thread::spawn(move || buy(&SHOP));
    first.join().expect("no thread panics");
    second.join().expect("no thread panics");
    // SAFETY: the threads have ended.
    println!("{} tickets are left", unsafe { SHOP.tickets.read() });
}

fn main() {
    sell(if common::is_fixed() { Shop::buy_fixed } else { Shop::buy_racy });
}
