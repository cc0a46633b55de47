//! The engine as judge: each event is done by the state of its actor, as it was in the recorded process.
//!
//! A state has the slot and the times that it had there, so a release makes the very epoch that the acquire names. The
//! registry of this process's own threads has no part in it.
//!
//! Guarantee: when it is dropped, the shadow is as empty as before.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::Ordering;

use super::{Found, Judge, Refused};
use crate::access::{AccessKind, forget};
use crate::clock::{Epoch, Head, Slot, Time};
use crate::heap;
use crate::report::gather;
use crate::shadow::granule::Entry;
use crate::shadow::map::GRANULE;
use crate::shadow::{Granule, Mask, Word};
use crate::sync::atomics::{AtomicPlace, CallSite};
use crate::sys::memory::PAGE;
use crate::thread::context::NodeId;
use crate::thread::registry::Registration;
use crate::thread::{Thread, ThreadId};
use crate::trace::StateNumber;
use crate::trace::event::Event;

/// What the engine shows of a race.
#[derive(Clone, Copy)]
struct Shown {
    thread: ThreadId,
    address: usize,
    kind: AccessKind,
    site: NodeId,
    other: Entry,
}

thread_local! {
    static SHOWN: RefCell<Vec<Shown>> = const { RefCell::new(Vec::new()) };
}

fn observe(thread: &Thread, address: usize, kind: AccessKind, site: NodeId, other: Entry) {
    let thread = thread.id();
    SHOWN.with_borrow_mut(|shown| shown.push(Shown { thread, address, kind, site, other }));
}

/// The engine.
#[derive(Debug)]
pub(super) struct Engine {
    states: HashMap<StateNumber, Box<Thread>>,
    releases: HashMap<Epoch, Head>,
    /// From which time on each thread had a slot, oldest first.
    owners: HashMap<Slot, Vec<(Time, ThreadId)>>,
    /// Pages of which some granule has been touched.
    pages: BTreeSet<usize>,
}

impl Engine {
    pub(super) fn new() -> Engine {
        gather::observe(observe);
        SHOWN.take();
        Engine { states: HashMap::new(), releases: HashMap::new(), owners: HashMap::new(), pages: BTreeSet::new() }
    }

    fn state(&mut self, actor: Option<StateNumber>) -> Result<&mut Thread, Refused> {
        let state = actor.and_then(|actor| self.states.get_mut(&actor));
        state.map(|state| &mut **state).ok_or(Refused::Senseless)
    }

    fn touch(&mut self, start: usize, end: usize) {
        self.pages.extend((start & !(PAGE - 1)..end).step_by(PAGE));
    }

    fn own(&mut self, slot: Slot, time: Time, thread: ThreadId) {
        self.owners.entry(slot).or_default().push((time, thread));
    }

    fn owner_of(&self, epoch: Epoch) -> ThreadId {
        let owners = self.owners.get(&epoch.slot()).map_or(&[][..], Vec::as_slice);
        let last = owners.iter().rev().find(|(from, _)| *from <= epoch.time());
        last.map_or(ThreadId::MAIN, |(_, thread)| *thread)
    }

    fn collect(&self, found: &mut Vec<Found>) {
        found.extend(SHOWN.take().into_iter().map(|Shown { thread, address, kind, site, other }| Found {
            granule: address & !(GRANULE - 1),
            bytes: other.word.mask(),
            thread,
            kind,
            site,
            other_thread: self.owner_of(other.word.epoch()),
            other_kind: other.word.kind(),
            other_site: other.site,
        }));
    }

    /// An atomic operation without its access, which has an event of its own.
    fn operate(
        &mut self,
        actor: Option<StateNumber>,
        address: usize,
        operation: impl FnOnce(&mut Thread, AtomicPlace),
    ) -> Result<(), Refused> {
        self.touch(address, address + 1);
        let state = self.state(actor)?;
        state.ignore();
        operation(state, AtomicPlace { address, size: 1, from: CallSite::Stack(NodeId::ROOT) });
        state.heed();
        Ok(())
    }
}

