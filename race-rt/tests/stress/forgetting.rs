//! Memory whose accesses are forgotten by one thread while others are at work on it, as they are beyond the limit on the
//! engine's memory. What was forgotten may be missed, so each round ends with accesses after the last forgetting.

use std::collections::HashSet;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use race_rt::shadow::region::{Outcome, Region, give_back};

use crate::ground::{GRANULES, Memory, ROUNDS, THREADS, hammer, read, spin_until, write};

/// The one that forgets.
const FORGETFUL: usize = THREADS - 1;

/// Each thread's own bytes, and bytes that all read.
fn work(memory: &Memory, index: usize, turn: usize, steps: &AtomicUsize) {
    for granule in 0..GRANULES {
        steps.fetch_add(1, SeqCst);
        write(memory.byte(granule, 2 * index), 1, 0x100 + turn % 3);
        read(memory.byte(granule, 1), 1, 0x110 + index);
        read(memory.byte(granule, 5), 1 + index % 2, 0x120 + index);
    }
}

/// Has one thread call `forget` for all regions over and over while the others work, and once when they have done. Then every
/// thread writes to all granules' last bytes, and one to what was another's own: the first must be reported and nothing that
/// does not race, so that records are neither lost nor in two lists; the second if the earlier accesses are not lost.
fn hammer_while(forget: impl Fn(Region) + Sync, is_lossless: bool) {
    const OTHERS: usize = 2;
    let counters = || -> Vec<AtomicUsize> { (0..ROUNDS).map(|_| AtomicUsize::new(0)).collect() };
    let (steps, done, quiet) = (counters(), counters(), counters());
    let rounds = hammer(|memory, index, round| {
        let (first, last) = (Region::of(memory.range().start), Region::of(memory.range().end - 1));
        let forget_all = || (first.0..=last.0).for_each(|number| forget(Region(number)));
        if index == FORGETFUL {
            let is_over = || done[round].load(SeqCst) == FORGETFUL;
            while !is_over() {
                forget_all();
                // The others would hardly get on between one time and the next.
                let seen = steps[round].load(SeqCst);
                spin_until(|| is_over() || steps[round].load(SeqCst) > seen + GRANULES / 4);
            }
        } else {
            (0..3).for_each(|turn| work(memory, index, turn, &steps[round]));
        }
        done[round].fetch_add(1, SeqCst);
        spin_until(|| done[round].load(SeqCst) == THREADS);
        if index == FORGETFUL {
            forget_all();
            quiet[round].store(1, SeqCst);
        }
        spin_until(|| quiet[round].load(SeqCst) == 1);
        for granule in 0..GRANULES {
            write(memory.byte(granule, 7), 1, 0x130);
            if index == 0 && is_lossless {
                write(memory.byte(granule, OTHERS), 1, 0x131);
            }
        }
    });
    let racy = |byte| (0..GRANULES).map(move |granule| (granule, byte));
    let mut expected: HashSet<_> = racy(7).collect();
    if is_lossless {
        expected.extend(racy(OTHERS));
    }
    for (round, reported) in rounds.iter().enumerate() {
        assert_eq!(*reported, expected, "round {round}");
    }
}

#[test]
fn what_is_forgotten_among_accesses_makes_up_nothing_and_harms_nothing() {
    let forgotten = AtomicUsize::new(0);
    let forget = |region: Region| {
        if region.forget() == Outcome::Forgotten {
            forgotten.fetch_add(1, SeqCst);
        }
    };
    hammer_while(forget, false);
    assert_ne!(forgotten.into_inner(), 0, "at the latest when nobody is at work on it a region can be forgotten");
}

/// Memory that is in use is not given back, whoever says that it was the stack of a thread that has ended.
#[test]
fn what_is_given_back_loses_nothing() {
    hammer_while(|region| give_back(region.range().start, region.range().end), true);
}
