//! What the engine keeps for one thread (or for one logical task, or one lane of a test): its clock, the halves of
//! fences that wait for their other half, and its private stores.
//!
//! Fences follow C++20: a release fence gives its knowledge to every later relaxed store of the thread; a relaxed load
//! puts what it read aside until an acquire fence takes it in.

use std::ops::Range;

use super::ThreadId;
use super::call_stack::CallStack;
use super::context::{NodeCache, NodeId};
use super::holds::Holds;
use super::ignoring::Ignoring;
use super::presence::Presence;
use super::registry::{self, Registration};
use crate::clock::{Epoch, Head, Heads, ThreadClock};
use crate::heap::BlockCache;
use crate::report::listener::Untold;
use crate::report::model::Pc;
use crate::shadow::AtomicPresent;
use crate::shadow::record::RecordCache;
use crate::sync::own_variables::OwnVariables;
use crate::sys::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use crate::trace::event::Event;
use crate::trace::{self, StateNumber};

/// What the hot path of every access and call looks at.
#[repr(C)]
#[derive(Debug)]
pub struct Hot {
    /// The present step.
    pub present: AtomicPresent,
    /// The functions the thread is in.
    pub calls: CallStack,
}

/// A thread, to the engine.
#[repr(C)]
#[derive(Debug)]
pub struct Thread {
    /// First, so that the hot path finds it at the thread's own address.
    pub hot: Hot,
    clock: ThreadClock,
    /// What the last release fence gives to relaxed stores.
    release_fence: Option<Head>,
    /// What relaxed loads read and no acquire fence has taken in.
    unfenced: Heads,
    pub(crate) records: RecordCache,
    pub(crate) nodes: NodeCache,
    pub(crate) blocks: BlockCache,
    pub(crate) own_variables: OwnVariables,
    /// The locks that it holds, as far as they announce it.
    pub(crate) holds: Holds,
    id: ThreadId,
    /// What recordings call it.
    pub(crate) number: StateNumber,
    /// Its stack's addresses, once it runs.
    pub(crate) stack: Option<Range<usize>>,
    /// How many reference counts it has dropped. An atomic because it is counted without further ado.
    pub(crate) reference_drops: AtomicU32,
    /// How many of the next ones it does not pause at.
    pub(crate) reference_drops_spared: u32,
    /// How often it has synchronised, counted with `perturb=full` only.
    pub(crate) synchronisations: u32,
    /// What the program asked not to look at.
    pub(crate) ignoring: Ignoring,
    /// Reports of its races that the program is to be told of.
    pub(crate) untold: Vec<Untold>,
    /// Something is to be done when the engine has finished its work: to tell of those, or to run a signal's handler. An
    /// atomic because a handler sets it.
    pub(crate) due: AtomicBool,
    /// Whether the program switches to it and away from it by itself.
    pub(crate) is_fiber: bool,
    /// Whether other threads have its slot, too.
    pub(crate) shares_slot: bool,
    /// Whether the engine is at work for this thread: what it does then is not the program's doing.
    pub(crate) presence: Presence,
}

impl Thread {
    /// A thread that was registered; it knows what its creator's `head` carries.
    pub(crate) fn new(registration: &Registration, head: Option<&Head>) -> Thread {
        let clock = ThreadClock::new(registration.slot, registration.time);
        let mut thread = Thread {
            hot: Hot { present: AtomicPresent::unknown(), calls: CallStack::NONE },
            clock,
            release_fence: None,
            unfenced: Heads::new(),
            records: RecordCache::new(),
            nodes: NodeCache::new(),
            blocks: BlockCache::new(),
            own_variables: OwnVariables::NONE,
            holds: Holds::NONE,
            id: registration.id,
            number: StateNumber::next(),
            stack: None,
            // The main thread never pauses.
            reference_drops: AtomicU32::new(if registration.id == ThreadId::MAIN { u32::MAX } else { 0 }),
            reference_drops_spared: 0,
            synchronisations: 0,
            ignoring: Ignoring::NONE,
            untold: Vec::new(),
            is_fiber: false,
            shares_slot: registration.is_shared,
            due: AtomicBool::new(false),
            presence: Presence::outside(),
        };
        if trace::is_on() {
            thread.record_state();
        }
        if let Some(head) = head {
            if trace::is_on() {
                thread.record_acquire(head);
            }
            thread.clock.acquire_head(head);
        }
        thread.set_solo(false);
        thread
    }

    /// The number that reports show.
    pub fn id(&self) -> ThreadId {
        self.id
    }

