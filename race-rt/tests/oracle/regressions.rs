//! Executions on which the engine once differed from the oracle, made small, and a few that show that the oracle itself
//! knows the rules.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

use race_rt::access::AccessKind::{Read, VolatileRead, Write};
use race_rt::heap::LARGE;

use crate::compare::{Counts, compare};
use crate::engine::Arena;
use crate::execution::Operation::*;
use crate::execution::{Execution, Lane, Object, Place, Step, bytes, step};
use crate::uses::Use::*;

fn agree(steps: &[Step]) -> Counts {
    let execution = Execution::from_steps(steps);
    assert_eq!(execution.steps().len(), steps.len(), "a step that cannot be");
    match compare(&mut Arena::new(), &execution) {
        Ok(counts) => counts,
        Err(difference) => panic!("{difference}"),
    }
}

fn agree_on_silence(steps: &[Step]) {
    assert_eq!(agree(steps).racy, 0, "the oracle sees a race");
}

fn agree_on_a_race(steps: &[Step]) {
    assert_ne!(agree(steps).racy, 0, "the oracle sees no race");
}

/// A block as large as those that the engine notes by range.
const LARGE_BLOCK: Place = Place { at: LARGE, size: LARGE };

// What the engine once got wrong.

/// The adopted lane takes the other's step for known, so the other must be in a new one when it goes on, even where it
/// repeats an access.
#[test]
fn an_access_repeated_after_an_adoption_is_a_later_one() {
    agree_on_a_race(&[
        step(0, 0, Access(Write, bytes(0, 8))),
        step(0, 2, Adopt(Lane(1))),
        step(1, 3, Access(VolatileRead, bytes(0, 8))),
        step(0, 4, Access(Write, bytes(0, 8))),
    ]);
}

/// The first access to a granule of a large block is one that gives the granule an atomic variable.
#[test]
fn a_releasing_update_meets_the_allocation_of_a_large_block() {
    agree_on_a_race(&[
        step(0, 0, Spawn(Lane(1))),
        step(0, 1, Allocate(LARGE_BLOCK)),
        step(1, 2, Update(bytes(LARGE + 4096, 8), Release)),
    ]);
}

/// The upper half of a 16-byte variable is part of what a release orders.
#[test]
fn both_halves_of_a_wide_variable_are_released() {
    agree_on_silence(&[
        step(0, 0, Spawn(Lane(1))),
        step(0, 1, Store(bytes(16, 16), Release)),
        step(1, 2, Load(bytes(16, 16), Acquire)),
        step(1, 3, Access(Write, bytes(16, 16))),
        step(1, 4, Update(bytes(32, 16), AcqRel)),
        step(0, 5, Update(bytes(32, 16), AcqRel)),
        step(0, 6, Access(Write, bytes(32, 16))),
    ]);
}

/// A block that is allocated anew carries nothing of what was released at its addresses, small as it may be.
#[test]
fn a_block_allocated_again_forgets_what_was_released_at_an_address_in_it() {
    for block in [bytes(0, 8), LARGE_BLOCK] {
        agree_on_a_race(&[
            step(0, 0, Spawn(Lane(1))),
            step(0, 1, Spawn(Lane(2))),
            step(0, 2, Access(Write, bytes(16, 1))),
            step(0, 3, ReleaseAt(block.at)),
            step(1, 4, Allocate(block)),
            step(2, 5, AcquireAt(block.at)),
            step(2, 6, Access(Write, bytes(16, 1))),
        ]);
    }
}

// What the oracle knows.

/// A lane writes and publishes by a release store, another acquires and reads.
#[test]
fn a_message_is_ordered() {
    agree_on_silence(&[
        step(0, 0, Spawn(Lane(1))),
        step(0, 1, Access(Write, bytes(0, 4))),
        step(0, 2, Store(bytes(8, 4), Release)),
        step(1, 3, Load(bytes(8, 4), Acquire)),
        step(1, 4, Access(Read, bytes(0, 4))),
    ]);
}

#[test]
fn a_relaxed_store_ends_the_release_sequence() {
    agree_on_a_race(&[
        step(0, 0, Spawn(Lane(1))),
        step(0, 1, Access(Write, bytes(0, 4))),
        step(0, 2, Store(bytes(8, 4), Release)),
        step(0, 3, Store(bytes(8, 4), Relaxed)),
        step(1, 4, Load(bytes(8, 4), Acquire)),
        step(1, 5, Access(Read, bytes(0, 4))),
    ]);
}

