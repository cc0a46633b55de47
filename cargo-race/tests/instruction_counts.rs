//! How many instructions the runtime's hot paths take: a count that grows is a cost in every program, and no clock that is
//! shared with other work would show it.
//!
//! `tests/whole-program/hot-paths` calls each path between two breakpoints. This test traces it (`ptrace`, which needs no
//! privilege for one's own child), steps from one to the other, and counts what the processor executed, in user space: system
//! calls count as one. Of several rounds in several processes the least counts, so that neither a table that happens to grow nor
//! an unlucky address does. What it cannot see is how long an instruction takes, a cache miss or a locked one.

mod common;
mod whole_program;

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::ptr;

use common::run;
use whole_program::{Profile, Program};

/// What each path takes now, the call itself included. A change that makes one dearer, and is worth it, writes the new figure
/// here; the failing test prints all of them in this form. One that makes one cheaper does so too, to keep it.
const RECORDED: &[(&str, usize)] = &[
    ("read_shared_again", 30),
    ("write_again", 11),
    ("read_again", 11),
    ("write_in_new_step", 118),
    ("write_in_new_step_of_new_call", 252),
    ("write_16_in_new_step", 282),
    ("read_in_new_step", 210),
    ("read_after_write", 262),
    ("write_after_read", 294),
    ("write_of_a_half_in_new_step", 292),
    ("read_beside_two_in_new_step", 440),
    ("read_beside_eight_in_new_step", 714),
    ("read_of_bytes_in_new_step", 467),
    ("write_beside_atomic_in_new_step", 361),
    ("function_entry", 12),
    ("function_exit", 8),
    ("load_relaxed", 80),
    ("load_acquire", 80),
    ("store_release", 209),
    ("add_relaxed", 124),
    ("add_acquire_release", 222),
    ("mutex_lock", 203),
    ("mutex_unlock", 175),
    ("pthread_mutex_lock", 239),
    ("pthread_mutex_unlock", 195),
    ("malloc", 304),
    ("free", 311),
    ("free_of_read", 677),
    ("load_acquire_in_new_step", 300),
    ("first_release_of_new_variable", 584),
    ("second_release_of_new_variable", 885),
    ("first_load_of_new_variable", 1015),
    ("free_of_atomic", 738),
];

/// Processes that are counted. Their addresses are drawn at random, and what a path takes may depend on them a little.
const PROCESSES: usize = 5;

/// What a path may take: a few instructions more than recorded, for what differs from one linked program to the next.
fn bound(recorded: usize) -> usize {
    recorded + 3 + recorded / 25
}

#[test]
fn the_hot_paths_do_not_grow() {
    let program = Program::build("hot-paths", Profile::Release);
    let names = program.cases();
    let mut counts = vec![TOO_MANY; names.len()];
    for _ in 0..PROCESSES {
        let least = Tracer::start(&program).counts();
        assert_eq!(least.keys().copied().collect::<Vec<_>>(), (0..names.len()).collect::<Vec<_>>(), "some did not run");
        for (count, least) in counts.iter_mut().zip(least.into_values()) {
            *count = least.min(*count);
        }
    }
    let counted: Vec<(&str, usize)> = names.iter().map(String::as_str).zip(counts).collect();
    let table: String = counted.iter().map(|(name, count)| format!("    (\"{name}\", {count}),\n")).collect();
    let known: Vec<&str> = RECORDED.iter().map(|(name, _)| *name).collect();
    assert_eq!(known, names, "RECORDED must have these paths:\n{table}");
    let grown: Vec<String> = RECORDED
        .iter()
        .zip(&counted)
        .filter(|((_, recorded), (_, count))| *count > bound(*recorded))
        .map(|((name, recorded), (_, count))| format!("{name}: {count} instructions, {recorded} recorded"))
        .collect();
    assert!(
        grown.is_empty(),
        "hot paths have grown: {grown:#?}; if that is worth it, put what they take into RECORDED:\n{table}"
    );
}

/// A process that this thread traces.
struct Tracer {
    child: Child,
}

/// Why a traced process stands still.
enum Stop {
    Breakpoint,
    Step,
}