    /// Another task's turn, where several share one state.
    pub(crate) fn set_id(&mut self, id: ThreadId) {
        self.id = id;
    }

    /// What the thread knows of the others.
    pub fn clock(&self) -> &ThreadClock {
        &self.clock
    }

    pub(crate) fn clock_mut(&mut self) -> &mut ThreadClock {
        &mut self.clock
    }

    #[inline]
    pub(crate) fn clock_and_records(&mut self) -> (&ThreadClock, &mut RecordCache) {
        (&self.clock, &mut self.records)
    }

    #[inline]
    pub(crate) fn clock_blocks_and_records(&mut self) -> (&ThreadClock, &BlockCache, &mut RecordCache) {
        (&self.clock, &self.blocks, &mut self.records)
    }

    /// The thread's current step.
    #[inline]
    pub fn epoch(&self) -> Epoch {
        let present = self.hot.present.get().epoch();
        debug_assert_eq!(present, self.clock.epoch());
        present
    }

    /// Whether nothing needs recording; see [`Present`].
    #[inline]
    pub fn is_solo(&self) -> bool {
        self.hot.present.get().is_solo()
    }

    pub(crate) fn set_solo(&mut self, solo: bool) {
        self.hot.present.set(self.clock.epoch(), solo);
    }

    /// The clock has gone on.
    pub(super) fn refresh_epoch(&mut self) {
        let solo = self.is_solo();
        self.set_solo(solo);
    }

    /// The program is to be told of a report.
    pub(crate) fn tell_later(&mut self, untold: Untold) {
        self.untold.push(untold);
        self.due.store(true, Relaxed);
    }

    /// Publishes all that the thread did and knows, and steps on.
    pub fn release(&mut self) -> Head {
        if trace::is_on() {
            self.record(&Event::Release);
        }
        self.step()
    }

    /// [`Thread::release`] as a part of what is recorded as a whole.
    pub(crate) fn step(&mut self) -> Head {
        if self.shares_slot {
            let head = registry::release_shared(self);
            self.record_shared_step();
            self.refresh_epoch();
            return head;
        }
        let (head, stepped) = self.clock.release();
        if !stepped {
            registry::move_to_new_slot(self);
        }
        self.refresh_epoch();
        head
    }

    /// [`Thread::step`], after which `heads` carry what is published, and nothing else.
    #[inline]
    pub(crate) fn step_over(&mut self, heads: &mut Heads) {
        if !heads.is_one() || !self.step_again(heads) {
            let head = self.step();
            heads.replace(head);
        }
    }

    /// [`Thread::step`], after which `heads` carry what is published as well.
    #[inline]
    pub(crate) fn step_into(&mut self, heads: &mut Heads) {
        if !self.step_again(heads) {
            let head = self.step();
            heads.merge_own(head, &self.clock);
        }
    }

    /// The two where `heads` carry a release of the thread which knew as much then.
    #[inline]
    fn step_again(&mut self, heads: &mut Heads) -> bool {
        if self.shares_slot {
            return false;
        }
        let present = self.epoch();
        let is_renewed = self.clock.release_again(present, heads);
        if is_renewed {
            self.step_on();
        }
        is_renewed
    }

    /// Steps on from the present step, of which what was done is published already.
    #[inline(always)]
    pub(crate) fn step_on(&mut self) {
        if self.clock.step() {
            self.hot.present.step();
            debug_assert_eq!(self.epoch(), self.clock.epoch());
        } else {
            self.step_to_new_slot();
        }
    }

    #[cold]
    #[inline(never)]
    fn step_to_new_slot(&mut self) {
        registry::move_to_new_slot(self);
        self.refresh_epoch();
    }

    /// Steps on if another thread asked for it; see [`Present`].
    #[inline]
    pub(crate) fn step_if_asked(&mut self) {
        if self.hot.present.get().is_asked() {
            self.step_as_asked();
        }
    }

    #[cold]
    #[inline(never)]
    fn step_as_asked(&mut self) {
        self.release();
    }

    /// Learns what `heads` carry.
    #[inline]
    pub fn acquire(&mut self, heads: &Heads) {
        if trace::is_on() {
            heads.iter().for_each(|head| self.record_acquire(head));
        }
        self.learn(heads);
    }

    /// [`Thread::acquire`] as a part of what is recorded as a whole.
    #[inline]
    pub(crate) fn learn(&mut self, heads: &Heads) {
        let before = self.clock.epoch();
        if self.clock.acquire(heads) && self.clock.epoch() != before {
            self.step_shared();
        }
    }

