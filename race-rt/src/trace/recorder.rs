//! The recording of this process while it is made: one lock, under which events are put one after the other.
//!
//! Before an event come the definitions that it needs: the nodes of its call stack with the files that their code came
//! from, and whose doing it is. What continues the last event on the granule behind it, by the same state and from the
//! same place, makes that one longer. The lock is the innermost of the engine's: nothing is asked for under it but memory
//! and the loader's list of files.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use hashbrown::HashSet;

use super::StateNumber;
use super::event::{Encoder, Event, First, LONGEST};
use super::file::TraceFile;
use super::header::{self, Header};
use super::loaded;
use crate::access::AccessKind;
use crate::shadow::map::GRANULE;
use crate::sys::{file, memory};
use crate::thread::context::{self, NodeId};
use crate::thread::holds::Mark;

/// A recording being made.
#[derive(Debug)]
pub struct Recorder {
    file: TraceFile,
    encoder: Encoder,
    bytes: Vec<u8>,
    actor: Option<StateNumber>,
    declared: HashSet<StateNumber>,
    nodes: DefinedNodes,
    /// Nodes that are to be defined.
    wanted: Vec<NodeId>,
    modules: Vec<Range<usize>>,
    last: Option<Last>,
}

/// The last event, if it may become longer.
#[derive(Debug)]
struct Last {
    run: Run,
    /// Where it stands in the file, and how what is put there has to be encoded.
    at: u64,
    encoder: Encoder,
}

/// An event on a run of granules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    what: What,
    address: usize,
    size: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Access(AccessKind, NodeId),
    Life(First),
}

impl Run {
    fn of(event: &Event<'_>) -> Option<Run> {
        match *event {
            Event::Access { kind, address, size, site } => Some(Run { what: What::Access(kind, site), address, size }),
            Event::Life { address, size, first } => Some(Run { what: What::Life(first), address, size }),
            _ => None,
        }
    }

    fn event(self) -> Event<'static> {
        let Run { what, address, size } = self;
        match what {
            What::Access(kind, site) => Event::Access { kind, address, size, site },
            What::Life(first) => Event::Life { address, size, first },
        }
    }

    /// Both together, if they are one run.
    fn joined(self, next: Run) -> Option<Run> {
        let end = self.address + self.size;
        let adjoins = end == next.address && end.is_multiple_of(GRANULE) && self.size + next.size <= LONGEST;
        (adjoins && self.what == next.what).then_some(Run { size: self.size + next.size, ..self })
    }
}

impl Recorder {
    /// A recording that goes to `path`; to one with the process's number behind it when another process is writing there.
    ///
    /// # Errors
    /// Which file cannot be written, and why.
    pub fn begin(path: &Path) -> Result<Recorder, (PathBuf, io::Error)> {
        let path = if is_taken(path) { of_process(path) } else { path.to_owned() };
        Recorder::create(&path).map_err(|cause| (path, cause))
    }

    /// The recording of a forked child.
    ///
    /// # Errors
    /// As [`Recorder::begin`].
    pub fn begin_in_child(path: &Path) -> Result<Recorder, (PathBuf, io::Error)> {
        let path = of_process(path);
        Recorder::create(&path).map_err(|cause| (path, cause))
    }

    fn create(path: &Path) -> io::Result<Recorder> {
        let nodes = DefinedNodes::new()?;
        let mut file = TraceFile::create(path)?;
        let header = Header { whole_program: cfg!(feature = "whole-program"), underway: true, process: own_number() };
        file.append(&header.bytes())?;
        Ok(Recorder {
            file,
            encoder: Encoder::default(),
            bytes: Vec::with_capacity(1 << 14),
            actor: None,
            declared: HashSet::default(),
            nodes,
            wanted: Vec::new(),
            modules: Vec::new(),
            last: None,
        })
    }

    /// The end of the recording.
    pub fn end(self) {
        self.file.end(header::UNDERWAY_AT as u64, 0);
    }

    /// Whether the state is one that the recording knows, which it does from now on.
    pub fn declare(&mut self, state: StateNumber) -> bool {
        !self.declared.insert(state)
    }

    /// Puts an event that is `actor`'s doing.
    ///
    /// # Errors
    /// The file cannot be written any more.
    pub fn put(&mut self, actor: StateNumber, event: &Event<'_>) -> io::Result<()> {
        if self.actor != Some(actor) {
            self.append(&Event::Actor(actor))?;
            self.actor = Some(actor);
        }
        self.put_of_nobody(event)
    }