/// More than any path takes.
const TOO_MANY: usize = 100_000;

impl Tracer {
    /// The process stands at its first instruction.
    fn start(program: &Program) -> Self {
        let mut command = Command::new(program.path());
        common::clean_environment(&mut command);
        // SAFETY: one system call, which may be made between fork and exec.
        unsafe {
            command.pre_exec(|| match libc::ptrace(libc::PTRACE_TRACEME) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            });
        }
        let child = command.spawn().expect("a process may trace its child, which this test needs");
        let tracer = Self { child };
        assert!(tracer.wait().is_some(), "the process ended at once");
        // A test that fails leaves no process behind.
        let options = ptr::without_provenance_mut(libc::PTRACE_O_EXITKILL as usize);
        tracer.request(libc::PTRACE_SETOPTIONS, options);
        tracer
    }

    /// Steps through all paths; the instructions of the cheapest round of each, by its number.
    fn counts(self) -> BTreeMap<usize, usize> {
        let mut counts = BTreeMap::new();
        loop {
            self.request(libc::PTRACE_CONT, ptr::null_mut());
            match self.wait() {
                None => return counts,
                Some(Stop::Breakpoint) => {}
                Some(Stop::Step) => panic!("the process stopped without a reason"),
            }
            let path = self.path();
            let count = self.step_to_breakpoint();
            counts.entry(path).and_modify(|least: &mut usize| *least = count.min(*least)).or_insert(count);
        }
    }

    /// The instructions up to the next breakpoint.
    fn step_to_breakpoint(&self) -> usize {
        for count in 0..TOO_MANY {
            self.request(libc::PTRACE_SINGLESTEP, ptr::null_mut());
            match self.wait() {
                None => panic!("the process ended within a path"),
                Some(Stop::Breakpoint) => return count,
                Some(Stop::Step) => {}
            }
        }
        panic!("a path of more than {TOO_MANY} instructions");
    }

    fn process(&self) -> libc::pid_t {
        libc::pid_t::try_from(self.child.id()).expect("the kernel's numbers of processes are of this type")
    }

    /// Waits until the process stands still; `None` when it has ended well.
    fn wait(&self) -> Option<Stop> {
        let mut status = 0;
        // SAFETY: the place lives; the child is ours.
        let waited = unsafe { libc::waitpid(self.process(), &raw mut status, 0) };
        assert_eq!(waited, self.process(), "{}", std::io::Error::last_os_error());
        if libc::WIFEXITED(status) {
            assert_eq!(libc::WEXITSTATUS(status), 0, "the process failed");
            return None;
        }
        assert!(libc::WIFSTOPPED(status) && libc::WSTOPSIG(status) == libc::SIGTRAP, "stopped by {status:#x}");
        // SAFETY: a structure of plain numbers, for which zeros will do.
        let mut information: libc::siginfo_t = unsafe { std::mem::zeroed() };
        self.request(libc::PTRACE_GETSIGINFO, (&raw mut information).cast());
        Some(if information.si_code == libc::SI_KERNEL { Stop::Breakpoint } else { Stop::Step })
    }

    fn request(&self, request: libc::c_uint, data: *mut c_void) {
        // SAFETY: the process stands still; what a request wants to write to, lives.
        let result = unsafe { libc::ptrace(request, self.process(), ptr::null_mut::<c_void>(), data) };
        assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
    }

    /// The number that the program has put where it is looked for.
    fn path(&self) -> usize {
        // SAFETY: a structure of plain numbers, for which zeros will do.
        let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
        self.request(libc::PTRACE_GETREGS, (&raw mut registers).cast());
        usize::try_from(registers.r12).expect("addresses have 64 bits")
    }
}

/// Under no tracer, the breakpoints end the process: what the test above steps over is really there.
#[test]
fn the_breakpoints_are_in_the_program() {
    use std::os::unix::process::ExitStatusExt;
    let program = Program::build("hot-paths", Profile::Release);
    let mut command = Command::new(program.path());
    common::clean_environment(&mut command);
    assert_eq!(run(&mut command).status.signal(), Some(libc::SIGTRAP));
}
