//! Stacks that the program switches between by itself, with the C library's contexts, and tells a race detector of as C
//! code does.

use std::arch::naked_asm;
use std::ffi::{CStr, c_char, c_int, c_uint};
use std::thread;

use crate::case::{Place, cases, earlier, later};
use crate::invisible::{self, Word};

cases! {
    clean_switch_orders race_switch_without_order clean_fiber_knows_creation race_fibers_on_two_threads
    clean_fiber_moves_between_threads race_fiber_against_thread clean_many_fibers
}

unsafe extern "C" {
    safe fn __tsan_get_current_fiber() -> *mut u8;
    safe fn __tsan_create_fiber(flags: c_uint) -> *mut u8;
    fn __tsan_destroy_fiber(fiber: *mut u8);
    fn __tsan_switch_to_fiber(fiber: *mut u8, flags: c_uint);
    fn __tsan_set_fiber_name(fiber: *mut u8, name: *const c_char);
    fn getcontext(context: *mut Context) -> c_int;
    fn makecontext(context: *mut Context, entry: extern "C" fn(u32, u32), count: c_int, ...);
    fn swapcontext(from: *mut Context, to: *const Context) -> c_int;
}

const ORDERED: c_uint = 0;
const UNORDERED: c_uint = 1;

/// The C library's context, in which the stack is said first of all.
#[repr(C, align(16))]
struct Context {
    flags: u64,
    next: u64,
    stack: usize,
    stack_flags: u64,
    stack_size: usize,
    rest: [u8; 1024],
}

impl Context {
    const fn new() -> Self {
        Self { flags: 0, next: 0, stack: 0, stack_flags: 0, stack_size: 0, rest: [0; 1024] }
    }
}

const STACK: usize = 1 << 18;

/// A stack with a function to run on it. What it says of who resumed it passes invisibly.
struct Fiber {
    engines: Word,
    context: Place<Context>,
    action: fn(&Fiber),
    resumer: Word,
    resumers_context: Word,
    flags: Word,
}

/// Tells the engine of the switch and switches, with no access between that would be charged to the wrong side.
#[unsafe(naked)]
unsafe extern "C" fn switch(fiber: *mut u8, flags: c_uint, from: *mut Context, to: *mut Context) {
    naked_asm!(
        "push rbx", "push r12", "push r13", "mov rbx, rdx", "mov r12, rcx", "call {}", "mov rdi, rbx", "mov rsi, r12",
        "call {}", "pop r13", "pop r12", "pop rbx", "ret", sym __tsan_switch_to_fiber, sym swapcontext
    )
}

extern "C" fn begin(low: u32, high: u32) {
    // SAFETY: `Fiber::new` passes the fiber's address, and the fiber lives.
    let fiber = unsafe { &*((low as usize | (high as usize) << 32) as *const Fiber) };
    (fiber.action)(fiber);
    fiber.leave();
    unreachable!("nobody resumes a fiber that is done");
}

impl Fiber {
    /// Lives to the end of the process.
    fn new(name: &CStr, action: fn(&Fiber)) -> &'static Fiber {
        let words = [const { Word::new() }; 4];
        let [engines, resumer, resumers_context, flags] = words;
        let context = Place::new(Context::new());
        let fiber: &Fiber = Box::leak(Box::new(Fiber { engines, context, action, resumer, resumers_context, flags }));
        let address = &raw const *fiber as usize;
        // SAFETY: the context is the fiber's own, its stack is nobody else's, and the entry takes two numbers.
        unsafe {
            assert_eq!(getcontext(fiber.context.address()), 0);
            (*fiber.context.address()).stack = Box::leak(vec![0_u8; STACK].into_boxed_slice()).as_ptr() as usize;
            (*fiber.context.address()).stack_size = STACK;
            makecontext(fiber.context.address(), begin, 2, address as u32, (address >> 32) as u32);
        }
        fiber.engines.set(__tsan_create_fiber(0) as usize);
        // SAFETY: the fiber was just made.
        unsafe { __tsan_set_fiber_name(fiber.engines.get() as *mut u8, name.as_ptr()) };
        fiber
    }

    /// Runs it until it leaves; `flags` hold for both switches.
    fn resume(&self, flags: c_uint) {
        let mut home = Context::new();
        self.resumer.set(__tsan_get_current_fiber() as usize);
        self.resumers_context.set(&raw mut home as usize);
        self.flags.set(flags as usize);
        // SAFETY: nobody runs on the fiber, and the resumer waits.
        unsafe { switch(self.engines.get() as *mut u8, flags, &raw mut home, self.context.address()) };
        assert_eq!(__tsan_get_current_fiber() as usize, self.resumer.get());
    }

    /// Goes back to who resumed it.
    fn leave(&self) {
        assert_eq!(__tsan_get_current_fiber() as usize, self.engines.get());
        let (engines, home) = (self.resumer.get() as *mut u8, self.resumers_context.get() as *mut Context);
        // SAFETY: the resumer waits in its context.
        unsafe { switch(engines, self.flags.get() as c_uint, self.context.address(), home) };
    }

    fn destroy(&self) {
        // SAFETY: nobody runs on the fiber, and nobody will.
        unsafe { __tsan_destroy_fiber(self.engines.get() as *mut u8) };
    }
}

