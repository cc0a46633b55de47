//! The exact text of reports, from the model down to the last space.

use std::collections::HashMap;

use race_rt::access::AccessKind;
use race_rt::options::{Options, Perturb};
use race_rt::report::frame::{Frame, Symbolise};
use race_rt::report::model::{
    AccessSide, Creation, Fatal, HeldLock, LockKind, Pc, Report, Schedule, Stack, ThreadLabel,
};
use race_rt::report::text::{render, render_fatal};
use race_rt::thread::ThreadId;

/// A program of functions that are named here, one or more (inlined) for an address.
#[derive(Default)]
struct Program(HashMap<Pc, Vec<Frame>>);

impl Program {
    fn with(mut self, pc: usize, function: &str, file: &str, line: u32, column: u32) -> Self {
        let pc = Pc(pc);
        let frame = Frame {
            function: Some(function.into()),
            file: Some(file.into()),
            line: Some(line),
            column: Some(column),
            ..bare(pc)
        };
        self.0.entry(pc).or_default().push(frame);
        self
    }
}

impl Symbolise for Program {
    fn frames(&self, pc: Pc) -> Vec<Frame> {
        self.0.get(&pc).cloned().unwrap_or_else(|| vec![bare(pc)])
    }
}

/// What is known of an address in a library without symbols.
fn bare(pc: Pc) -> Frame {
    Frame {
        pc,
        function: None,
        file: None,
        line: None,
        column: None,
        module: Some("libfoo.so".into()),
        offset: pc.0 - 1,
    }
}

fn program() -> Program {
    Program::default()
        .with(0x1a2c, "app::counter::add", "/home/u/app/src/counter.rs", 12, 9)
        .with(0x1b01, "app::inner", "/home/u/app/src/main.rs", 30, 5)
        .with(0x1b01, "app::outer", "/home/u/app/src/main.rs", 20, 13)
        .with(0x1c01, "app::main", "/home/u/app/src/main.rs", 7, 1)
        .with(0x2001, "std::thread::functions::spawn", "/rustc/0f0f/library/std/src/thread/functions.rs", 131, 20)
}

fn label(id: u32, name: Option<&str>) -> ThreadLabel {
    ThreadLabel { id: ThreadId(id), name: name.map(str::to_owned), is_task: false }
}

fn side(kind: AccessKind, thread: ThreadLabel, stack: &[usize]) -> AccessSide {
    AccessSide { address: 0xc0_0001_2345, kind, thread, stack: stack_of(stack), held: vec![] }
}

fn stack_of(addresses: &[usize]) -> Stack {
    addresses.iter().map(|&address| Pc(address)).collect()
}

fn created(thread: ThreadLabel, finished: bool, stack: &[usize]) -> Creation {
    Creation { thread, finished, stack: stack_of(stack) }
}

fn two_threads() -> Report {
    Report {
        current: side(AccessKind::Write, label(8, Some("worker")), &[0x1a2c, 0x1b01]),
        previous: side(AccessKind::Read, label(7, None), &[0x1a2c]),
        creations: vec![
            created(label(8, Some("worker")), false, &[0x2001, 0x1c01]),
            created(label(7, None), true, &[0x2001, 0x1c01]),
        ],
        schedule: None,
    }
}

#[test]
fn two_threads_with_inlined_calls() {
    let expected = "\
==================
WARNING: DATA RACE
Write at 0x00c000012345 by thread 8 'worker':
  app::counter::add()
      /home/u/app/src/counter.rs:12:9 +0x1a2b
  app::inner()
      /home/u/app/src/main.rs:30:5 +0x1b00
  app::outer()
      /home/u/app/src/main.rs:20:13 +0x1b00

Previous read at 0x00c000012345 by thread 7:
  app::counter::add()
      /home/u/app/src/counter.rs:12:9 +0x1a2b

Thread 8 'worker' (running) created at:
  std::thread::functions::spawn()
      library/std/src/thread/functions.rs:131:20 +0x2000
  app::main()
      /home/u/app/src/main.rs:7:1 +0x1c00

Thread 7 (finished) created at:
  std::thread::functions::spawn()
      library/std/src/thread/functions.rs:131:20 +0x2000
  app::main()
      /home/u/app/src/main.rs:7:1 +0x1c00
==================
";
    assert_eq!(render(&two_threads(), &program(), &Options::default()), expected);
}

