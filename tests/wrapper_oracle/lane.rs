//! A lane: a thread, or a task that a thread of no matter to the tier polls, one poll a step. It does a step when it is told to,
//! and says when it has done it.
//!
//! It is told by std's own means, which the wrapper tier does not see. Whether a step waits is known when all lanes are at
//! rest: by the kernel's word each of them sleeps or has ended.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::pin::pin;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::{Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

use race::cell::UnsafeCell;
use race::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, fence};
use race::task::{self, End};
use race::thread::JoinHandle;
use race_rt::thread::{ThreadId, current};

use crate::execution::{Execution, LANES, Lane, Object, Operation, Place};
use crate::oracle::Event;
use crate::things::{Held, Things, panic_silently};
use crate::uses::Use;

/// What a lane is told when nothing more is to be done.
const OVER: usize = usize::MAX;

/// What the thread of a lane says of itself.
struct Begun {
    thread: std::thread::Thread,
    /// What the engine knows it by.
    id: ThreadId,
    status: File,
}

/// Whether the lane is a task.
pub fn is_task(lane: Lane) -> bool {
    lane.0 % 3 == 2
}

/// What joins a lane.
pub enum Handle {
    /// Of a thread.
    Thread(JoinHandle<()>),
    /// Of a task: the thread that polls it, and its end.
    Task(std::thread::JoinHandle<()>, End),
}

impl Handle {
    /// Starts a lane, as the doing of the running one.
    pub fn of_new(stage: &'static Stage, lane: Lane) -> Handle {
        if !is_task(lane) {
            return Handle::Thread(race::thread::spawn(move || {
                let mut living = Living::begin(stage, lane);
                while !living.take_turn(None).is_last() {}
            }));
        }
        let mut unborn = Unborn(None);
        let turns = std::future::poll_fn(move |_| {
            let living = unborn.living().get_or_insert_with(|| Living::begin(stage, lane));
            if living.take_turn(None).is_last() { Poll::Ready(()) } else { Poll::Pending }
        });
        let task = task::track(turns);
        let end = task.end();
        let poll = move || {
            let (mut task, mut context) = (pin!(task), Context::from_waker(Waker::noop()));
            while task.as_mut().poll(&mut context).is_pending() {}
        };
        Handle::Task(std::thread::spawn(poll), end)
    }

    /// Waits for its end.
    pub fn join(self) {
        match self {
            Handle::Thread(thread) => thread.join().expect("the lane ends"),
            Handle::Task(thread, end) => {
                thread.join().expect("the lane ends");
                end.joined();
            }
        }
    }
}

/// A lane that begins in the thread which polls it first.
struct Unborn(Option<Living>);

// SAFETY: it goes to another thread only while there is no lane.
unsafe impl Send for Unborn {}

impl Unborn {
    fn living(&mut self) -> &mut Option<Living> {
        &mut self.0
    }
}

/// What lane and director tell each other.
pub struct Post {
    begun: OnceLock<Begun>,
    /// One more than the event that the lane is to do.
    told: AtomicUsize,
    /// The same of the one that it has begun, and done.
    entered: AtomicUsize,
    done: AtomicUsize,
    handle: Mutex<Option<Handle>>,
}

/// All that the lanes of an execution share.
pub struct Stage {
    pub execution: Execution,
    pub things: Things,
    pub posts: [Post; LANES],
    /// Where the arena starts.
    pub arena: usize,
}

impl Post {
    /// Of a lane that has not begun.
    pub const fn new() -> Post {
        Post {
            begun: OnceLock::new(),
            told: AtomicUsize::new(0),
            entered: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            handle: Mutex::new(None),
        }
    }

    /// What the lane says of itself, once its thread runs.
    fn begun(&self) -> &Begun {
        self.begun.wait()
    }

    /// What the engine knows the lane by, once its thread runs.
    pub fn id(&self) -> Option<ThreadId> {
        Some(self.begun.get()?.id)
    }

    /// What joins the lane's thread, if nobody has done it.
    pub fn take_handle(&self) -> Option<Handle> {
        self.handle.lock().expect("nobody panics with it").take()
    }

    /// Keeps what joins the lane's thread.
    pub fn keep_handle(&self, handle: Handle) {
        *self.handle.lock().expect("nobody panics with it") = Some(handle);
    }

    /// Has the lane do a step.
    pub fn tell(&self, event: Event) {
        self.told.store(event + 1, Release);
        self.begun().thread.unpark();
    }

    /// Has the lane end.
    pub fn tell_end(&self) {
        self.told.store(OVER, Release);
        if let Some(begun) = self.begun.get() {
            begun.thread.unpark();
        }
    }

    /// Whether the lane has begun the step.
    pub fn has_entered(&self, event: Event) -> bool {
        self.entered.load(Acquire) == event + 1
    }

    /// Whether the lane has done the step.
    pub fn has_done(&self, event: Event) -> bool {
        self.done.load(Acquire) == event + 1
    }

    /// Whether the kernel says that the thread sleeps, or there is none.
    pub fn is_at_rest(&self) -> bool {
        let Some(begun) = self.begun.get() else { return true };
        let mut text = [0; 256];
        // Of a thread that has ended nothing can be read.
        let Ok(size) = begun.status.read_at(&mut text, 0) else { return true };
        let after_name = text[..size].iter().rposition(|byte| *byte == b')').expect("the name is in brackets");
        text.get(after_name + 2) == Some(&b'S')
    }
}

