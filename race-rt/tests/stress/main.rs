//! Real threads that hammer the same granules through the engine at once, with the outcome known beforehand.
//!
//! Each thread is announced to the engine as a program's is, and works in rounds. A barrier of std, which the engine does
//! not see, starts each round, so that all threads are at work on the same granules together and yet nothing orders them.
//! Some bytes have accesses that nothing orders: each of those must be reported in every round's fresh memory. All
//! others must stay silent: bytes of one granule that belong to a thread each, bytes that all only read, atomic variables,
//! and bytes that are handed over by real atomics.
//!
//! [`ground`] is what the tests stand on; [`lives`] has those about blocks and threads that come and go,
//! [`forgetting`] those about accesses that are forgotten.
//!
//! Guarantees: what is asserted holds for every interleaving, so a failure is a bug of the engine. Can miss: bugs that need
//! an interleaving that did not occur.

mod forgetting;
mod ground;
mod lives;

use std::collections::HashSet;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

use ground::{GRANULES, THREADS, assert_silent, hammer, read, spin_until, write};

#[test]
fn neighbouring_bytes_of_different_threads_are_silent() {
    let rounds = hammer(|memory, index, _| {
        for turn in 0..3 {
            for granule in 0..GRANULES {
                let own = memory.byte(granule, 2 * index);
                write(own, 1 + turn % 2, 0x100 + turn);
                read(own, 2, 0x200 + index);
            }
        }
    });
    assert_silent(&rounds);
}

#[test]
fn bytes_that_all_read_are_silent() {
    let rounds = hammer(|memory, index, _| {
        for turn in 0..4 {
            for granule in 0..GRANULES {
                read(memory.byte(granule, turn % 4), 4, 0x100 * index + turn);
            }
        }
    });
    assert_silent(&rounds);
}

#[test]
fn atomic_variables_are_silent_and_lose_no_update() {
    let lost = AtomicUsize::new(0);
    let rounds = hammer(|memory, index, _| {
        for granule in 0..GRANULES {
            memory.add(granule, [Relaxed, Acquire, Release, SeqCst][index % 4]);
            if memory.load(granule, Acquire) == 0 {
                lost.fetch_add(1, Relaxed);
            }
        }
    });
    assert_eq!(lost.into_inner(), 0);
    assert_silent(&rounds);
}

/// One thread writes, two read, one keeps out: the byte races whoever comes first, and its neighbours do not.
#[test]
fn each_byte_that_one_writes_and_others_read_is_reported() {
    let rounds = hammer(|memory, index, round| {
        for granule in 0..GRANULES {
            let byte = (granule + round) % 8;
            match index {
                0 => write(memory.byte(granule, byte), 1, 0x101),
                1 | 2 => read(memory.byte(granule, byte), 1, 0x102),
                _ => read(memory.byte(granule, (byte + 1) % 8), 1, 0x103),
            }
        }
    });
    for (round, reported) in rounds.iter().enumerate() {
        let expected: HashSet<_> = (0..GRANULES).map(|granule| (granule, (granule + round) % 8)).collect();
        assert_eq!(*reported, expected, "round {round}");
    }
}

/// Plain accesses to variables that other threads operate on atomically.
#[test]
fn each_plain_access_to_an_atomic_variable_is_reported() {
    let rounds = hammer(|memory, index, _| {
        for granule in 0..GRANULES {
            if index == 0 {
                read(memory.byte(granule, 4), 2, 0x101);
            } else {
                memory.add(granule, Relaxed);
            }
        }
    });
    let expected: HashSet<_> = (0..GRANULES).flat_map(|granule| [(granule, 4), (granule, 5)]).collect();
    for (round, reported) in rounds.iter().enumerate() {
        assert_eq!(*reported, expected, "round {round}");
    }
}