    /// Learns of a release, or puts it aside, where no more than its time is new: the thread has another one of that slot
    /// already, whose thread knew as much, which has that identity. False, with nothing learned, when it has not.
    #[inline]
    pub(crate) fn learn_time(&mut self, release: Epoch, known: u64, acquires: bool) -> bool {
        debug_assert!(!self.shares_slot && !trace::is_on());
        if acquires { self.clock.acquire_time(release, known) } else { self.unfenced.move_on(release, known) }
    }

    fn record_acquire(&self, head: &Head) {
        if !self.clock.knows(head.epoch) {
            self.record(&Event::Acquire(head.epoch));
        }
    }

    fn record_shared_step(&self) {
        if trace::is_on() {
            let epoch = self.clock.epoch();
            self.record(&Event::Move { slot: epoch.slot(), time: epoch.time() });
        }
    }

    /// Learns what one release carries.
    pub fn acquire_head(&mut self, head: &Head) {
        if trace::is_on() {
            self.record_acquire(head);
        }
        let before = self.clock.epoch();
        if self.clock.acquire_head(head) && self.clock.epoch() != before {
            self.step_shared();
        }
    }

    /// Others have the slot as well, and what was learned is at a time of one of them: on to one of its own.
    #[cold]
    #[inline(never)]
    fn step_shared(&mut self) {
        registry::step_shared(self);
        self.record_shared_step();
        self.refresh_epoch();
    }

    /// Takes for granted that all that was done in an epoch's slot up to it happens before.
    pub(crate) fn assume(&mut self, epoch: Epoch) {
        if trace::is_on() {
            self.record(&Event::Assume(epoch));
        }
        self.clock.assume(epoch);
    }

    /// Puts aside what a relaxed load read.
    #[inline]
    pub(crate) fn acquire_later(&mut self, heads: &Heads) {
        self.unfenced.merge_all(heads.iter().filter(|head| !self.clock.knows(head.epoch)));
    }

    /// Whether a relaxed load has put aside that release, or a later one of the same thread.
    #[inline]
    pub(crate) fn is_set_aside(&self, release: Epoch) -> bool {
        let covers = |head: &Head| head.epoch.slot() == release.slot() && head.epoch.time() >= release.time();
        self.unfenced.iter().any(covers)
    }

    /// What a relaxed store publishes.
    #[inline]
    pub(crate) fn release_fence(&self) -> Option<&Head> {
        self.release_fence.as_ref()
    }

    /// `fence(Acquire)`.
    pub fn fence_acquire(&mut self) {
        let waiting = std::mem::take(&mut self.unfenced);
        if trace::is_on() && waiting.iter().any(|head| !self.clock.knows(head.epoch)) {
            self.record(&Event::FenceAcquire);
        }
        self.learn(&waiting);
    }

    /// `fence(Release)`.
    pub fn fence_release(&mut self) {
        if trace::is_on() {
            self.record(&Event::FenceRelease);
        }
        self.release_fence = Some(self.step());
    }

    /// The call stack of an operation that returns to `pc`, with the locks held there; see [`super::holds`].
    #[inline(never)]
    pub fn site(&mut self, pc: Pc) -> NodeId {
        match self.site_at_hand(pc) {
            Some(site) => site,
            None => self.site_in_full(pc),
        }
    }

    /// [`Thread::site`] where that calls nothing; `None` when it is to be asked.
    #[inline(always)]
    pub(crate) fn site_at_hand(&mut self, pc: Pc) -> Option<NodeId> {
        if !cfg!(feature = "whole-program") && pc == Pc(0) || !self.holds.are_none() {
            return None;
        }
        let caller = self.hot.calls.node_at_hand(&self.nodes)?;
        self.nodes.known(caller, pc)
    }

    /// Whether `site` is what [`Thread::site`] gives, as far as that shows without a search.
    #[inline(always)]
    pub(crate) fn is_site(&self, site: NodeId, pc: Pc) -> bool {
        self.holds.are_none() && self.hot.calls.is_site(site, pc)
    }

    #[inline(never)]
    fn site_in_full(&mut self, pc: Pc) -> NodeId {
        #[cfg(not(feature = "whole-program"))]
        if pc == Pc(0) {
            let stack = super::unwind::site();
            return self.holds.site(&mut self.nodes, stack);
        }
        let caller = self.hot.calls.node(&mut self.nodes);
        let stack = self.nodes.child(caller, pc);
        self.holds.site(&mut self.nodes, stack)
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if trace::is_on() {
            self.record(&Event::Gone);
        }
        self.records.give_all();
    }
}