#[test]
fn anybodys_relaxed_update_continues_the_release_sequence() {
    agree_on_silence(&[
        step(0, 0, Spawn(Lane(1))),
        step(0, 1, Spawn(Lane(2))),
        step(0, 2, Access(Write, bytes(0, 4))),
        step(0, 3, Store(bytes(8, 4), Release)),
        step(2, 4, Update(bytes(8, 4), Relaxed)),
        step(1, 5, Exchange(bytes(8, 4), Acquire, Relaxed)),
        step(1, 6, Access(Read, bytes(0, 4))),
    ]);
}

#[test]
fn two_fences_order_relaxed_operations() {
    agree_on_silence(&[
        step(0, 0, Spawn(Lane(1))),
        step(0, 1, Access(Write, bytes(0, 4))),
        step(0, 2, Fence(Release)),
        step(0, 3, Store(bytes(8, 4), Relaxed)),
        step(1, 4, Load(bytes(8, 4), Relaxed)),
        step(1, 5, Fence(Acquire)),
        step(1, 6, Access(Read, bytes(0, 4))),
    ]);
}

#[test]
fn a_fence_before_the_load_orders_nothing() {
    agree_on_a_race(&[
        step(0, 0, Spawn(Lane(1))),
        step(0, 1, Access(Write, bytes(0, 4))),
        step(0, 2, Fence(SeqCst)),
        step(0, 3, Store(bytes(8, 4), Relaxed)),
        step(1, 4, Fence(SeqCst)),
        step(1, 5, Load(bytes(8, 4), Relaxed)),
        step(1, 6, Access(Read, bytes(0, 4))),
    ]);
}

#[test]
fn a_failed_exchange_loads_with_its_failure_ordering_and_stores_nothing() {
    agree_on_silence(&[
        step(0, 0, Spawn(Lane(1))),
        step(0, 1, Access(Write, bytes(0, 4))),
        step(0, 2, Store(bytes(8, 4), Release)),
        step(1, 3, FailedExchange(bytes(8, 4), Relaxed, Acquire)),
        step(1, 4, Access(Write, bytes(0, 4))),
    ]);
    agree_on_a_race(&[
        step(0, 0, Spawn(Lane(1))),
        step(0, 1, Access(Write, bytes(0, 4))),
        step(0, 2, Store(bytes(8, 4), Release)),
        step(1, 3, FailedExchange(bytes(8, 4), SeqCst, Relaxed)),
        step(1, 4, Access(Write, bytes(0, 4))),
    ]);
}

/// Two readers of a lock that both release by merging: neither orders the other, both order the writer.
#[test]
fn readers_of_a_lock_do_not_order_each_other() {
    let (writers, readers) = (Object(0), Object(1));
    let until_both_have_read = [
        step(0, 0, Spawn(Lane(1))),
        step(0, 1, ObjectAcquire(writers)),
        step(0, 2, Access(Write, bytes(0, 1))),
        step(0, 3, ObjectReleaseMerge(readers)),
        step(1, 4, ObjectAcquire(writers)),
        step(1, 5, Access(Write, bytes(1, 1))),
        step(1, 6, ObjectReleaseMerge(readers)),
    ];
    let writer = [
        step(0, 7, Spawn(Lane(2))),
        step(2, 8, ObjectAcquire(writers)),
        step(2, 9, ObjectAcquire(readers)),
        step(2, 10, Access(Write, bytes(0, 2))),
    ];
    agree_on_silence(&[&until_both_have_read[..], &writer].concat());
    agree_on_a_race(&[&until_both_have_read[..], &[step(1, 7, Access(Read, bytes(0, 1)))]].concat());
}

/// A lane whose slot passes to another is told apart from it, and its accesses are not forgotten.
#[test]
fn a_slot_passes_on_without_its_past_being_lost() {
    agree_on_silence(&[
        step(0, 0, Spawn(Lane(1))),
        step(1, 1, Access(Write, bytes(0, 4))),
        step(1, 2, Finish),
        step(0, 3, Join(Lane(1))),
        step(0, 4, Spawn(Lane(2))),
        step(2, 5, Access(Write, bytes(0, 4))),
    ]);
    agree_on_a_race(&[
        step(0, 0, Spawn(Lane(3))),
        step(0, 1, Spawn(Lane(1))),
        step(1, 2, Access(Write, bytes(0, 4))),
        step(1, 3, Finish),
        step(0, 4, Join(Lane(1))),
        step(0, 5, Spawn(Lane(2))),
        step(3, 6, Access(Read, bytes(0, 4))),
    ]);
}

