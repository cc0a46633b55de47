//! Forks: the child goes on with one thread and is watched like its parent.
//!
//! A fork copies the memory as it is, with the engine's locks as other threads hold them at that moment, and those threads
//! do not come along. So the forking thread first waits until the engine is at work for nobody:
//!
//! ```text
//! forking thread                              every other, at each event
//! say that a fork is under way                say "inside"
//! a memory barrier on all processors          is a fork under way? then "outside", and wait for its end
//! wait until nobody is inside                 ...
//! fork                                        say "outside"
//! ```
//!
//! The C library calls the three parts around its `fork`. Of a fork by a bare system call it knows nothing, nor does it keep
//! its allocator's locks then; but who is in the allocator is inside ([`crate::abi::malloc`]). Those calls come in by
//! [`around`], or by its parts.
//!
//! The barrier is the kernel's (`membarrier`), so that the others need none. In the child every other thread has ended. The
//! copy was taken after all that they had done, so that counts as ordered before all that the child does.
//!
//! Guarantees: the child finds the engine's data whole and no lock held. Can miss: a child is not watched, and says so,
//! where the kernel has no such barrier, when others stay at work for longer than [`PATIENCE`] (a report that waits for
//! its reader), when a signal's handler forks that has interrupted the engine, and when a logical task forks, or a fiber
//! among several threads.

use std::cell::UnsafeCell;
use std::time::{Duration, Instant};

#[cfg(feature = "whole-program")]
use libc::c_long;

use super::presence::Presence;
use super::registry::{self, Frozen};
use super::{Thread, current};
#[cfg(feature = "whole-program")]
use crate::abi::{pthread::Names, reserve, signal};
use crate::counters::COUNTERS;
use crate::report::gather;
use crate::start;
use crate::sys::atomic::Ordering::{Relaxed, SeqCst};
use crate::sys::atomic::{AtomicBool, AtomicUsize, compiler_fence};
use crate::sys::barrier;
#[cfg(feature = "whole-program")]
use crate::sys::errno;
use crate::sys::spin::wait_while;
use crate::trace;

/// How long a fork waits for the engine's work for other threads.
const PATIENCE: Duration = Duration::from_secs(10);

/// A fork is under way.
static UNDERWAY: AtomicBool = AtomicBool::new(false);
/// Threads for which the engine is at work though they have no state.
static STATELESS: AtomicUsize = AtomicUsize::new(0);

/// What the forking thread keeps from its preparation to the end of the fork.
struct Preparation {
    /// The engine was at work for nobody else. The registry stays as it is then.
    frozen: Option<Frozen>,
    /// Whether the engine was made to look away from the forking thread, and not at work for it before.
    entered: bool,
    /// Nothing is being recorded.
    trace: Option<trace::Held>,
    #[cfg(feature = "whole-program")]
    names: Names,
    /// The engine's allocator. The first to be given back, as the rest needs it.
    #[cfg(feature = "whole-program")]
    blocks: Option<reserve::Held>,
}

struct Prepared(UnsafeCell<Option<Preparation>>);

// SAFETY: only the thread that has set `UNDERWAY` uses it.
unsafe impl Sync for Prepared {}

static PREPARED: Prepared = Prepared(UnsafeCell::new(None));

/// Called by who is "inside": whether a fork is under way that might not have seen it.
#[inline(always)]
pub(super) fn is_underway() -> bool {
    compiler_fence(SeqCst);
    UNDERWAY.load(Relaxed)
}

/// Called with `presence` "inside": returns when no fork is under way that might not have seen it.
#[inline(always)]
pub(super) fn let_pass(presence: &Presence) {
    if is_underway() {
        wait_outside(presence);
    }
}

#[cold]
#[inline(never)]
fn wait_outside(presence: &Presence) {
    while UNDERWAY.load(Relaxed) {
        presence.leave();
        wait_while(|| UNDERWAY.load(Relaxed));
        presence.enter();
        compiler_fence(SeqCst);
    }
}

/// The engine at work for a thread without a state, until dropped.
pub(super) struct Stateless;

impl Stateless {
    /// Waits for the end of a fork. Not to be called while the engine is at work for the thread already.
    pub(super) fn begin() -> Stateless {
        STATELESS.fetch_add(1, SeqCst);
        while UNDERWAY.load(SeqCst) {
            STATELESS.fetch_sub(1, SeqCst);
            wait_while(|| UNDERWAY.load(Relaxed));
            STATELESS.fetch_add(1, SeqCst);
        }
        Stateless
    }
}

