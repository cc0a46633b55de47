//! Has an execution done by threads, and collects what the engine finds.
//!
//! Guarantees: one lane runs at a time, in the order of the steps; a lane whose wait is over has returned from it before the
//! next step begins. Each race that the engine shows its observer is in the result, with the step at which it was shown.
//! A race on memory that is no cell is one on the object that the step is about.

use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use race_rt::access::AccessKind;
use race_rt::report::gather;
use race_rt::shadow::granule::Entry;
use race_rt::shadow::map::GRANULE;
use race_rt::thread::context::NodeId;
use race_rt::thread::{Thread, ThreadId, registry};

use crate::execution::{ARENA, Execution, LANES, Lane, Operation};
use crate::found::Found;
use crate::lane::{Handle, Post, Stage};
use crate::oracle::Event;
use crate::things::Things;

/// What the observer is shown.
struct Shown {
    address: usize,
    kind: AccessKind,
    mask: u8,
    other_kind: AccessKind,
    other: ThreadId,
}

static SHOWN: Mutex<Vec<Shown>> = Mutex::new(Vec::new());

fn observe(_: &Thread, address: usize, kind: AccessKind, _: NodeId, other: Entry) {
    let (mask, other_kind) = (other.word.mask().0, other.word.kind());
    let other = registry::owner_of(other.word.epoch());
    SHOWN.lock().expect("nobody panics with it").push(Shown { address, kind, mask, other_kind, other });
}

/// Memory that executions are about. One at a time: what is found has one place to be put.
pub struct Arena {
    memory: Box<[u64]>,
}

impl Arena {
    /// A new one.
    pub fn new() -> Arena {
        static STARTED: OnceLock<()> = OnceLock::new();
        STARTED.get_or_init(|| {
            race_rt::start::default_to("perturb=off atexit_sleep_ms=0", "the options of this test");
            gather::observe(observe);
        });
        Arena { memory: vec![0; ARENA / size_of::<u64>()].into() }
    }

    /// What the engine finds in `execution`.
    pub fn play(&mut self, execution: &Execution) -> Vec<Found> {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        SHOWN.lock().expect("nobody panics with it").clear();
        let arena = self.memory.as_mut_ptr().expose_provenance();
        race::forget(std::ptr::with_exposed_provenance(arena), ARENA);
        let stage = Box::into_raw(Box::new(Stage {
            execution: execution.clone(),
            things: Things::new(),
            posts: [const { Post::new() }; LANES],
            arena,
        }));
        // SAFETY: the stage is there, and nobody changes it.
        let found = direct(unsafe { &*stage });
        // SAFETY: it came from the box above, and the threads that used it have been joined.
        drop(unsafe { Box::from_raw(stage) });
        found
    }
}

fn direct(stage: &'static Stage) -> Vec<Found> {
    let mut found = Vec::new();
    let mut waits: [Event; LANES] = [0; LANES];
    stage.posts[0].keep_handle(Handle::of_new(stage, Lane(0)));
    let steps = stage.execution.steps().iter().zip(stage.execution.effects());
    for (event, (step, effect)) in steps.enumerate() {
        let (lane, post) = (step.lane.0, &stage.posts[step.lane.0]);
        if step.operation == Operation::Resume {
            assert!(post.has_done(waits[lane]), "step {} still waits at step {event}", waits[lane]);
            continue;
        }
        post.tell(event);
        wait_until(event, || post.has_entered(event));
        if let Operation::Spawn(new) = step.operation {
            wait_until(event, || stage.posts[new.0].id().is_some());
        }
        // Twice: who slept at the first look for want of a lock within the objects may have got it since.
        let are_at_rest = || stage.posts.iter().chain(&stage.posts).all(Post::is_at_rest);
        wait_until(event, are_at_rest);
        assert_eq!(post.has_done(event), !effect.waits, "whether step {event} returns");
        if effect.waits {
            waits[lane] = event;
        }
        found.extend(SHOWN.lock().expect("nobody panics with it").drain(..).map(|shown| told(stage, event, shown)));
    }
    stage.posts.iter().for_each(Post::tell_end);
    for post in &stage.posts {
        if let Some(handle) = post.take_handle() {
            handle.join();
        }
    }
    found
}

/// How long a step may take on a busy machine.
const LONGEST: Duration = Duration::from_secs(300);

fn wait_until(event: Event, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < LONGEST, "step {event} takes for ever");
        std::thread::yield_now();
    }
}

fn told(stage: &Stage, event: Event, shown: Shown) -> Found {
    let step = stage.execution.steps()[event];
    let granule = shown.address / GRANULE * GRANULE;
    let bytes = (0..GRANULE).filter(|bit| shown.mask >> bit & 1 == 1).map(|bit| granule + bit);
    let bytes = match granule.checked_sub(stage.arena) {
        Some(distance) if distance < ARENA => bytes.map(|byte| byte - stage.arena).collect(),
        _ if step.operation.tells_of_misuse() => step.operation.place().into_iter().map(|place| place.at).collect(),
        _ => vec![usize::MAX],
    };
    let is_other = |post: &Post| post.id() == Some(shown.other);
    Found {
        event,
        kind: shown.kind,
        bytes,
        site: step.site,
        other_site: None,
        other_kind: shown.other_kind,
        other_lane: stage.posts.iter().position(is_other).map(Lane),
    }
}