/// What a lane did in its old slot is published by releases in the new one.
#[test]
fn a_lane_that_moves_to_another_slot_keeps_its_past() {
    agree_on_silence(&[
        step(0, 0, Spawn(Lane(1))),
        step(0, 1, Access(Write, bytes(0, 4))),
        step(0, 2, Move),
        step(0, 3, Access(Write, bytes(0, 4))),
        step(0, 4, Store(bytes(8, 4), Release)),
        step(1, 5, Load(bytes(8, 4), Acquire)),
        step(1, 6, Access(Read, bytes(0, 4))),
    ]);
}

#[test]
fn a_block_allocated_again_starts_afresh() {
    for block in [bytes(0, 16), LARGE_BLOCK] {
        let (inside, flag) = (bytes(block.at, 4), bytes(block.at + 8, 4));
        agree_on_silence(&[
            step(0, 0, Spawn(Lane(1))),
            step(0, 1, Allocate(block)),
            step(0, 2, Access(Write, inside)),
            step(0, 3, Free(block)),
            step(1, 4, Allocate(block)),
            step(1, 5, Access(Write, inside)),
        ]);
        // Nor is there an edge from the old life.
        agree_on_a_race(&[
            step(0, 0, Spawn(Lane(1))),
            step(0, 1, Access(Write, bytes(32, 4))),
            step(0, 2, Allocate(block)),
            step(0, 3, Store(flag, Release)),
            step(0, 4, Free(block)),
            step(1, 5, Allocate(block)),
            step(1, 6, Load(flag, Acquire)),
            step(1, 7, Access(Read, bytes(32, 4))),
        ]);
    }
}

#[test]
fn an_access_that_nothing_orders_races_with_allocation_and_release() {
    for block in [bytes(0, 16), LARGE_BLOCK] {
        let inside = bytes(block.at + block.size - 4, 4);
        agree_on_a_race(&[step(0, 0, Spawn(Lane(1))), step(0, 1, Allocate(block)), step(1, 2, Access(Read, inside))]);
        agree_on_a_race(&[
            step(0, 0, Allocate(block)),
            step(0, 1, Spawn(Lane(1))),
            step(1, 2, Free(block)),
            step(0, 3, Access(Read, inside)),
        ]);
        agree_on_a_race(&[step(0, 0, Spawn(Lane(1))), step(0, 1, Allocate(block)), step(1, 2, Free(block))]);
    }
}

#[test]
fn forgetting_begins_a_new_life_of_whole_granules_only() {
    let written =
        [step(0, 0, Spawn(Lane(1))), step(0, 1, Access(Write, bytes(0, 16))), step(0, 2, Forget(bytes(4, 12)))];
    agree_on_silence(&[&written[..], &[step(1, 3, Access(Write, bytes(8, 8)))]].concat());
    agree_on_a_race(&[&written[..], &[step(1, 3, Access(Write, bytes(4, 1)))]].concat());
}

const X: Place = Place { at: 0, size: 4 };

/// Several lanes, then the steps of `rest`: lane, and what it does.
fn with_lanes(lanes: usize, rest: &[(usize, crate::execution::Operation)]) -> Vec<Step> {
    let spawns = (1..lanes).map(|lane| (0, Spawn(Lane(lane))));
    let steps = spawns.chain(rest.iter().copied());
    steps.enumerate().map(|(site, (lane, operation))| step(lane, site, operation)).collect()
}

#[test]
fn a_wait_for_a_condition_unlocks_and_locks() {
    let (mutex, write) = (Object(0), Access(Write, X));
    let waits = [(1, Use(Lock(mutex))), (1, write), (1, Use(Wait(mutex)))];
    let notifies = [(0, Use(Lock(mutex))), (0, write), (0, Use(Notify(mutex))), (0, Use(Unlock(mutex)))];
    let returns = [(1, Resume), (1, write)];
    agree_on_silence(&with_lanes(2, &[&waits[..], &notifies, &returns].concat()));
    // A notification by itself orders nothing.
    let unlocked = [(0, write), (0, Use(Notify(mutex))), (1, Resume)];
    agree_on_a_race(&with_lanes(2, &[&waits[..], &unlocked].concat()));
}