/// Each thread releases and so steps on between accesses to granules with several entries, which all threads change at
/// once. Then a write that nothing orders meets reads that were made many steps before.
#[test]
fn old_accesses_are_not_lost_among_steps() {
    let rounds = hammer(|memory, index, _| {
        let flag = GRANULES - 1;
        for _ in 0..4 {
            for granule in 0..flag {
                if index < 2 {
                    read(memory.byte(granule, 0), 4, 0x100 + index);
                } else {
                    read(memory.byte(granule, 4), 4, 0x100 + index);
                }
            }
            memory.add(flag, Release);
        }
        if index == 3 {
            for granule in 0..flag {
                write(memory.byte(granule, 0), 2, 0x105);
            }
        }
    });
    let expected: HashSet<_> = (0..GRANULES - 1).flat_map(|granule| [(granule, 0), (granule, 1)]).collect();
    for (round, reported) in rounds.iter().enumerate() {
        assert_eq!(*reported, expected, "round {round}");
    }
}

/// A token goes round; who has it writes to all granules. The turns are real: each thread waits for its number.
#[test]
fn what_a_token_hands_over_is_silent() {
    let rounds = hammer(|memory, index, _| {
        let token = GRANULES - 1;
        for turn in 0..3 {
            let number = (turn * THREADS + index) as u64;
            spin_until(|| memory.load(token, Acquire) == number);
            for granule in 0..16 {
                read(memory.byte(granule, 0), 8, 0x101);
                write(memory.byte(granule, 0), 8, 0x102);
            }
            if turn == 1 {
                memory.add(token, Release);
            } else {
                memory.store(token, number + 1, Release);
            }
        }
    });
    assert_silent(&rounds);
}

/// Who waits for a variable's first release reads it while the engine begins to keep something for it.
#[test]
fn the_first_release_of_a_variable_reaches_who_spins_on_it() {
    let rounds = hammer(|memory, index, round| {
        let (sender, receiver) = (round % THREADS, (round + 1) % THREADS);
        for flag in (0..GRANULES).step_by(2) {
            if index == sender {
                write(memory.byte(flag + 1, 0), 8, 0x101);
                memory.store(flag, 1, Release);
            } else if index == receiver {
                spin_until(|| memory.load(flag, Acquire) != 0);
                read(memory.byte(flag + 1, 0), 8, 0x102);
            }
        }
    });
    assert_silent(&rounds);
}

/// The same with a token that is handed on by relaxed stores: every byte races, and is reported.
#[test]
fn what_a_relaxed_token_hands_over_is_reported() {
    let rounds = hammer(|memory, index, _| {
        let token = GRANULES - 1;
        spin_until(|| memory.load(token, Acquire) == index as u64);
        for granule in 0..16 {
            write(memory.byte(granule, 0), 8, 0x102);
        }
        memory.store(token, index as u64 + 1, Relaxed);
    });
    let expected: HashSet<_> = (0..16).flat_map(|granule| (0..8).map(move |byte| (granule, byte))).collect();
    for (round, reported) in rounds.iter().enumerate() {
        assert_eq!(*reported, expected, "round {round}");
    }
}

/// A stream of messages over one variable, whose sender does not wait: what the receiver learns belongs to the value it
/// reads.
#[test]
fn a_stream_of_messages_is_silent() {
    let rounds = hammer(|memory, index, _| {
        let flag = GRANULES - 1;
        for turn in 0..flag {
            if index == 0 {
                write(memory.byte(turn, 0), 8, 0x101);
                memory.store(flag, turn as u64 + 1, Release);
            } else if index == 1 {
                spin_until(|| memory.load(flag, Acquire) > turn as u64);
                read(memory.byte(turn, 0), 8, 0x102);
            }
        }
    });
    assert_silent(&rounds);
}

/// The sender repeats its read after the message, in its next step, while the receiver writes: whichever comes first, the
/// other finds it.
#[test]
fn an_access_moved_on_meets_one_that_comes_at_once() {
    let rounds = hammer(|memory, index, round| {
        let (sender, receiver) = (round % THREADS, (round + 1) % THREADS);
        for flag in (0..GRANULES).step_by(2) {
            let data = memory.byte(flag + 1, 0);
            if index == sender {
                read(data, 8, 0x101);
                memory.store(flag, 1, Release);
                read(data, 8, 0x101);
            } else if index == receiver {
                spin_until(|| memory.load(flag, Acquire) != 0);
                write(data, 8, 0x102);
            }
        }
    });
    let expected: HashSet<_> = (1..GRANULES).step_by(2).flat_map(|data| (0..8).map(move |byte| (data, byte))).collect();
    for (round, reported) in rounds.iter().enumerate() {
        assert_eq!(*reported, expected, "round {round}");
    }
}
