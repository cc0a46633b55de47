//! Stacks of this very program, symbolised and trimmed as a report shows them.

use std::sync::{Mutex, PoisonError};
use std::thread;

use race_rt::report::frame::{Frame, Symbolise};
use race_rt::report::model::{Pc, Stack};
use race_rt::report::symbol::Symboliser;
use race_rt::report::trim::{StackRole, shown_frames};

/// The return addresses from here outwards, this function's own frame first.
#[inline(never)]
fn record() -> Stack {
    let mut stack = Vec::new();
    backtrace::trace(|frame| {
        stack.push(Pc(frame.ip() as usize));
        true
    });
    stack.retain(|pc| pc.0 != 0);
    // The frames of the `backtrace` crate are not of the program's stack.
    let symbols = Symboliser::new();
    let own = stack
        .iter()
        .position(|&pc| symbols.frames(pc).iter().any(|frame| frame.shown_function().ends_with("::record")));
    stack.split_off(own.expect("this function is on its own stack"))
}

fn shown(stack: &[Pc], role: StackRole) -> Vec<Frame> {
    shown_frames(stack, role, &Symboliser::new())
}

fn functions(frames: &[Frame]) -> Vec<&str> {
    frames.iter().map(Frame::shown_function).collect()
}

#[inline(always)]
fn inlined_inner() -> (Stack, u32) {
    (record(), line!())
}

#[inline(always)]
fn inlined_outer() -> (Stack, u32, u32) {
    let (stack, inner) = inlined_inner();
    (stack, inner, line!() - 1)
}

#[test]
fn a_thread_shows_its_closure_and_nothing_outward_of_it() {
    let stack = thread::Builder::new()
        .name("named".into())
        .spawn(|| std::hint::black_box(record()))
        .expect("a thread")
        .join()
        .expect("no panic");
    let frames = shown(&stack, StackRole::Access);
    let expected =
        ["report_symbols::record", "report_symbols::a_thread_shows_its_closure_and_nothing_outward_of_it::{{closure}}"];
    assert_eq!(functions(&frames), expected);
}

#[test]
fn a_test_ends_with_the_closure_that_libtest_calls() {
    let frames = shown(&record(), StackRole::Access);
    let own = "report_symbols::a_test_ends_with_the_closure_that_libtest_calls";
    assert_eq!(functions(&frames), ["report_symbols::record", own, &format!("{own}::{{{{closure}}}}")]);
}

#[test]
fn inlined_calls_are_expanded_with_their_own_lines() {
    let (stack, inner, outer) = inlined_outer();
    let frames = shown(&stack, StackRole::Access);
    let place = |name: &str| frames.iter().position(|frame| frame.shown_function() == name).expect(name);
    let (first, second) = (place("report_symbols::inlined_inner"), place("report_symbols::inlined_outer"));
    assert_eq!(second, first + 1);
    assert_eq!((frames[first].line, frames[second].line), (Some(inner), Some(outer)));
    assert_eq!(frames[first].pc, frames[second].pc, "one address yields both");
    assert_eq!(frames[first].offset, frames[second].offset);
    assert!(frames[first].file.as_deref().is_some_and(|file| file.ends_with("tests/report_symbols.rs")));
    assert!(frames[first].column.is_some());
}

#[test]
fn names_carry_no_hash() {
    for frame in record().iter().flat_map(|&pc| Symboliser::new().frames(pc)) {
        let name = frame.shown_function();
        let hash = name
            .rsplit_once("::h")
            .is_some_and(|(_, hash)| hash.len() == 16 && hash.chars().all(|c| c.is_ascii_hexdigit()));
        assert!(!hash, "{name}");
    }
}