#[test]
fn a_lock_that_is_downgraded_orders_readers_but_a_readers_unlock_does_not() {
    let (lock, write, read) = (Object(0), Access(Write, X), Access(Read, X));
    let downgrades = [(0, Use(WriteLock(lock))), (0, write), (0, Use(Downgrade(lock)))];
    let reads = [(1, Use(ReadLock(lock))), (1, read), (1, Use(ReadUnlock(lock)))];
    agree_on_silence(&with_lanes(2, &[&downgrades[..], &reads].concat()));
    agree_on_a_race(&with_lanes(2, &[&downgrades[..], &[(0, write), (0, Use(ReadUnlock(lock)))], &reads].concat()));
    let writer = [(2, Use(WriteLock(lock))), (2, write), (2, Use(WriteUnlock(lock)))];
    let readers = [(0, Use(ReadLock(lock))), (0, read), (0, Use(ReadUnlock(lock)))];
    agree_on_silence(&with_lanes(3, &[&readers[..], &reads, &writer].concat()));
}

#[test]
fn arrivals_of_another_generation_order_nothing() {
    let (barrier, write) = (Object(0), Access(Write, X));
    let generation = [(0, Use(Arrive(barrier))), (1, Use(Arrive(barrier))), (0, Resume)];
    agree_on_silence(&with_lanes(2, &[&[(0, write)], &generation[..], &[(1, write)]].concat()));
    let other = [(2, write), (2, Use(Arrive(barrier))), (3, Use(Arrive(barrier))), (2, Resume)];
    agree_on_a_race(&with_lanes(4, &[&other[..], &generation, &[(1, write)]].concat()));
}

/// A group's misuse is a race on its gate: it is opened without order with a wait, though the wait comes after.
#[test]
fn opening_a_group_without_order_with_a_wait_is_reported() {
    let group = Object(0);
    let uses = [(0, Use(Open(group, 1))), (0, Use(Done(group))), (1, Use(WaitForGroup(group)))];
    agree_on_a_race(&with_lanes(2, &uses));
    let ordered = [(0, Use(Open(group, 1))), (0, Spawn(Lane(1))), (1, Use(Done(group))), (0, Use(WaitForGroup(group)))];
    agree_on_silence(&with_lanes(1, &ordered));
}

#[test]
fn a_permit_orders_its_holders_and_a_fresh_one_nobody() {
    let write = Access(Write, X);
    for (semaphore, races) in [(Object(0), false), (Object(1), true)] {
        let holds = |lane| [(lane, Use(Take(semaphore, 1))), (lane, write), (lane, Use(GiveBack(semaphore, 1)))];
        let steps = with_lanes(2, &[holds(0), holds(1)].concat());
        assert_eq!(agree(&steps).racy > 0, races);
    }
}

#[test]
fn a_channel_orders_by_slots() {
    let (write, read) = (Access(Write, X), Access(Read, X));
    // A receive does not order a send into another slot; it does order the one into its own.
    let one_slot =
        |channel| [(0, Use(Send(channel))), (1, write), (1, Use(Receive(channel))), (0, Use(Send(channel))), (0, read)];
    agree_on_silence(&with_lanes(2, &one_slot(Object(1))));
    agree_on_a_race(&with_lanes(2, &one_slot(Object(2))));
    // Without a buffer both sides learn, whoever waits.
    let both = [(0, write), (0, Use(Send(Object(0)))), (1, Access(Write, bytes(8, 4))), (1, Use(Receive(Object(0))))];
    let after = [(0, Resume), (0, Access(Write, bytes(8, 4))), (1, write)];
    agree_on_silence(&with_lanes(2, &[&both[..], &after].concat()));
    // A close orders those who see it, and not those who got a message.
    let closed = [(0, write), (0, Use(Close(Object(1)))), (1, Use(Receive(Object(1)))), (1, write)];
    agree_on_silence(&with_lanes(2, &closed));
    let buffered = [(0, Use(Send(Object(1)))), (0, write), (0, Use(Close(Object(1)))), (1, Use(Receive(Object(1))))];
    agree_on_a_race(&with_lanes(2, &[&buffered[..], &[(1, write)]].concat()));
}

#[test]
fn a_close_without_order_with_a_send_is_reported() {
    agree_on_a_race(&with_lanes(2, &[(0, Use(Send(Object(3)))), (1, Use(Close(Object(3))))]));
    agree_on_a_race(&with_lanes(2, &[(0, Use(Close(Object(3)))), (1, Use(Send(Object(3))))]));
    agree_on_silence(&with_lanes(2, &[(0, Use(Close(Object(3)))), (1, Use(CloseAgain(Object(3))))]));
}
