//! Who and what a recording is about: its threads, call stacks, files, tests, and the memory declared harmless.
//!
//! The recorded process's numbers of call stacks are translated to this process's, where the same stack has one number
//! too.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;

use crate::report::attribution::{Charged, TestId, Trial};
use crate::report::model::{Creation, Schedule, ThreadLabel};
use crate::report::ranges::Ranges;
use crate::shadow::Mask;
use crate::shadow::map::GRANULE;
use crate::thread::ThreadId;
use crate::thread::context::{self, NodeId};
use crate::thread::holds::Mark;
use crate::trace::event::{Event, First, ModuleRecord, Part};

/// A file that the recorded process's code came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Where the file was.
    pub path: PathBuf,
    /// Its build id; empty when it had none.
    pub build_id: Vec<u8>,
    /// Its size then, in bytes.
    pub size: u64,
    /// When it had been changed last, in nanoseconds.
    pub modified: u64,
    /// What was added to its addresses.
    pub base: usize,
    /// Where it lay.
    pub range: Range<usize>,
}

#[derive(Debug, Default)]
struct ThreadPast {
    name: Option<String>,
    creation: NodeId,
    is_task: bool,
    finished: bool,
    trial: Option<Trial>,
}

/// What is known of the recorded process so far.
#[derive(Debug)]
pub struct Cast {
    threads: HashMap<ThreadId, ThreadPast>,
    /// As the recording has them.
    nodes: HashMap<NodeId, (NodeId, Part)>,
    /// What they are here.
    translated: HashMap<NodeId, NodeId>,
    modules: Vec<Module>,
    tests: HashMap<u32, TestId>,
    harmless: Ranges,
    /// What the pauses of the process were drawn from.
    pub schedule: Option<Schedule>,
}

impl Cast {
    pub fn new() -> Cast {
        Cast {
            threads: HashMap::new(),
            nodes: HashMap::new(),
            translated: HashMap::from([(NodeId::ROOT, NodeId::ROOT)]),
            modules: Vec::new(),
            tests: HashMap::new(),
            harmless: Ranges::new(),
            schedule: None,
        }
    }

    /// Notes what `event` says of the cast, and returns it with call stacks by their numbers here; `None` when it names one
    /// that is none.
    pub fn note<'a>(&mut self, event: &Event<'a>) -> Option<Event<'a>> {
        match *event {
            Event::Thread { id, creation, is_task, name } => {
                let creation = self.translate(creation)?;
                let past = ThreadPast { name: name.map(str::to_owned), creation, is_task, ..ThreadPast::default() };
                self.threads.insert(id, past);
            }
            Event::Name { id, name } => self.thread(id).name = Some(name.to_owned()),
            Event::Origin { id, creation } => self.thread(id).creation = self.translate(creation)?,
            Event::Trial { id, test, run } => {
                let test = *self.tests.entry(test).or_insert_with(|| TestId::begin(""));
                self.thread(id).trial = Some(Trial { test, run });
            }
            Event::Finished(id) => self.thread(id).finished = true,
            Event::Node { id, caller, part } => {
                self.nodes.insert(id, (caller, part));
            }
            Event::Module(ModuleRecord { path, build_id, size, modified, base, start, end }) => {
                use std::os::unix::ffi::OsStrExt;
                let path = PathBuf::from(std::ffi::OsStr::from_bytes(path));
                let (build_id, range) = (build_id.to_vec(), start..end);
                self.modules.push(Module { path, build_id, size, modified, base, range });
            }
            Event::Schedule(schedule) => self.schedule = Some(schedule),
            Event::Benign { start, end, harmless: true } => self.harmless.add(start..end),
            Event::Benign { start, end, harmless: false } => self.harmless.cut(&(start..end)),
            Event::Access { kind, address, size, site } => {
                return Some(Event::Access { kind, address, size, site: self.translate(site)? });
            }
            Event::Life { address, size, first } => {
                return Some(Event::Life { address, size, first: self.translate_first(first)? });
            }
            Event::Block { start, end, first } => {
                return Some(Event::Block { start, end, first: self.translate_first(first)? });
            }
            _ => {}
        }
        Some(*event)
    }

    fn thread(&mut self, id: ThreadId) -> &mut ThreadPast {
        self.threads.entry(id).or_default()
    }

    fn translate_first(&mut self, first: First) -> Option<First> {
        match first {
            Some((kind, site)) => Some(Some((kind, self.translate(site)?))),
            None => Some(None),
        }
    }

    /// What a node of the recording is here; `None` when it is not defined, or by means of itself.
    fn translate(&mut self, wanted: NodeId) -> Option<NodeId> {
        let mut path = vec![wanted];
        while let Some(&node) = path.last() {
            if self.translated.contains_key(&node) {
                path.pop();
                continue;
            }
            let (caller, part) = *self.nodes.get(&node)?;
            let needed = match part {
                Err(Mark::Chain(other) | Mark::Place(other)) => other,
                _ => NodeId::ROOT,
            };
            let missing = [caller, needed].into_iter().find(|node| !self.translated.contains_key(node));
            if let Some(missing) = missing {
                // Longer than there are nodes, it is a circle.
                if path.len() > self.nodes.len() {
                    return None;
                }
                path.push(missing);
                continue;
            }
            let pc = match part {
                Ok(pc) => pc,
                Err(Mark::Chain(_)) => Mark::Chain(self.translated[&needed]).pc(),
                Err(Mark::Place(_)) => Mark::Place(self.translated[&needed]).pc(),
                Err(lock) => lock.pc(),
            };
            self.translated.insert(node, context::child(self.translated[&caller], pc));
        }
        self.translated.get(&wanted).copied()
    }

    /// The files so far.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// Whether all these bytes of a granule are declared harmless.
    pub fn is_harmless(&self, granule: usize, bytes: Mask) -> bool {
        let mut raced = (0..GRANULE).filter(|byte| bytes.0 & (1 << byte) != 0).map(|byte| granule + byte);
        !self.harmless.is_empty() && raced.all(|address| self.harmless.has(address))
    }

    /// How a thread is named.
    pub fn label(&self, id: ThreadId) -> ThreadLabel {
        let past = self.threads.get(&id);
        let is_task = past.is_some_and(|past| past.is_task);
        ThreadLabel { id, name: past.and_then(|past| past.name.clone()), is_task }
    }

    /// Where a thread came from.
    pub fn creation(&self, id: ThreadId) -> Creation {
        let past = self.threads.get(&id);
        Creation {
            thread: self.label(id),
            finished: past.is_some_and(|past| past.finished),
            stack: past.map_or_else(Vec::new, |past| context::stack(past.creation)),
        }
    }

    /// The tests of two threads.
    pub fn charged(&self, one: ThreadId, other: ThreadId) -> Charged {
        let trial = |id| self.threads.get(&id).and_then(|past: &ThreadPast| past.trial);
        Charged::to(trial(one), trial(other))
    }
}