#[test]
fn what_the_schedule_was_drawn_from_is_the_last_line() {
    let text = |perturb| {
        let report = Report { schedule: Some(Schedule { perturb, seed: 7 }), ..two_threads() };
        render(&report, &program(), &Options::default())
    };
    let without = render(&two_threads(), &program(), &Options::default());
    let before = without.strip_suffix("==================\n").expect("the closing line");
    assert_eq!(text(Perturb::On), format!("{before}\nSchedule: seed=7\n==================\n"));
    assert_eq!(text(Perturb::Full), format!("{before}\nSchedule: perturb=full seed=7\n==================\n"));
}

#[test]
fn the_locks_held_at_an_access_follow_its_stack() {
    let held = |kind, address, stack: &[usize]| HeldLock { address, kind, stack: stack_of(stack) };
    let mut report = two_threads();
    report.current.held = vec![held(LockKind::Mutex, 0x10, &[0x1c01]), held(LockKind::Write, 0x20, &[0x1a2c])];
    report.previous.held = vec![held(LockKind::Read, 0x20, &[0x1c01])];
    report.creations.clear();
    let expected = "\
==================
WARNING: DATA RACE
Write at 0x00c000012345 by thread 8 'worker':
  app::counter::add()
      /home/u/app/src/counter.rs:12:9 +0x1a2b
  app::inner()
      /home/u/app/src/main.rs:30:5 +0x1b00
  app::outer()
      /home/u/app/src/main.rs:20:13 +0x1b00

Holding mutex 0x000000000010 locked at:
  app::main()
      /home/u/app/src/main.rs:7:1 +0x1c00

Holding rwlock 0x000000000020 (write) locked at:
  app::counter::add()
      /home/u/app/src/counter.rs:12:9 +0x1a2b

Previous read at 0x00c000012345 by thread 7:
  app::counter::add()
      /home/u/app/src/counter.rs:12:9 +0x1a2b

Holding rwlock 0x000000000020 (read) locked at:
  app::main()
      /home/u/app/src/main.rs:7:1 +0x1c00
==================
";
    assert_eq!(render(&report, &program(), &Options::default()), expected);
}

#[test]
fn a_fatal_mistake_is_told_with_its_stacks() {
    let mut fatal = Fatal { message: "unlock of unlocked mutex".into(), stack: stack_of(&[0x1a2c]), locked: None };
    let without = "\
fatal: unlock of unlocked mutex
  app::counter::add()
      /home/u/app/src/counter.rs:12:9 +0x1a2b
";
    assert_eq!(render_fatal(&fatal, &program(), &Options::default()), without);
    fatal.locked = Some(stack_of(&[0x1c01]));
    let with = "
Locked at:
  app::main()
      /home/u/app/src/main.rs:7:1 +0x1c00
";
    assert_eq!(render_fatal(&fatal, &program(), &Options::default()), format!("{without}{with}"));
}

#[test]
fn the_main_thread_has_no_number_no_name_and_no_creation() {
    let main = || label(0, Some("main"));
    let report = Report {
        current: side(AccessKind::Read, main(), &[0x1c01]),
        previous: side(AccessKind::Write, label(3, None), &[0x1a2c]),
        creations: vec![created(main(), false, &[0x1c01]), created(label(3, None), false, &[0x1c01])],
        schedule: None,
    };
    let expected = "\
==================
WARNING: DATA RACE
Read at 0x00c000012345 by main thread:
  app::main()
      /home/u/app/src/main.rs:7:1 +0x1c00

Previous write at 0x00c000012345 by thread 3:
  app::counter::add()
      /home/u/app/src/counter.rs:12:9 +0x1a2b

Thread 3 (running) created at:
  app::main()
      /home/u/app/src/main.rs:7:1 +0x1c00
==================
";
    assert_eq!(render(&report, &program(), &Options::default()), expected);
    let swapped = Report {
        current: report.previous.clone(),
        previous: report.current.clone(),
        creations: vec![],
        schedule: None,
    };
    let text = render(&swapped, &program(), &Options::default());
    assert!(text.contains("\nPrevious read at 0x00c000012345 by main thread:\n"), "{text}");
}

