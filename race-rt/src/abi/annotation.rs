//! What C and C++ programs tell a race detector by calls of their own: the dynamic annotations that Valgrind's tools and
//! ThreadSanitizer know (`Annotate...`), and those of ThreadSanitizer's interface that name an object or a region.
//!
//! A program that brings its own, empty definitions of the dynamic annotations keeps them: ours are weak.
//! Those that only hint at how another detector should work do nothing here: condition variables and queues order through
//! what they are made of.

use std::ffi::{CStr, c_char, c_int, c_long};

use super::annotated_mutex::{self, Hold};
use super::told::{acquires, releases, tell};
use super::with_return_address;
use crate::access::{self, AccessKind};
use crate::report::benign;
use crate::report::model::Pc;
use crate::thread::call_stack::StackPlace;
use crate::thread::ignoring::Ignored;
use crate::thread::registry;

/// Where an annotation stands in the source; not used, since reports have the call stack.
type File = *const c_char;
type Line = c_int;

/// Annotations of one object, `__tsan_acquire` and `__tsan_release` among them.
macro_rules! annotations {
    ($($name:ident($($argument:ident: $kind:ty),*) $body:block)*) => {$(
        #[doc = concat!("`", stringify!($name), "`.")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $name($($argument: $kind),*) $body
    )*};
}

annotations! {
    __tsan_acquire(object: usize) { acquires(object as *const u8); }
    __tsan_release(object: usize) { releases(object as *const u8); }
    AnnotateHappensBefore(_file: File, _line: Line, object: usize) { releases(object as *const u8); }
    AnnotateHappensAfter(_file: File, _line: Line, object: usize) { acquires(object as *const u8); }
    WTFAnnotateHappensBefore(_file: File, _line: Line, object: usize) { releases(object as *const u8); }
    WTFAnnotateHappensAfter(_file: File, _line: Line, object: usize) { acquires(object as *const u8); }

    AnnotateIgnoreReadsBegin(_file: File, _line: Line) { begin(Ignored::Reads); }
    AnnotateIgnoreReadsEnd(_file: File, _line: Line) { end(Ignored::Reads); }
    AnnotateIgnoreWritesBegin(_file: File, _line: Line) { begin(Ignored::Writes); }
    AnnotateIgnoreWritesEnd(_file: File, _line: Line) { end(Ignored::Writes); }
    AnnotateIgnoreSyncBegin(_file: File, _line: Line) { begin(Ignored::Synchronisation); }
    AnnotateIgnoreSyncEnd(_file: File, _line: Line) { end(Ignored::Synchronisation); }
    __tsan_ignore_thread_begin() { tell(|thread| thread.ignore()); }
    __tsan_ignore_thread_end() { tell(|thread| thread.heed()); }

    AnnotateRWLockCreate(_file: File, _line: Line, lock: usize) { annotated_mutex::forget(lock); }
    AnnotateRWLockCreateStatic(_file: File, _line: Line, lock: usize) { annotated_mutex::forget(lock); }
    AnnotateRWLockDestroy(_file: File, _line: Line, lock: usize) { annotated_mutex::forget(lock); }
    AnnotateRWLockAcquired(_file: File, _line: Line, lock: usize, writes: c_long) {
        annotated_mutex::taken(lock, Hold::of_writer(writes != 0));
    }
    AnnotateRWLockReleased(_file: File, _line: Line, lock: usize, writes: c_long) {
        annotated_mutex::given_back(lock, Hold::of_writer(writes != 0));
    }

    AnnotateBenignRaceSized(_file: File, _line: Line, start: usize, size: usize, _why: *const c_char) {
        benign::add(start, size);
    }
    WTFAnnotateBenignRaceSized(_file: File, _line: Line, start: usize, size: usize, _why: *const c_char) {
        benign::add(start, size);
    }
    AnnotateBenignRace(_file: File, _line: Line, start: usize, _why: *const c_char) { benign::add(start, 1); }
    AnnotateExpectRace(_file: File, _line: Line, start: usize, _why: *const c_char) { benign::add(start, 1); }
    AnnotateNewMemory(_file: File, _line: Line, start: usize, size: usize) {
        tell(|thread| thread.forget(start, start.saturating_add(size)));
    }

    AnnotateCondVarWait(_file: File, _line: Line, _condition: usize, _lock: usize) {}
    AnnotateCondVarSignal(_file: File, _line: Line, _condition: usize) {}
    AnnotateCondVarSignalAll(_file: File, _line: Line, _condition: usize) {}
    AnnotateMutexIsNotPHB(_file: File, _line: Line, _lock: usize) {}
    AnnotateMutexIsUsedAsCondVar(_file: File, _line: Line, _lock: usize) {}
    AnnotatePCQCreate(_file: File, _line: Line, _queue: usize) {}
    AnnotatePCQDestroy(_file: File, _line: Line, _queue: usize) {}
    AnnotatePCQPut(_file: File, _line: Line, _queue: usize) {}
    AnnotatePCQGet(_file: File, _line: Line, _queue: usize) {}
    AnnotatePublishMemoryRange(_file: File, _line: Line, _start: usize, _size: usize) {}
    AnnotateUnpublishMemoryRange(_file: File, _line: Line, _start: usize, _size: usize) {}
    AnnotateMemoryIsInitialized(_file: File, _line: Line, _start: usize, _size: usize) {}
    AnnotateMemoryIsUninitialized(_file: File, _line: Line, _start: usize, _size: usize) {}
    AnnotateTraceMemory(_file: File, _line: Line, _start: usize) {}
    AnnotateFlushExpectedRaces(_file: File, _line: Line) {}
    AnnotateFlushState(_file: File, _line: Line) {}
    AnnotateEnableRaceDetection(_file: File, _line: Line, _enable: c_int) {}
    AnnotateNoOp(_file: File, _line: Line, _argument: usize) {}
    __tsan_flush_memory() {}
}

