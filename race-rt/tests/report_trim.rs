//! Which frames of a stack a report shows, on stacks as std 1.95 makes them.

use std::cell::Cell;

use race_rt::report::frame::{Frame, Symbolise};
use race_rt::report::model::Pc;
use race_rt::report::trim::{StackRole, shown_frames};

/// Where the engine's source lies.
const ENGINE: &str = env!("CARGO_MANIFEST_DIR");
/// How the debug information names the toolchain's source.
const RUSTC: &str = "/rustc/0123456789abcdef/library/";

/// Stands for a program whose functions are the lines `name @ file`, one per address.
struct Listing(Vec<(String, Option<String>)>, Cell<usize>);

impl Symbolise for Listing {
    fn frames(&self, pc: Pc) -> Vec<Frame> {
        self.1.set(self.1.get() + 1);
        let (function, file) = self.0[pc.0].clone();
        vec![Frame { pc, function: Some(function), file, line: None, column: None, module: None, offset: 0 }]
    }
}

fn shown(role: StackRole, listing: &str) -> Vec<String> {
    let lines = listing.lines().map(str::trim).filter(|line| !line.is_empty());
    let parsed = lines.map(|line| match line.split_once(" @ ") {
        Some((name, file)) => (name.to_owned(), Some(file.replace("LIB/", RUSTC))),
        None => (line.to_owned(), None),
    });
    let symbols = Listing(parsed.collect(), Cell::new(0));
    let stack: Vec<Pc> = (0..symbols.0.len()).map(Pc).collect();
    let frames = shown_frames(&stack, role, &symbols);
    assert_eq!(symbols.1.get(), stack.len(), "each address is looked up once");
    frames.iter().map(|frame| frame.shown_function().to_owned()).collect()
}

const MAIN_ENTRY: &str = "
    app::main @ /home/u/app/src/main.rs
    core::ops::function::FnOnce::call_once @ LIB/core/src/ops/function.rs
    std::sys::backtrace::__rust_begin_short_backtrace @ LIB/std/src/sys/backtrace.rs
    std::rt::lang_start::{{closure}} @ LIB/std/src/rt.rs
    std::panicking::catch_unwind::do_call @ LIB/std/src/panicking.rs
    std::rt::lang_start_internal @ LIB/std/src/rt.rs
    std::rt::lang_start @ LIB/std/src/rt.rs
    main
    __libc_start_call_main @ ./csu/../sysdeps/nptl/libc_start_call_main.h
    __libc_start_main_impl @ ./csu/../csu/libc-start.c
    _start";

const THREAD_ENTRY: &str = "
    std::sys::backtrace::__rust_begin_short_backtrace @ LIB/std/src/sys/backtrace.rs
    std::thread::lifecycle::spawn_unchecked::{{closure}}::{{closure}} @ LIB/std/src/thread/lifecycle.rs
    <core::panic::unwind_safe::AssertUnwindSafe<F> as core::ops::function::FnOnce<()>>::call_once @ LIB/core/src/panic/unwind_safe.rs
    std::panicking::catch_unwind::do_call @ LIB/std/src/panicking.rs
    __rust_try
    std::panicking::catch_unwind @ LIB/std/src/panicking.rs
    std::thread::lifecycle::spawn_unchecked::{{closure}} @ LIB/std/src/thread/lifecycle.rs
    core::ops::function::FnOnce::call_once{{vtable.shim}} @ LIB/core/src/ops/function.rs
    <alloc::boxed::Box<dyn core::ops::function::FnOnce<(), Output = ()> + core::marker::Send> as core::ops::function::FnOnce<()>>::call_once @ LIB/alloc/src/boxed.rs
    std::sys::thread::unix::Thread::new::thread_start @ LIB/std/src/sys/thread/unix.rs
    start_thread @ ./nptl/pthread_create.c
    clone3 @ ./misc/../sysdeps/unix/sysv/linux/x86_64/clone3.S";

const SPAWN: &str = "
    std::sys::thread::unix::Thread::new @ LIB/std/src/sys/thread/unix.rs
    std::thread::lifecycle::spawn_unchecked @ LIB/std/src/thread/lifecycle.rs
    std::thread::builder::Builder::spawn_unchecked @ LIB/std/src/thread/builder.rs
    std::thread::builder::Builder::spawn @ LIB/std/src/thread/builder.rs";

#[test]
fn main_is_the_outermost_frame_of_the_main_thread() {
    let stack = format!("app::work @ /home/u/app/src/main.rs\n{MAIN_ENTRY}");
    assert_eq!(shown(StackRole::Access, &stack), ["app::work", "app::main"]);
}

