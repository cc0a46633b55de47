//! What a granule's word and first record say: answers to whether an access is pointless, so that the list need not be walked
//! each time.
//!
//! Naively: walk the list, and see whether each byte of the access has an entry of the thread's present step that makes it
//! pointless ([`super::granule::is_repeated`]). Several entries of one step are common, since each place in the code that first
//! touches some of the bytes has one of its own. So when a walk has found that together they say yes, the sum of them is put
//! into the granule's word or into its first record: one access of that step, as strong as all of them, to all their bytes.
//!
//! An answer is true as long as its step is its thread's present one, for what the list has of that step goes only with a
//! race or with a new life of the memory, and both drop it. The granule's word has an answer to who accessed the granule
//! last, the first record one to somebody before.

use super::granule::Granule;
use super::record::{RecordId, record};
use super::shortcut::{newest_of, newest_site_of};
use super::word::{Mask, Word};
use crate::access::AccessKind;
use crate::clock::{Epoch, ThreadClock};
use crate::sys::atomic::Ordering::Relaxed;

/// A walk of the list of the granule at `address` has shown that a plain access is pointless: the next one is told so at once,
/// unless that would take the answer from another thread. Nothing happens if there is no list, or a thread is at work on it.
pub fn remember(address: usize, clock: &ThreadClock, epoch: Epoch, mask: Mask, writes: bool) {
    // Without the lock first: data that many threads read has room for the answers to two of them.
    let Some(first) = RecordId::of_site(newest_site_of(address).0) else { return };
    if newest_of(address).epoch() != epoch && !may_take(first, epoch, clock) {
        return;
    }
    let Some(mut granule) = Granule::try_lock(address) else { return };
    if !granule.is_list() {
        return;
    }
    let (written, accessed) = granule.bytes_of(epoch);
    let (kind, bytes) =
        if writes || written.covers(mask) { (AccessKind::Write, written) } else { (AccessKind::Read, accessed) };
    // Who raced with an entry since the walk has removed it.
    if bytes.covers(mask) {
        granule.answer(Word::new(epoch, kind, bytes), clock);
    }
}

impl Granule {
    /// The bytes that a thread has written in this step, and those it has accessed.
    fn bytes_of(&self, epoch: Epoch) -> (Mask, Mask) {
        let (mut written, mut accessed) = (Mask::NONE, Mask::NONE);
        for word in self.listed_words() {
            written = written.and(word.bytes_repeated(epoch, AccessKind::Write));
            accessed = accessed.and(word.bytes_repeated(epoch, AccessKind::Read));
        }
        (written, accessed)
    }

    fn answer(&mut self, answer: Word, clock: &ThreadClock) {
        let (epoch, first) = (answer.epoch(), self.content.access());
        let list = self.first_record();
        if first.epoch() == epoch && !first.is_atomic() && first.is_subsumed_by(answer.kind()) {
            // What was written is asked for more often than what was read, and both may be.
            if first.kind() != answer.kind() {
                put(list, first, clock);
            }
            self.content = answer.listed();
        } else {
            put(list, answer, clock);
        }
    }

    /// The list's newest access is this one, and the answer to the thread before, if another, is kept.
    #[inline(always)]
    pub(super) fn set_newest(&mut self, newest: Word) {
        let before = self.content;
        if before.epoch().slot() != newest.epoch().slot() {
            record(self.first_record()).answer.store(before.access().bits(), Relaxed);
        }
        self.content = newest.listed();
    }
}

/// What a list whose first record this is tells somebody.
#[inline(always)]
pub(super) fn of(first: RecordId) -> Word {
    Word::from_bits(record(first).answer.load(Relaxed))
}

/// There is nothing to tell.
#[inline(always)]
pub(super) fn clear(first: RecordId) {
    record(first).answer.store(Word::EMPTY.bits(), Relaxed);
}

fn put(first: RecordId, answer: Word, clock: &ThreadClock) {
    if may_take(first, answer.epoch(), clock) {
        record(first).answer.store(answer.access().bits(), Relaxed);
    }
}

/// Whether there is no answer to another thread that may be for its present step.
fn may_take(first: RecordId, epoch: Epoch, clock: &ThreadClock) -> bool {
    let present = of(first);
    present == Word::EMPTY || present.epoch().slot() == epoch.slot() || clock.knows(present.epoch())
}
