//! Function entry and exit, and the start of each instrumented module.

use crate::report::model::Pc;
use crate::thread::call_stack::StackPlace;
use crate::thread::current;

/// The engine starts with the first module's constructor, in the main thread, before `main`.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_init() {
    crate::start::ensure();
    drop(current::enter());
}

// For inlined code: see `crate::inlined`. The same place on the stack, since it is reached by a jump.
super::also! {
    __race_func_entry is __tsan_func_entry;
}

/// [`__tsan_func_exit`] for inlined code.
#[unsafe(no_mangle)]
pub extern "C" fn __race_func_exit() {
    __tsan_func_exit();
}

/// A function was entered that will return to `pc`.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_func_entry(pc: usize) {
    // SAFETY: the hot part is the running thread's own or a placeholder, which has no room and so is not written.
    let kept = unsafe { (*current::hot()).calls.enter(Pc(pc), StackPlace::of_caller()) };
    if !kept {
        enter_cold(Pc(pc), StackPlace::of_caller());
    }
}

/// The innermost function was left.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_func_exit() {
    // SAFETY: as for the entry.
    let popped = unsafe { (*current::hot()).calls.exit() };
    if !popped {
        exit_cold();
    }
}

#[cold]
#[inline(never)]
fn enter_cold(pc: Pc, place: StackPlace) {
    if let Some(mut thread) = current::enter() {
        thread.hot.calls.enter_cold(pc, place);
    }
}

#[cold]
#[inline(never)]
fn exit_cold() {
    if let Some(mut thread) = current::enter() {
        thread.hot.calls.exit_cold();
    }
}