impl Drop for Stateless {
    fn drop(&mut self) {
        STATELESS.fetch_sub(1, SeqCst);
    }
}

/// Registers what is to happen around forks.
pub(crate) fn install() {
    barrier::register();
    // SAFETY: the handlers have the right type and live as long as the process.
    unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) };
}

/// Runs `fork`, a system call that is one and of which the C library knows nothing: in the child it returns zero, on the
/// same stack.
#[cfg(feature = "whole-program")]
pub(crate) fn around(fork: impl FnOnce() -> c_long) -> c_long {
    errno::keep(|| prepare());
    let result = fork();
    errno::keep(|| if result == 0 { in_child() } else { in_parent() });
    result
}

/// A fork is about to be made.
pub(crate) extern "C" fn prepare() {
    // A bare one may be the first that the engine hears of the process.
    start::ensure();
    // First, because who has them may be about to enter the engine.
    #[cfg(feature = "whole-program")]
    let names = Names::lock();
    begin();
    let entered = current::look_away();
    let frozen = if entered { freeze() } else { None };
    // SAFETY: this thread has set `UNDERWAY`.
    unsafe {
        *PREPARED.0.get() = Some(Preparation {
            frozen,
            entered,
            trace: Some(trace::hold()),
            #[cfg(feature = "whole-program")]
            names,
            #[cfg(feature = "whole-program")]
            blocks: Some(reserve::hold()),
        });
    }
}

/// Sets `UNDERWAY`, which no other thread has set then.
fn begin() {
    while UNDERWAY.swap(true, SeqCst) {
        wait_while(|| UNDERWAY.load(Relaxed));
    }
}

fn freeze() -> Option<Frozen> {
    let own = current::hot().cast::<Thread>();
    // What is not watched may find the registry as another thread held it that did not come along.
    let cannot_tell = !barrier::on_all_processors() && registry::live_hint() > 1;
    if cannot_tell || current::is_unwatched() {
        return None;
    }
    let end = Instant::now() + PATIENCE;
    loop {
        if STATELESS.load(SeqCst) == 0
            // SAFETY: it is the running thread's.
            && let Some(frozen) = unsafe { registry::freeze(own) }
        {
            return Some(frozen);
        }
        if Instant::now() > end {
            return None;
        }
        std::thread::yield_now();
    }
}

/// What was prepared, with the engine's allocator free again.
fn prepared() -> Option<Preparation> {
    // SAFETY: this thread has set `UNDERWAY`.
    let preparation = unsafe { (*PREPARED.0.get()).take() };
    #[cfg(feature = "whole-program")]
    let preparation = preparation.map(|mut preparation| {
        drop(preparation.blocks.take());
        preparation
    });
    preparation
}

/// It was made, or failed: in the parent.
pub(crate) extern "C" fn in_parent() {
    let Some(preparation) = prepared() else { return };
    let entered = preparation.entered;
    UNDERWAY.store(false, SeqCst);
    drop(preparation);
    if entered {
        current::look_back();
    }
}

/// It was made: in the child.
pub(crate) extern "C" fn in_child() {
    let Some(mut preparation) = prepared() else { return };
    let entered = preparation.entered;
    let frozen = preparation.frozen.take();
    let is_whole = frozen.is_some();
    let is_watched = is_whole || registry::live_hint() <= 1;
    if let Some(held) = preparation.trace.take() {
        held.go_on_in_child(is_watched);
    }
    if let Some(frozen) = frozen {
        // SAFETY: it is the running thread's.
        unsafe { frozen.end_others(current::hot().cast()) };
        gather::forget_reports();
        COUNTERS.reset();
    }
    #[cfg(feature = "whole-program")]
    preparation.names.forget();
    STATELESS.store(0, SeqCst);
    UNDERWAY.store(false, SeqCst);
    drop(preparation);
    #[cfg(feature = "whole-program")]
    signal::discard();
    if entered {
        current::look_back();
    }
    if !is_watched {
        current::stop_watching();
        start::sink().write("race: this forked child is not watched: other threads were at work in the detector\n");
    }
}
