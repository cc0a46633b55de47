//! The best score is kept by a compare-and-exchange loop, and the name of its player beside it.
//!
//! The mistake: the exchange makes the score right, one at a time, and nothing else. Who has raised it writes the player
//! afterwards, when the next may have raised it again: two writes at a time, and perhaps a player with another's score.
//!
//! To read in the report: both stacks lead to `offer_racy`, to the write that comes after a successful exchange. The
//! exchange itself is nowhere in the report: atomics do not race, and they do not protect what comes after them.
//!
//! The fix: what belongs together is exchanged together, here in one word with the score in its upper half.
//!
//! `cargo run --features race --example cas_maximum` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use common::Schedule;
use race::cell::RaceCell;
use race::sync::atomic::{AtomicU64, Ordering};
use race::thread;

/// Lets the lower score come first in time, so that both are the best once. The detector knows nothing of it.
static SCHEDULE: Schedule = Schedule::new();

static BEST: AtomicU64 = AtomicU64::new(0);

/// Raises the best to `value`, unless it is as good already. Tells whether it did.
fn raise(value: u64) -> bool {
    let mut best = BEST.load(Ordering::Acquire);
    while best < value {
        match BEST.compare_exchange_weak(best, value, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return true,
            Err(now) => best = now,
        }
    }
    false
}

// Racy: the player beside the score.

static PLAYER: RaceCell<u64> = RaceCell::new(0);

fn offer_racy(score: u64, player: u64) {
    if raise(score) {
        // SAFETY: wrong, which is the mistake: another thread may have raised the score since.
        unsafe { PLAYER.write(player) };
    }
}

fn best_racy() -> (u64, u64) {
    // SAFETY: the threads have ended.
    (BEST.load(Ordering::Acquire), unsafe { PLAYER.read() })
}

// Fixed: both in one word.

fn offer_fixed(score: u64, player: u64) {
    raise(score << 32 | player);
}

fn best_fixed() -> (u64, u64) {
    let best = BEST.load(Ordering::Acquire);
    (best >> 32, best & u64::from(u32::MAX))
}

/// Lets two players play.
fn play(offer: fn(u64, u64), best: fn() -> (u64, u64)) {
    let first = thread::spawn(move || SCHEDULE.step(0, || offer(70, 1)));
    let second = thread::spawn(move || SCHEDULE.step(1, || offer(90, 2)));
    first.join().expect("no thread panics");
    second.join().expect("no thread panics");
    let (score, player) = best();
    println!("the best score is {score}, of player {player}");
}

fn main() {
    if common::is_fixed() {
        play(offer_fixed, best_fixed);
    } else {
        play(offer_racy, best_racy);
    }
}