/// What an operation does beside its ordering's usual, as an ordering.
fn if_so(so: bool, order: Ordering) -> Ordering {
    if so { order } else { Ordering::Relaxed }
}

impl Judge for Engine {
    fn judge(&mut self, actor: Option<StateNumber>, event: &Event<'_>, found: &mut Vec<Found>) -> Result<(), Refused> {
        match *event {
            Event::State { number, thread, slot, time } => {
                self.own(slot, time, thread);
                let state = Box::new(Thread::new(&Registration { id: thread, slot, time, is_shared: false }, None));
                self.states.insert(number, state);
            }
            Event::Gone => {
                self.state(actor)?;
                self.states.remove(&actor.ok_or(Refused::Senseless)?);
            }
            Event::Turn(thread) => {
                let state = self.state(actor)?;
                state.set_id(thread);
                let epoch = state.epoch();
                self.own(epoch.slot(), epoch.time(), thread);
            }
            Event::Release => {
                let head = self.state(actor)?.step();
                self.releases.insert(head.epoch, head);
            }
            Event::Move { slot, time } => {
                let state = self.state(actor)?;
                state.clock_mut().move_to(slot, time);
                state.set_solo(false);
                let thread = state.id();
                self.own(slot, time, thread);
            }
            Event::Acquire(epoch) => {
                let head = self.releases.get(&epoch).cloned();
                let state = self.state(actor)?;
                match head {
                    Some(head) => state.acquire_head(&head),
                    // From before a forked child's recording.
                    None => assume(state, epoch)?,
                }
            }
            Event::Assume(epoch) => assume(self.state(actor)?, epoch)?,
            Event::Load { address, acquires } => self.operate(actor, address, |state, place| {
                state.atomic_load(place, if_so(acquires, Ordering::Acquire), || ());
            })?,
            Event::Store { address, releases } => self.operate(actor, address, |state, place| {
                state.atomic_store(place, if_so(releases, Ordering::Release), || ());
            })?,
            Event::Update { address, releases } => self.operate(actor, address, |state, place| {
                state.atomic_update(place, if_so(releases, Ordering::Release), || ());
            })?,
            Event::FenceAcquire => self.state(actor)?.fence_acquire(),
            Event::FenceRelease => self.state(actor)?.fence_release(),
            Event::Access { kind, address, size, site } => {
                self.touch(address, address + size);
                self.state(actor)?.access(address, size, kind, site);
                self.collect(found);
            }
            Event::Life { address, size, first } => {
                self.touch(address, address + size);
                match first {
                    Some((kind, site)) => {
                        let state = self.state(actor)?;
                        let entry = Entry { word: Word::new(state.epoch(), kind, Mask::ALL), site };
                        for granule in (address..address + size).step_by(GRANULE) {
                            Granule::lock(granule).reset(Some(entry), &mut state.records);
                        }
                    }
                    None => {
                        let mut records = crate::shadow::record::RecordCache::new();
                        for granule in (address..address + size).step_by(GRANULE) {
                            Granule::lock(granule).reset(None, &mut records);
                        }
                        records.give_all();
                    }
                }
            }
            Event::Block { start, end, first } => {
                let entry = match first {
                    Some((kind, site)) => {
                        let word = Word::new(self.state(actor)?.epoch(), kind, Mask::ALL);
                        Some(Entry { word, site })
                    }
                    None => None,
                };
                heap::note(start..end, entry, || ());
            }
            _ => {}
        }
        Ok(())
    }
}

/// A state never takes steps of its own slot for known that it has not done.
fn assume(state: &mut Thread, epoch: Epoch) -> Result<(), Refused> {
    if epoch.slot() == state.epoch().slot() {
        return if epoch.time() <= state.epoch().time() { Ok(()) } else { Err(Refused::Senseless) };
    }
    state.assume(epoch);
    Ok(())
}

impl Drop for Engine {
    fn drop(&mut self) {
        for page in &self.pages {
            forget(*page, *page + PAGE);
        }
        // Also where nothing was touched.
        heap::note(0..usize::MAX, None, || ());
    }
}
