//! What is known of each thread, for reports and for joins.
//!
//! Of threads that live, and of those that may still be joined, everything is kept. Of the others what reports say of them is
//! kept for the [`ENDED_KEPT`] that ended last, so that a program with threads without number does not grow. A report whose
//! older access was by one that is forgotten has its number, and no name and no place of its creation.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::clock::Head;
use crate::report::attribution::Trial;
use crate::thread::ThreadId;
use crate::thread::context::NodeId;
use crate::trace;
use crate::trace::event::Event;

/// Ended threads of which something is known. With 512 that live, those of a table of 8,192 places that is half full: one that
/// is fuller grows once in a while, for the places of entries that were taken out.
pub const ENDED_KEPT: usize = 3072;

/// What is known of a thread besides its clock.
#[derive(Clone, Debug)]
pub struct ThreadInfo {
    /// The name the program gave it.
    pub name: Option<Box<str>>,
    /// Where its creator was.
    pub creation: NodeId,
    /// Whether it is a logical task.
    pub is_task: bool,
    /// The run of a test that it works for.
    pub trial: Option<Trial>,
    /// Whether it has ended.
    pub finished: bool,
    /// What joining it teaches, once it has ended.
    last: Option<Head>,
    /// Whether nobody will join it.
    detached: bool,
}

impl ThreadInfo {
    /// A thread that can be joined.
    pub(super) fn of_thread(name: Option<Box<str>>, creation: NodeId, trial: Option<Trial>) -> ThreadInfo {
        ThreadInfo { name, creation, is_task: false, trial, finished: false, last: None, detached: false }
    }

    /// A logical task, whose handle keeps what joining it teaches.
    pub(super) fn of_task(name: Option<Box<str>>, creation: NodeId, trial: Option<Trial>) -> ThreadInfo {
        ThreadInfo { name, creation, is_task: true, trial, finished: false, last: None, detached: true }
    }
}

impl ThreadInfo {
    /// Tells the recording of a thread.
    pub(super) fn record(&self, id: ThreadId) {
        let name = self.name.as_deref();
        trace::tell_of(&Event::Thread { id, creation: self.creation, is_task: self.is_task, name });
        self.record_trial(id);
    }

    /// Tells the recording for whom a thread works.
    pub(super) fn record_trial(&self, id: ThreadId) {
        if trace::is_on()
            && let Some(Trial { test, run }) = self.trial
        {
            trace::tell_of(&Event::Trial { id, test: test.number(), run });
        }
    }
}

/// All threads so far.
#[derive(Debug)]
pub(super) struct Threads {
    /// `None` until there is one.
    known: Option<HashMap<u32, ThreadInfo>>,
    next: u32,
    /// Those of whom only reports speak, the one that ended first in front.
    ended: VecDeque<ThreadId>,
    /// See [`Threads::long_ago`].
    long_ago: Option<ThreadId>,
}

impl Threads {
    pub(super) const fn new() -> Threads {
        Threads { known: None, next: 0, ended: VecDeque::new(), long_ago: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.next == 0
    }

    pub(super) fn add(&mut self, info: ThreadInfo) -> ThreadId {
        let id = self.next;
        self.next += 1;
        if trace::is_on() {
            info.record(ThreadId(id));
        }
        self.known.get_or_insert_default().insert(id, info);
        ThreadId(id)
    }

    pub(super) fn get(&self, id: ThreadId) -> Option<&ThreadInfo> {
        self.known.as_ref()?.get(&id.0)
    }

    pub(super) fn get_mut(&mut self, id: ThreadId) -> Option<&mut ThreadInfo> {
        self.known.as_mut()?.get_mut(&id.0)
    }

    /// The thread has ended; `last` is what joining it teaches, if anybody is to learn that.
    pub(super) fn end(&mut self, id: ThreadId, last: Option<Head>) {
        if trace::is_on() {
            trace::tell_of(&Event::Finished(id));
        }
        let Some(info) = self.get_mut(id) else { return };
        info.finished = true;
        info.last = last.filter(|_| !info.detached);
        if info.last.is_none() {
            self.keep_for_reports(id);
        }
    }

    /// What joining the thread teaches, the first time that it is asked for after the thread's end.
    pub(super) fn take_last(&mut self, id: ThreadId) -> Option<Head> {
        let last = self.get_mut(id)?.last.take()?;
        self.keep_for_reports(id);
        Some(last)
    }

    /// Nobody will join the thread.
    pub(super) fn detach(&mut self, id: ThreadId) {
        let Some(info) = self.get_mut(id) else { return };
        info.detached = true;
        if info.last.take().is_some() {
            self.keep_for_reports(id);
        }
    }

    fn keep_for_reports(&mut self, id: ThreadId) {
        self.ended.push_back(id);
        if self.ended.len() > ENDED_KEPT
            && let Some(oldest) = self.ended.pop_front()
            && let Some(known) = &mut self.known
        {
            known.remove(&oldest.0);
        }
    }

    /// Whether the thread has ended and may still be joined.
    pub(super) fn is_joinable(&self, id: ThreadId) -> bool {
        self.get(id).is_some_and(|info| info.last.is_some())
    }

    /// Whether nothing is known of the thread any more.
    pub(super) fn is_forgotten(&self, id: ThreadId) -> bool {
        self.long_ago == Some(id) || self.get(id).is_none()
    }

    /// Tells the recording of all that are known.
    pub(super) fn record(&self) {
        let known = self.known.iter().flatten();
        known.for_each(|(id, info)| info.record(ThreadId(*id)));
    }

    /// Who is named in place of threads that had a slot too long ago.
    pub(super) fn long_ago(&mut self) -> ThreadId {
        if let Some(id) = self.long_ago {
            return id;
        }
        let id = self.add(ThreadInfo::of_task(Some("one of many, long ago".into()), NodeId::ROOT, None));
        self.long_ago = Some(id);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread() -> ThreadInfo {
        ThreadInfo::of_thread(None, NodeId::ROOT, None)
    }

    #[test]
    fn those_that_ended_last_are_known_and_those_that_live() {
        let mut threads = Threads::new();
        let living = threads.add(thread());
        let ended: Vec<ThreadId> = (0..ENDED_KEPT + 10).map(|_| threads.add(thread())).collect();
        ended.iter().for_each(|id| threads.end(*id, None));
        assert!(threads.get(living).is_some());
        assert!(ended[..10].iter().all(|id| threads.get(*id).is_none()));
        assert!(ended[10..].iter().all(|id| threads.get(*id).is_some_and(|info| info.finished)));
    }

    #[test]
    fn who_may_be_joined_is_not_forgotten() {
        let mut threads = Threads::new();
        let head = crate::clock::ThreadClock::new(crate::clock::Slot::new(0), crate::clock::Time::new(1)).release().0;
        let joinable = threads.add(thread());
        threads.end(joinable, Some(head));
        for _ in 0..2 * ENDED_KEPT {
            let id = threads.add(thread());
            threads.end(id, None);
        }
        assert!(threads.take_last(joinable).is_some());
        assert!(threads.take_last(joinable).is_none());
    }
}
