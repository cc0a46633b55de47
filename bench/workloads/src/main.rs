//! `workloads NAME` runs one workload; `workloads list` prints one line for each: its name, `sync` or `compute`, whether it
//! is also one of the wrapper tier, the bytes of heap that it touches if that is what it is about, and what it does.
//!
//! Each is sized for some 0.05 to 0.3 seconds without a detector, and none has a race. All but those called `..._solo`
//! have at least two threads alive nearly all the time, as tests of concurrent code do. What orders the threads comes from `race`,
//! whose names are std's own unless the feature `wrapper` is on.
//!
//! `workloads growth ...` is for costs that may depend on a size.

mod catalogue;
mod compute;
mod growth;
mod sync;
mod threads;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Runtimes catch the panics of their tasks, and a workload that goes wrong must not be measured.
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("workloads: {panic}");
        std::process::exit(1);
    }));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["list"] => catalogue::WORKLOADS.iter().for_each(|workload| println!("{workload}")),
        ["growth", words @ ..] => return growth::main(words),
        [name] if let Some(workload) = catalogue::find(name) => (workload.run)(),
        _ => {
            eprintln!("workloads: there is no workload {words:?}; `workloads list` prints all");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