    /// Puts an event that is no state's doing, or that names its own.
    ///
    /// # Errors
    /// As [`Recorder::put`].
    pub fn put_of_nobody(&mut self, event: &Event<'_>) -> io::Result<()> {
        let site = match *event {
            Event::Access { site, .. }
            | Event::Life { first: Some((_, site)), .. }
            | Event::Block { first: Some((_, site)), .. }
            | Event::Thread { creation: site, .. }
            | Event::Origin { creation: site, .. } => site,
            _ => NodeId::ROOT,
        };
        self.define(site)?;
        let run = Run::of(event);
        if let (Some(run), Some(last)) = (run, &self.last)
            && let Some(joined) = last.run.joined(run)
            && self.file.take_back(last.at)
        {
            self.encoder = last.encoder;
            return self.append_run(joined, &joined.event());
        }
        match run {
            Some(run) => self.append_run(run, event),
            None => self.append(event),
        }
    }

    fn append_run(&mut self, run: Run, event: &Event<'_>) -> io::Result<()> {
        let last = Last { run, at: self.file.length(), encoder: self.encoder };
        self.append(event)?;
        self.last = Some(last);
        Ok(())
    }

    fn append(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.last = None;
        self.bytes.clear();
        self.encoder.encode(event, &mut self.bytes);
        self.file.append(&self.bytes)
    }

    /// Puts what is not defined yet of a call stack. A node may come before those that it consists of.
    fn define(&mut self, node: NodeId) -> io::Result<()> {
        self.wanted.push(node);
        while let Some(wanted) = self.wanted.pop() {
            let mut at = wanted;
            while let Some((caller, pc)) = context::parts(at)
                && self.nodes.add(at)
            {
                let part = Mark::of(pc).map_or(Ok(pc), Err);
                match part {
                    Ok(pc) => self.name_module(pc.0)?,
                    Err(Mark::Chain(node) | Mark::Place(node)) => self.wanted.push(node),
                    Err(Mark::Lock(..)) => {}
                }
                self.append(&Event::Node { id: at, caller, part })?;
                at = caller;
            }
        }
        Ok(())
    }

    /// Puts the files with code that are new, if none is known that holds this address.
    fn name_module(&mut self, address: usize) -> io::Result<()> {
        if self.modules.iter().any(|range| range.contains(&address)) {
            return Ok(());
        }
        for loaded in loaded::all() {
            if !self.modules.contains(&loaded.range) {
                self.append(&Event::Module(loaded.record()))?;
                self.modules.push(loaded.range);
            }
        }
        Ok(())
    }
}

fn own_number() -> u32 {
    std::process::id()
}

/// `PATH.<pid>`.
fn of_process(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", own_number()));
    PathBuf::from(name)
}

/// Whether a living process writes its recording there: the one that has started this one, for instance.
fn is_taken(path: &Path) -> bool {
    let is_file = path.metadata().is_ok_and(|found| found.is_file());
    let Some(start) = is_file.then(|| file::read_start::<{ header::SIZE }>(path).ok()).flatten() else { return false };
    Header::read(&start).is_ok_and(|(header, _)| {
        // SAFETY: the signal 0 is none, and only asks for the process.
        let lives = || unsafe { libc::syscall(libc::SYS_kill, header.process as libc::pid_t, 0) } == 0;
        header.underway && header.process != own_number() && lives()
    })
}

/// The nodes that the file has, a bit each.
#[derive(Debug)]
struct DefinedNodes {
    bits: usize,
}

impl DefinedNodes {
    /// Bytes for all numbers that a node can have.
    const SIZE: usize = 1 << (u32::BITS - 3);

    fn new() -> io::Result<DefinedNodes> {
        Ok(DefinedNodes { bits: memory::reserve(DefinedNodes::SIZE)? })
    }

    /// Whether it is a new one.
    fn add(&mut self, node: NodeId) -> bool {
        let bit = 1u8 << (node.0 % 8);
        // SAFETY: the reservation has a bit for each number, zero at first, and is this value's own.
        unsafe {
            let byte = &mut *((self.bits + node.0 as usize / 8) as *mut u8);
            let is_new = *byte & bit == 0;
            *byte |= bit;
            is_new
        }
    }
}

impl Drop for DefinedNodes {
    fn drop(&mut self) {
        // SAFETY: nobody uses it any more.
        unsafe { memory::release(self.bits, DefinedNodes::SIZE) };
    }
}
