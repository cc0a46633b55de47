//! Forks by system calls that the C library does not know of, whose children are watched like any others; and its `clone`.
//!
//! Containers may refuse `clone3` as if the kernel had none; `clone` takes its place then.

use std::ffi::{c_int, c_long, c_void};
use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::case::{Place, cases, in_order};
use crate::forks::{as_child_of, children_after_the_others, in_child_of};
use crate::invisible;

cases! {
    race_in_child_of_bare_fork race_in_child_of_bare_vfork race_in_child_of_bare_clone race_in_child_of_bare_clone3
    race_in_child_of_clone race_after_bare_fork_in_parent
    clean_bare_child_after_the_others clean_bare_forks_while_others_work clean_bare_calls_that_fail
    clean_clone_with_common_memory
}

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
    fn clone(
        action: extern "C" fn(*mut c_void) -> c_int,
        stack: *mut c_void,
        flags: c_int,
        argument: *mut c_void,
        ...
    ) -> c_int;
}

const SYS_CLONE: c_long = 56;
const SYS_FORK: c_long = 57;
const SYS_VFORK: c_long = 58;
const SYS_CLONE3: c_long = 435;

const EFAULT: i32 = 14;
const EINVAL: i32 = 22;
const ENOSYS: i32 = 38;

const SIGCHLD: c_int = 17;
const CLONE_VM: c_int = 0x100;
const CLONE_VFORK: c_int = 0x4000;

static PLACE: Place<u64> = Place::new(0);

fn bare(number: c_long) -> c_int {
    // SAFETY: a child that is watched may do anything.
    unsafe { syscall(number) as c_int }
}

fn bare_fork() -> c_int {
    bare(SYS_FORK)
}

fn bare_vfork() -> c_int {
    bare(SYS_VFORK)
}

fn bare_clone() -> c_int {
    // SAFETY: as for the fork.
    unsafe { syscall(SYS_CLONE, c_long::from(SIGCHLD), 0usize, 0usize, 0usize, 0usize) as c_int }
}

fn bare_clone3() -> c_int {
    const SIGNAL: usize = 4;
    let mut arguments = [0_u64; 8];
    arguments[SIGNAL] = SIGCHLD as u64;
    // SAFETY: as for the fork.
    let process = unsafe { syscall(SYS_CLONE3, arguments.as_ptr(), size_of_val(&arguments)) as c_int };
    if process == -1 && last_error() == ENOSYS { bare_clone() } else { process }
}

fn last_error() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or_default()
}

const BARE: [fn() -> c_int; 4] = [bare_fork, bare_vfork, bare_clone, bare_clone3];

fn race_here() {
    in_order(|| PLACE.write(1), || PLACE.write(2));
}

fn race_in_child_of_bare_fork() {
    as_child_of(bare_fork, race_here);
}

fn race_in_child_of_bare_vfork() {
    as_child_of(bare_vfork, race_here);
}

fn race_in_child_of_bare_clone() {
    as_child_of(bare_clone, race_here);
}

fn race_in_child_of_bare_clone3() {
    as_child_of(bare_clone3, race_here);
}

/// The end of a new stack.
fn end_of_stack() -> *mut c_void {
    Vec::leak(vec![0_u128; 1 << 14]).as_mut_ptr_range().end.cast()
}

fn race_in_child_of_clone() {
    extern "C" fn child(_: *mut c_void) -> c_int {
        invisible::restart();
        race_here();
        0
    }

    // SAFETY: the stack is the child's own.
    let process = unsafe { clone(child, end_of_stack(), SIGCHLD, std::ptr::null_mut()) };
    let status = crate::forks::ended(process);
    if status != 0 {
        std::process::exit(status);
    }
}

/// The child does not disturb its parent, whose race is the parent's alone.
fn race_after_bare_fork_in_parent() {
    assert_eq!(in_child_of(bare_fork, || PLACE.write(1)), 0);
    race_here();
    assert_eq!(in_child_of(bare_clone, || PLACE.write(1)), 0, "what the parent has reported is none of the child's");
}

fn clean_bare_child_after_the_others() {
    children_after_the_others(&BARE);
}

/// The others have locks of their own, and the allocator's, all the time; the child needs both the engine and the allocator.
fn clean_bare_forks_while_others_work() {
    static STOP: AtomicBool = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let count = Mutex::new(0);
                while !STOP.load(Ordering::Relaxed) {
                    *count.lock().unwrap() += 1;
                    drop(black_box(vec![1_u8; 2000]));
                }
            });
        }
        for turn in 0..20 {
            let status = in_child_of(BARE[turn % BARE.len()], || {
                let blocks: Vec<Vec<u8>> = (1..100).map(|size| black_box(vec![7; size * 40])).collect();
                assert!(blocks.iter().flatten().all(|byte| *byte == 7));
            });
            assert_eq!(status, 0);
        }
        STOP.store(true, Ordering::Relaxed);
    });
}

/// The kernel refuses them, and the program goes on as before.
fn clean_bare_calls_that_fail() {
    let failed = |result: c_long, reasons: [i32; 2]| {
        assert!(result == -1 && reasons.contains(&last_error()), "{result}, {}", last_error());
    };
    let unmapped = std::ptr::without_provenance::<u64>(8);
    // SAFETY: none of them makes a child.
    unsafe {
        failed(syscall(SYS_CLONE3, std::ptr::null::<u64>(), 0usize), [EINVAL, ENOSYS]);
        failed(syscall(SYS_CLONE3, unmapped, 64usize), [EFAULT, ENOSYS]);
        failed(syscall(SYS_CLONE3, usize::MAX, 64usize), [EFAULT, ENOSYS]);
        // A thread that is none: it would have memory of its own.
        failed(syscall(SYS_CLONE, 0x1_0000_usize, 0usize, 0usize, 0usize, 0usize), [EINVAL; 2]);
    }
    clean_bare_child_after_the_others();
}

extern "C" fn child_that_ends(place: *mut c_void) -> c_int {
    // SAFETY: the parent passes its own, and waits.
    unsafe { *place.cast::<u64>() = 7 };
    3
}

fn clean_clone_with_common_memory() {
    let mut place = 0_u64;
    // SAFETY: the stack is the child's own, and the place lives: this thread waits for the child.
    let process =
        unsafe { clone(child_that_ends, end_of_stack(), CLONE_VM | CLONE_VFORK | SIGCHLD, (&raw mut place).cast()) };
    assert_eq!((crate::forks::ended(process), black_box(place)), (3, 7));
    clean_bare_child_after_the_others();
}