#[test]
fn main_is_found_without_the_marker() {
    let stack = MAIN_ENTRY.lines().filter(|line| !line.contains("short_backtrace")).collect::<Vec<_>>().join("\n");
    assert_eq!(shown(StackRole::Access, &stack), ["app::main"]);
}

#[test]
fn a_main_written_in_c_stays() {
    let stack = "work @ /home/u/app/main.c\nmain @ /home/u/app/main.c\n__libc_start_call_main\n_start";
    assert_eq!(shown(StackRole::Access, stack), ["work", "main"]);
}

#[test]
fn the_closure_given_to_spawn_is_the_outermost_frame_of_a_thread() {
    let stack = format!("app::main::{{{{closure}}}} @ /home/u/app/src/main.rs\n{THREAD_ENTRY}");
    assert_eq!(shown(StackRole::Access, &stack), ["app::main::{{closure}}"]);
    let unmarked: String = stack
        .lines()
        .filter(|line| !line.contains("short_backtrace"))
        .fold(String::new(), |all, line| all + line + "\n");
    assert_eq!(shown(StackRole::Access, &unmarked), ["app::main::{{closure}}"]);
}

#[test]
fn a_test_ends_where_libtest_calls_it() {
    let stack = format!(
        "app::tests::it @ /home/u/app/src/lib.rs
        app::tests::it::{{{{closure}}}} @ /home/u/app/src/lib.rs
        core::ops::function::FnOnce::call_once @ LIB/core/src/ops/function.rs
        <fn() -> core::result::Result<(), alloc::string::String> as core::ops::function::FnOnce<()>>::call_once @ LIB/core/src/ops/function.rs
        test::__rust_begin_short_backtrace @ LIB/test/src/lib.rs
        test::run_test_in_process::{{closure#0}} @ LIB/test/src/lib.rs
        test::run_test @ LIB/test/src/lib.rs\n{THREAD_ENTRY}"
    );
    assert_eq!(shown(StackRole::Access, &stack), ["app::tests::it", "app::tests::it::{{closure}}"]);
}

#[test]
fn names_without_paths_are_recognised_by_their_files() {
    let stack = "
        {closure#0} @ /home/u/app/src/main.rs
        __rust_begin_short_backtrace<app::main::{closure_env#0}, ()> @ LIB/std/src/sys/backtrace.rs
        {closure#0}<app::main::{closure_env#0}, ()> @ LIB/std/src/thread/lifecycle.rs";
    assert_eq!(shown(StackRole::Access, stack), ["{closure#0}"]);
    let spawn = "
        <std::sys::thread::unix::Thread>::new @ LIB/std/src/sys/thread/unix.rs
        spawn_unchecked<app::main::{closure_env#0}, ()> @ LIB/std/src/thread/builder.rs
        spawn<app::main::{closure_env#0}, ()> @ LIB/std/src/thread/functions.rs
        main @ /home/u/app/src/main.rs
        call_once<fn(), ()> @ LIB/core/src/ops/function.rs
        __rust_begin_short_backtrace<fn(), ()> @ LIB/std/src/sys/backtrace.rs";
    assert_eq!(shown(StackRole::Spawn, spawn), ["spawn<app::main::{closure_env#0}, ()>", "main"]);
}

#[test]
fn of_a_spawn_the_function_the_user_called_is_first() {
    let user = "app::start @ /home/u/app/src/main.rs";
    let builder = format!("{SPAWN}\n{user}\n{MAIN_ENTRY}");
    assert_eq!(shown(StackRole::Spawn, &builder), ["std::thread::builder::Builder::spawn", "app::start", "app::main"]);
    let plain =
        format!("{SPAWN}\nstd::thread::functions::spawn @ LIB/std/src/thread/functions.rs\n{user}\n{MAIN_ENTRY}");
    assert_eq!(shown(StackRole::Spawn, &plain), ["std::thread::functions::spawn", "app::start", "app::main"]);
}

#[test]
fn a_scope_around_a_spawn_stays() {
    let stack = format!(
        "std::thread::lifecycle::spawn_unchecked @ LIB/std/src/thread/lifecycle.rs
        std::thread::scoped::<impl std::thread::builder::Builder>::spawn_scoped @ LIB/std/src/thread/scoped.rs
        std::thread::scoped::Scope::spawn @ LIB/std/src/thread/scoped.rs
        app::main::{{{{closure}}}} @ /home/u/app/src/main.rs
        std::thread::scoped::scope @ LIB/std/src/thread/scoped.rs\n{MAIN_ENTRY}"
    );
    let expected =
        ["std::thread::scoped::Scope::spawn", "app::main::{{closure}}", "std::thread::scoped::scope", "app::main"];
    assert_eq!(shown(StackRole::Spawn, &stack), expected);
}

#[test]
fn a_thread_made_by_the_program_itself_starts_with_its_caller() {
    assert_eq!(shown(StackRole::Spawn, "app::raw @ /home/u/app/src/main.rs"), ["app::raw"]);
    let stack = "pthread_create\napp::raw @ /home/u/app/src/main.rs";
    assert_eq!(shown(StackRole::Spawn, stack), ["pthread_create", "app::raw"]);
}

#[test]
fn the_library_is_hidden_at_both_ends_only() {
    let library = "/home/u/.cargo/registry/src/index-0f/race-detector-0.1.0/src";
    let stack = format!(
        "race_rt::access::record @ /home/u/.cargo/registry/src/index-0f/race-rt-0.1.0/src/access.rs
        <race::cell::UnsafeCell<u8>>::with @ {library}/cell.rs
        core::ops::function::FnOnce::call_once @ LIB/core/src/ops/function.rs
        race::cell::Cell<T>::set @ {library}/cell.rs
        app::inner @ /home/u/app/src/main.rs
        race::cell::UnsafeCell<T>::with_mut @ {library}/cell.rs
        app::main::{{{{closure}}}} @ /home/u/app/src/main.rs
        core::ops::function::FnOnce::call_once @ LIB/core/src/ops/function.rs
        std::panic::catch_unwind @ LIB/std/src/panic.rs
        race::thread::spawn::{{{{closure}}}} @ {library}/thread.rs\n{THREAD_ENTRY}"
    );
    let expected = ["app::inner", "race::cell::UnsafeCell<T>::with_mut", "app::main::{{closure}}"];
    assert_eq!(shown(StackRole::Access, &stack), expected);
}

#[test]
fn the_library_is_recognised_by_its_files_where_names_have_no_path() {
    let (workspace, _) = ENGINE.rsplit_once('/').expect("the engine lies in a directory");
    let stack = format!(
        "record @ {ENGINE}/src/access/mod.rs
        record @ /home/u/.cargo/registry/src/index-0f/race-rt-0.1.0/src/access/mod.rs
        with<u8> @ {workspace}/src/cell.rs
        set<u8> @ /vendor/race-detector/src/cell.rs
        inner @ {ENGINE}/tests/program.rs"
    );
    assert_eq!(shown(StackRole::Access, &stack), ["inner"]);
}

#[test]
fn a_spawn_through_the_library_shows_its_public_function() {
    let stack = "
        race_rt::thread::spawned @ /clone/race-rt/src/thread.rs
        race::thread::spawn @ /vendor/race-detector/src/thread.rs
        app::main @ /home/u/app/src/main.rs";
    assert_eq!(shown(StackRole::Spawn, stack), ["race::thread::spawn", "app::main"]);
    let bare = "race_rt::thread::spawned @ /clone/race-rt/src/thread.rs\napp::main @ /home/u/app/src/main.rs";
    assert_eq!(shown(StackRole::Spawn, bare), ["app::main"]);
}

#[test]
fn a_program_that_is_called_race_is_not_the_library() {
    let stack = "race::work @ /home/u/race/src/main.rs\nrace::main @ /home/u/race/src/main.rs";
    assert_eq!(shown(StackRole::Access, stack), ["race::work", "race::main"]);
}

#[test]
fn std_functions_that_the_program_called_stay() {
    let stack = format!(
        "core::ptr::write @ LIB/core/src/ptr/mod.rs\nalloc::vec::Vec::push @ LIB/alloc/src/vec/mod.rs\n{MAIN_ENTRY}"
    );
    assert_eq!(shown(StackRole::Access, &stack), ["core::ptr::write", "alloc::vec::Vec::push", "app::main"]);
}

#[test]
fn a_stack_with_nothing_else_is_not_emptied() {
    let library = "race_rt::access::record\nrace_rt::thread::site";
    assert_eq!(shown(StackRole::Access, &format!("{library}\ncore::ptr::read")).len(), 1);
    assert_eq!(shown(StackRole::Access, &format!("{library}\n_start")), ["race_rt::access::record"]);
    let marker = ["std::sys::backtrace::__rust_begin_short_backtrace"];
    assert_eq!(shown(StackRole::Access, THREAD_ENTRY), marker);
    assert_eq!(shown(StackRole::Access, &format!("{library}\n{THREAD_ENTRY}")), marker);
    assert_eq!(shown(StackRole::Spawn, "race_rt::thread::spawned"), ["race_rt::thread::spawned"]);
    assert!(shown(StackRole::Access, "").is_empty());
}