/// The stack that `pthread_create` below was called with last.
static SPAWN_STACK: Mutex<Stack> = Mutex::new(Vec::new());
/// One test at a time looks at it.
static ONE_SPAWN: Mutex<()> = Mutex::new(());
thread_local! {
    /// Whether a spawn of this thread is to be recorded.
    static RECORDING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

type Start = extern "C" fn(*mut libc::c_void) -> *mut libc::c_void;
type Create = unsafe extern "C" fn(*mut libc::pthread_t, *const libc::pthread_attr_t, Start, *mut libc::c_void) -> i32;

/// Stands before libc's function of that name, as a detector does.
///
/// # Safety
///
/// As libc's.
#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: Start,
    argument: *mut libc::c_void,
) -> i32 {
    if RECORDING.get() {
        // Without `record` and this function, whose frames a detector does not have.
        *SPAWN_STACK.lock().unwrap_or_else(PoisonError::into_inner) = record().split_off(2);
    }
    // SAFETY: the name is a C string; `RTLD_NEXT` finds libc's function behind this one.
    let next = unsafe { libc::dlsym(libc::RTLD_NEXT, c"pthread_create".as_ptr()) };
    assert!(!next.is_null(), "libc has the function");
    // SAFETY: libc's function has this signature.
    let next = unsafe { std::mem::transmute::<*mut libc::c_void, Create>(next) };
    // SAFETY: the arguments are passed on from the caller.
    unsafe { next(thread, attributes, start, argument) }
}

/// The shown stack of the spawn in `action`.
fn spawn_stack(action: impl FnOnce()) -> Vec<Frame> {
    let _only = ONE_SPAWN.lock().unwrap_or_else(PoisonError::into_inner);
    RECORDING.set(true);
    action();
    RECORDING.set(false);
    let stack = std::mem::take(&mut *SPAWN_STACK.lock().unwrap_or_else(PoisonError::into_inner));
    shown(&stack, StackRole::Spawn)
}

#[test]
fn a_spawn_starts_with_the_function_that_was_called() {
    let frames = spawn_stack(|| thread::spawn(|| ()).join().expect("no panic"));
    let closure = "report_symbols::a_spawn_starts_with_the_function_that_was_called::{{closure}}";
    assert_eq!(functions(&frames)[..2], ["std::thread::functions::spawn", closure]);
    assert!(frames[0].shown_file("").starts_with("library/std/src/thread/"), "{:?}", frames[0]);
}

#[test]
fn a_spawn_by_a_builder_starts_with_the_builder() {
    let frames = spawn_stack(|| thread::Builder::new().spawn(|| ()).expect("a thread").join().expect("no panic"));
    let closure = "report_symbols::a_spawn_by_a_builder_starts_with_the_builder::{{closure}}";
    assert_eq!(functions(&frames)[..2], ["std::thread::builder::Builder::spawn", closure]);
}

#[test]
fn a_scoped_spawn_starts_with_the_scope() {
    let frames = spawn_stack(|| {
        thread::scope(|scope| {
            scope.spawn(|| ());
        });
    });
    let closure = "report_symbols::a_scoped_spawn_starts_with_the_scope::{{closure}}::{{closure}}";
    assert_eq!(functions(&frames)[..2], ["std::thread::scoped::Scope::spawn", closure]);
}

#[test]
fn code_of_a_library_has_its_offset_there() {
    let frames = Symboliser::new().frames(Pc(libc::qsort as *const () as usize + 1));
    let [frame] = &frames[..] else { panic!("one frame, not {frames:?}") };
    let module = frame.module.as_deref().expect("a loaded file");
    assert!(module.contains("libc"), "{module}");
    assert!(frame.offset < 1 << 32, "the load address is subtracted");
}

#[test]
fn what_is_looked_up_is_the_call_and_not_where_it_returns_to() {
    // The first byte of a function, as if the function before it ended with a call.
    let start = code_of_a_library_has_its_offset_there as fn() as usize;
    let frames = Symboliser::new().frames(Pc(start + 1));
    let own = "report_symbols::code_of_a_library_has_its_offset_there";
    assert_eq!(functions(&frames).last(), Some(&own));
    assert_ne!(functions(&Symboliser::new().frames(Pc(start))).last(), Some(&own));
}

#[test]
fn an_address_of_nothing_still_yields_a_frame() {
    for address in [0, 1, usize::MAX] {
        let frames = Symboliser::new().frames(Pc(address));
        assert_eq!(functions(&frames), ["<unknown>"]);
        assert_eq!(frames[0].shown_file(""), "<no file>");
    }
}

#[test]
fn the_second_look_says_what_the_first_did() {
    let symbols = Symboliser::new();
    let pc = record()[0];
    assert_eq!(symbols.frames(pc), symbols.frames(pc));
}