/// How a lane goes on after a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It waits to be told the next.
    More,
    /// The initialiser that it is in has ended.
    InitialiserEnds,
    /// That by a panic.
    InitialiserPanics,
    /// It was its last.
    Last,
}

impl Turn {
    fn is_last(self) -> bool {
        self == Turn::Last
    }
}

struct Living {
    stage: &'static Stage,
    lane: Lane,
    held: Held<'static>,
    /// What the lane was told last.
    told: usize,
}

impl Living {
    /// The first that the lane does.
    fn begin(stage: &'static Stage, lane: Lane) -> Living {
        // SAFETY: the call has no preconditions.
        let number = unsafe { libc::gettid() };
        let id = current::enter().expect("the engine knows the thread").id();
        let status = File::open(format!("/proc/self/task/{number}/stat")).expect("a thread has a status");
        let begun = Begun { thread: std::thread::current(), id, status };
        assert!(stage.posts[lane.0].begun.set(begun).is_ok(), "a lane lives once");
        Living { stage, lane, held: Held::default(), told: 0 }
    }

    fn post(&self) -> &'static Post {
        &self.stage.posts[self.lane.0]
    }

    fn wait_to_be_told(&mut self) {
        while self.post().told.load(Acquire) == self.told {
            std::thread::park();
        }
        self.told = self.post().told.load(Acquire);
    }

    fn say_done(&self) {
        self.post().done.store(self.told, Release);
    }

    /// Does the next step that it is told to do, and if that begins an initialiser, all up to its end. `within` says which
    /// initialiser this runs in.
    fn take_turn(&mut self, within: Option<Object>) -> Turn {
        self.wait_to_be_told();
        if self.told == OVER {
            return Turn::Last;
        }
        let operation = self.stage.execution.steps()[self.told - 1].operation;
        self.post().entered.store(self.told, Release);
        match operation {
            Operation::Finish => {
                self.say_done();
                return Turn::Last;
            }
            Operation::Use(Use::EndOnce(once)) if within == Some(once) => return Turn::InitialiserEnds,
            Operation::Use(Use::BreakOnce(once)) if within == Some(once) => return Turn::InitialiserPanics,
            Operation::Use(Use::BeginOnce(once)) => {
                let stage = self.stage;
                stage.things.initialise(once, || {
                    self.say_done();
                    if self.take_turns_within(once) == Turn::InitialiserPanics {
                        panic_silently();
                    }
                });
            }
            _ => self.perform(operation),
        }
        if self.told == OVER {
            return Turn::Last;
        }
        self.say_done();
        Turn::More
    }

    fn take_turns_within(&mut self, once: Object) -> Turn {
        loop {
            let turn = self.take_turn(Some(once));
            if turn != Turn::More {
                return turn;
            }
        }
    }

    fn address(&self, at: usize) -> *mut u8 {
        std::ptr::with_exposed_provenance_mut(self.stage.arena + at)
    }

    fn perform(&mut self, operation: Operation) {
        match operation {
            Operation::Access(kind, place) if kind.writes() => self.cell(place).with_mut(|_| ()),
            Operation::Access(_, place) => self.cell(place).with(|_| ()),
            Operation::ReadWrite(place) => self.cell(place).with_mut(|_| ()),
            Operation::Fence(order) => fence(order),
            Operation::ReleaseAt(at) => race::release(self.address(at)),
            Operation::AcquireAt(at) => race::acquire(self.address(at)),
            Operation::Spawn(new) => {
                let handle = Handle::of_new(self.stage, new);
                self.stage.posts[new.0].keep_handle(handle);
            }
            Operation::Join(other) => {
                let handle = self.stage.posts[other.0].take_handle().expect("a lane is joined once");
                handle.join();
            }
            Operation::Use(operation) => self.held.perform(&self.stage.things, operation),
            atomic => self.perform_atomic(atomic),
        }
    }

    /// The bytes as a cell, whose content nobody touches.
    fn cell(&self, place: Place) -> &UnsafeCell<[u8]> {
        let bytes = std::ptr::slice_from_raw_parts(self.address(place.at), place.size);
        // SAFETY: the bytes lie in the arena, and the cell is transparent over them.
        unsafe { &*(bytes as *const UnsafeCell<[u8]>) }
    }

    fn perform_atomic(&self, operation: Operation) {
        let place = operation.place().expect("an atomic operation has a place");
        let address = self.address(place.at);
        macro_rules! perform {
            ($type:ident, $value:ident) => {{
                // SAFETY: the bytes lie in the arena, aligned, and only atomic operations touch them.
                let (variable, value) = unsafe { ($type::from_ptr(address.cast()), address.cast::<$value>().read()) };
                let other = value.wrapping_add(1);
                match operation {
                    Operation::Load(_, order) => drop(variable.load(order)),
                    Operation::Store(_, order) => variable.store(other, order),
                    Operation::Update(_, order) => drop(variable.fetch_add(1, order)),
                    Operation::Exchange(_, success, failure) => {
                        assert!(variable.compare_exchange(value, other, success, failure).is_ok());
                    }
                    Operation::FailedExchange(_, success, failure) => {
                        assert!(variable.compare_exchange(other, value, success, failure).is_err());
                    }
                    other => unreachable!("{other:?} is nothing that this tier can do"),
                }
            }};
        }
        match place.size {
            1 => perform!(AtomicU8, u8),
            2 => perform!(AtomicU16, u16),
            4 => perform!(AtomicU32, u32),
            _ => perform!(AtomicU64, u64),
        }
    }
}