#[test]
fn a_thread_is_created_once_even_if_it_is_told_twice() {
    let mut report = two_threads();
    report.creations.push(report.creations[0].clone());
    assert_eq!(
        render(&report, &program(), &Options::default()),
        render(&two_threads(), &program(), &Options::default())
    );
}

#[test]
fn every_kind_of_access_has_its_words() {
    let words = [
        (AccessKind::Read, "Read", "Previous read"),
        (AccessKind::Write, "Write", "Previous write"),
        (AccessKind::AtomicRead, "Atomic read", "Previous atomic read"),
        (AccessKind::AtomicWrite, "Atomic write", "Previous atomic write"),
        (AccessKind::VolatileRead, "Volatile read", "Previous volatile read"),
        (AccessKind::VolatileWrite, "Volatile write", "Previous volatile write"),
        (AccessKind::Allocate, "Allocation", "Previous allocation"),
        (AccessKind::Free, "Free", "Previous free"),
    ];
    assert_eq!(words.len(), AccessKind::ALL.len());
    for (kind, current, previous) in words {
        let report = Report {
            current: side(kind, label(0, None), &[]),
            previous: side(kind, label(0, None), &[]),
            creations: vec![],
            schedule: None,
        };
        let text = render(&report, &program(), &Options::default());
        let headings: Vec<&str> = text.lines().filter(|line| line.ends_with(':')).collect();
        let by_main = "at 0x00c000012345 by main thread:";
        assert_eq!(headings, [format!("{current} {by_main}"), format!("{previous} {by_main}")]);
    }
}

#[test]
fn what_is_not_known_is_said() {
    let report = Report {
        current: side(AccessKind::Write, label(1, None), &[0x9001]),
        previous: side(AccessKind::Write, label(2, None), &[]),
        creations: vec![created(label(1, None), false, &[])],
        schedule: None,
    };
    let expected = "\
==================
WARNING: DATA RACE
Write at 0x00c000012345 by thread 1:
  <unknown>()
      libfoo.so +0x9000

Previous write at 0x00c000012345 by thread 2:
  [no stack was recorded]

Thread 1 (running) created at:
  [no stack was recorded]
==================
";
    assert_eq!(render(&report, &program(), &Options::default()), expected);
}

#[test]
fn long_addresses_are_whole_and_short_ones_filled_up() {
    let mut report = two_threads();
    report.current.address = 0x7f;
    report.previous.address = 0xffff_8000_0000_0001;
    let text = render(&report, &program(), &Options::default());
    assert!(text.contains("Write at 0x00000000007f by"), "{text}");
    assert!(text.contains("Previous read at 0xffff800000000001 by"), "{text}");
}

#[test]
fn a_name_cannot_break_the_lines() {
    let mut report = two_threads();
    report.current.thread.name = Some("a\n==================\u{1b}[0m ü".into());
    let text = render(&report, &program(), &Options::default());
    assert!(text.contains("by thread 8 'a\\n==================\\u{1b}[0m ü':\n"), "{text}");
    assert_eq!(text.lines().filter(|line| *line == "==================").count(), 2);
}

#[test]
fn paths_are_cut_after_the_text_that_the_option_names() {
    let options = Options { strip_path_prefix: "/main.".into(), ..Options::default() };
    let text = render(&two_threads(), &program(), &options);
    assert!(text.contains("  app::inner()\n      rs:30:5 +0x1b00\n"), "{text}");
    assert!(text.contains("      /home/u/app/src/counter.rs:12:9 +0x1a2b\n"), "{text}");
}
