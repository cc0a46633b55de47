//! A semaphore lets a writer in alone or several readers together; the writer takes the permit of a reader.
//!
//! The mistake: each of two permits admits one holder, so two writers with one permit each are in at the same time.
//! Who is to be alone takes all of them.
//!
//! To read in the report: both stacks lead through `deposit_racy` to `book`, so both threads hold permits; the question is
//! of how many. That the two did not meet in time changes nothing: nothing kept them from it.
//!
//! The fix: a writer takes all permits.
//!
//! `cargo run --features race --example weighted_semaphore` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use race::cell::RaceCell;
use race::sync::Semaphore;
use race::thread;

/// How many readers there may be.
const ALL: usize = 2;

struct Ledger {
    permits: Semaphore,
    balance: RaceCell<i64>,
}

static LEDGER: Ledger = Ledger { permits: Semaphore::new(ALL), balance: RaceCell::new(0) };

impl Ledger {
    fn deposit_racy(&self, amount: i64) {
        let _permit = self.permits.access(1);
        self.book(amount);
    }

    fn deposit_fixed(&self, amount: i64) {
        let _permits = self.permits.access(ALL);
        self.book(amount);
    }

    /// For who has the ledger alone.
    fn book(&self, amount: i64) {
        // SAFETY: the caller has it alone; wrong of `deposit_racy`.
        unsafe { self.balance.update(|balance| balance + amount) };
    }

    fn balance(&self) -> i64 {
        let _permit = self.permits.access(1);
        // SAFETY: writers are kept out.
        unsafe { self.balance.read() }
    }
}

/// Makes two deposits, each in a thread of its own.
fn save(deposit: fn(&Ledger, i64)) {
    let first = thread::spawn(move || deposit(&LEDGER, 30));
    let second = thread::spawn(move || deposit(&LEDGER, 12));
    first.join().expect("no thread panics");
    second.join().expect("no thread panics");
    println!("the balance is {}", LEDGER.balance());
}

fn main() {
    save(if common::is_fixed() { Ledger::deposit_fixed } else { Ledger::deposit_racy });
}