fn begin(ignored: Ignored) {
    tell(|thread| thread.begin_ignoring(ignored));
}

fn end(ignored: Ignored) {
    tell(|thread| thread.end_ignoring(ignored));
}

/// `AnnotateThreadName`: the running thread's name in reports.
///
/// # Safety
/// The name is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn AnnotateThreadName(_file: File, _line: Line, name: *const c_char) {
    if name.is_null() {
        return;
    }
    // SAFETY: the caller's promise.
    let name = unsafe { CStr::from_ptr(name) };
    tell(|thread| registry::set_name(thread.id(), &name.to_string_lossy()));
}

/// `RunningOnValgrind`: not under Valgrind.
#[unsafe(no_mangle)]
pub extern "C" fn RunningOnValgrind() -> c_int {
    0
}

/// `ValgrindSlowdown`: what a program may divide its time limits by.
#[unsafe(no_mangle)]
pub extern "C" fn ValgrindSlowdown() -> f64 {
    10.0
}

/// `ThreadSanitizerQuery`: whether the detector is one that knows nothing but happens-before, as this one is.
///
/// # Safety
/// The question is a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ThreadSanitizerQuery(question: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    c_int::from(unsafe { CStr::from_ptr(question) } == c"pure_happens_before")
}

/// An access of code that is not instrumented, on behalf of the caller whose address it gives.
fn external(object: usize, caller: usize, kind: AccessKind, pc: usize) {
    let place = StackPlace::of_caller();
    tell(|thread| thread.hot.calls.enter_cold(Pc(caller), place));
    access::range(object, 1, kind, Pc(pc));
    tell(|thread| {
        if !thread.hot.calls.exit() {
            thread.hot.calls.exit_cold();
        }
    });
}

extern "C" fn external_read(object: usize, caller: usize, _tag: usize, pc: usize) {
    external(object, caller, AccessKind::Read, pc);
}

extern "C" fn external_write(object: usize, caller: usize, _tag: usize, pc: usize) {
    external(object, caller, AccessKind::Write, pc);
}

with_return_address! {
    __tsan_external_read => external_read, "rcx";
    __tsan_external_write => external_write, "rcx";
}

/// `__tsan_external_register_tag`: the name stands for itself, as reports do not show it.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_external_register_tag(name: *const c_char) -> *const c_char {
    name
}

/// `__tsan_external_register_header`: reports have no such line.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_external_register_header(_tag: usize, _header: *const c_char) {}

/// `__tsan_external_assign_tag`: reports do not show tags.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_external_assign_tag(_object: usize, _tag: usize) {}