static PLACE: Place<u64> = Place::new(0);

fn write(_: &Fiber) {
    PLACE.write(1);
}

fn write_earlier(_: &Fiber) {
    earlier(|| PLACE.write(1));
}

fn write_later(_: &Fiber) {
    later(|| PLACE.write(1));
}

fn clean_switch_orders() {
    let (one, other) = (Fiber::new(c"one", write), Fiber::new(c"other", write));
    one.resume(ORDERED);
    other.resume(ORDERED);
    PLACE.write(3);
    one.destroy();
    other.destroy();
}

fn race_switch_without_order() {
    let (one, other) = (Fiber::new(c"one", write_earlier), Fiber::new(c"other", write_later));
    one.resume(UNORDERED);
    other.resume(UNORDERED);
    one.destroy();
    other.destroy();
}

fn clean_fiber_knows_creation() {
    PLACE.write(1);
    let fiber = Fiber::new(c"child", write);
    fiber.resume(UNORDERED);
    fiber.destroy();
}

fn race_fibers_on_two_threads() {
    let (one, other) = (Fiber::new(c"one", write_earlier), Fiber::new(c"other", write_later));
    thread::scope(|scope| {
        scope.spawn(move || {
            one.resume(ORDERED);
            invisible::meet(2);
        });
        scope.spawn(move || {
            invisible::wait(1);
            other.resume(ORDERED);
            invisible::advance();
        });
    });
}

fn clean_fiber_moves_between_threads() {
    fn write_twice(fiber: &Fiber) {
        PLACE.write(1);
        fiber.leave();
        PLACE.write(2);
    }
    let fiber = Fiber::new(c"wanderer", write_twice);
    thread::scope(|scope| {
        scope.spawn(move || {
            fiber.resume(UNORDERED);
            invisible::meet(2);
        });
        scope.spawn(move || {
            invisible::wait(1);
            fiber.resume(UNORDERED);
            invisible::advance();
        });
    });
    fiber.destroy();
}

fn race_fiber_against_thread() {
    let fiber = Fiber::new(c"child", write_earlier);
    let thread = thread::spawn(move || {
        fiber.resume(ORDERED);
        invisible::meet(2);
    });
    invisible::wait(1);
    later(|| PLACE.write(2));
    invisible::advance();
    thread.join().unwrap();
}

/// More than there are columns in a clock: a destroyed fiber's is used again.
fn clean_many_fibers() {
    for _ in 0..40_000 {
        let (home, fiber) = (__tsan_get_current_fiber(), __tsan_create_fiber(0));
        // SAFETY: nobody runs on the fiber, which is told of but has no stack of its own.
        unsafe { __tsan_switch_to_fiber(fiber, ORDERED) };
        PLACE.write(PLACE.read() + 1);
        // SAFETY: as above.
        unsafe { __tsan_switch_to_fiber(home, ORDERED) };
        // SAFETY: as above.
        unsafe { __tsan_destroy_fiber(fiber) };
    }
    assert_eq!(PLACE.read(), 40_000);
}
