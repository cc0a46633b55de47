//! Two transfers between two accounts, in opposite directions, each of which needs both locks.
//!
//! The mistake: each locks the account that it takes from, and then the other one. They would wait for each other for
//! ever, so the second lock was made a `try_lock`; and when that fails, the transfer goes on without it.
//!
//! To read in the report: both accesses are followed by `Holding mutex`, but the two mutexes have different addresses:
//! each thread has a lock, and they have none in common.
//!
//! The fix: all transfers take the two locks in the same order, here that of their addresses, so that `lock` can wait.
//!
//! `cargo run --features race --example lock_order` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use std::ptr;
use std::sync::Barrier;

use race::cell::RaceCell;
use race::sync::raw;
use race::thread;

struct Account {
    lock: raw::Mutex,
    balance: RaceCell<i64>,
}

static SAVINGS: Account = Account { lock: raw::Mutex::new(), balance: RaceCell::new(100) };
static CHECKING: Account = Account { lock: raw::Mutex::new(), balance: RaceCell::new(100) };

/// The bad luck of both transfers being at the same line: one of std's barriers, which the detector does not know.
static MEETING: Barrier = Barrier::new(2);

fn transfer_racy(from: &Account, to: &Account, amount: i64) {
    from.lock.lock();
    MEETING.wait();
    let locked = to.lock.try_lock();
    MEETING.wait();
    book(from, to, amount);
    if locked {
        to.lock.unlock();
    }
    from.lock.unlock();
}

fn transfer_fixed(from: &Account, to: &Account, amount: i64) {
    let (first, second) = if ptr::from_ref(from) < ptr::from_ref(to) { (from, to) } else { (to, from) };
    first.lock.lock();
    second.lock.lock();
    book(from, to, amount);
    second.lock.unlock();
    first.lock.unlock();
}

/// For who has locked both accounts.
fn book(from: &Account, to: &Account, amount: i64) {
    // SAFETY: the caller has locked both; wrong of `transfer_racy`.
    unsafe {
        from.balance.update(|balance| balance - amount);
        to.balance.update(|balance| balance + amount);
    }
}

/// Makes two transfers, each in a thread of its own.
fn move_money(transfer: fn(&Account, &Account, i64)) {
    let first = thread::spawn(move || transfer(&SAVINGS, &CHECKING, 30));
    let second = thread::spawn(move || transfer(&CHECKING, &SAVINGS, 10));
    first.join().expect("no thread panics");
    second.join().expect("no thread panics");
    // SAFETY: the threads have ended.
    let (savings, checking) = unsafe { (SAVINGS.balance.read(), CHECKING.balance.read()) };
    println!("the balances are {savings} and {checking}");
}

fn main() {
    move_money(if common::is_fixed() { transfer_fixed } else { transfer_racy });
}
