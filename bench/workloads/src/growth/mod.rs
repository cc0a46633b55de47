//! How costs grow: `workloads growth NAME SIZE` does one thing at one size and prints the nanoseconds of processor time that one
//! operation took. `workloads growth list` prints a line for each series: its name, what its size counts, what one
//! operation is, and the sizes.
//!
//! Memory is not printed: whoever runs the process sees its peak. At least two threads are alive while the time is taken.

mod heap;
mod locks;
mod paths;
mod threads;

use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

/// One thing whose cost may depend on a size.
struct Series {
    name: &'static str,
    /// What the size counts.
    axis: &'static str,
    operation: &'static str,
    sizes: &'static [usize],
    /// Nanoseconds of an operation.
    run: fn(usize) -> f64,
}

const THREADS: &[usize] = &[2, 8, 64, 512, 4_096];

const ALL: &[Series] = &[
    Series {
        name: "lock_beside_threads",
        axis: "threads alive",
        operation: "lock and unlock of a mutex that only one thread uses",
        sizes: THREADS,
        run: threads::lock_beside,
    },
    Series {
        name: "lock_by_threads",
        axis: "threads",
        operation: "lock and unlock of a mutex that all threads use",
        sizes: THREADS,
        run: threads::lock_by_all,
    },
    Series {
        name: "write_beside_threads",
        axis: "threads alive",
        operation: "write of a word that the same thread wrote before its last unlock",
        sizes: THREADS,
        run: threads::write_beside,
    },
    Series {
        name: "read_by_threads",
        axis: "threads",
        operation: "read of a word that all threads read",
        sizes: THREADS,
        run: threads::read_by_all,
    },
    Series {
        name: "locks",
        axis: "mutexes",
        operation: "lock and unlock, one mutex after the other",
        sizes: &[1, 16, 256, 4_096, 65_536, 1_048_576],
        run: locks::lock_in_turn,
    },
    Series {
        name: "call_paths",
        axis: "distinct call paths",
        operation: "call and write at the end of a path",
        sizes: &[16, 256, 4_096, 65_536, 1_048_576],
        run: paths::write_at_the_ends,
    },
    Series {
        name: "heap",
        axis: "MiB of heap",
        operation: "first write of a word",
        sizes: &[1, 4, 16, 64, 256],
        run: heap::touch,
    },
];

/// Does what the words after `growth` say.
pub fn main(words: &[&str]) -> ExitCode {
    match words {
        ["list"] => {
            for series in ALL {
                let sizes: Vec<String> = series.sizes.iter().map(usize::to_string).collect();
                println!("{}\t{}\t{}\t{}", series.name, series.axis, series.operation, sizes.join(","));
            }
            ExitCode::SUCCESS
        }
        [name, size]
            if let Some(series) = ALL.iter().find(|series| series.name == *name)
                && let Ok(size @ 1..) = size.parse() =>
        {
            println!("{}", (series.run)(size));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("workloads: there is no series {words:?}; `workloads growth list` prints all");
            ExitCode::from(2)
        }
    }
}

/// The processors' time that the calling thread takes for `work`, in nanoseconds for each of its operations.
fn nanoseconds(operations: usize, work: impl FnOnce()) -> f64 {
    let start = time();
    work();
    (time() - start) / operations as f64
}

fn time() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place lives.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut now) };
    assert_eq!(result, 0, "every Linux has this clock");
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

/// Does `work` while another thread is alive and waits.
fn beside_another<Result>(work: impl FnOnce() -> Result) -> Result {
    let gate = Mutex::new(());
    let held = gate.lock().expect("no thread panics");
    thread::scope(|scope| {
        scope.spawn(|| drop(gate.lock()));
        let result = work();
        drop(held);
        result
    })
}
