//! What the user sees while the first use prepares its files: a bar on a terminal, one plain line elsewhere.
//!
//! Everything goes to stderr, so the output of the user's program stays clean; nothing is shown when all is ready.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// The state of one long task.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Announces a task of `steps` steps.
    pub fn new(task: &'static str, steps: usize) -> Self {
        if !std::io::stderr().is_terminal() {
            eprintln!("cargo race: {task}, once per toolchain");
            return Self { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::new(steps as u64);
        if let Ok(style) = ProgressStyle::with_template("cargo race: {msg} [{bar:30}] {pos}/{len}") {
            bar.set_style(style);
        }
        bar.set_message(task);
        bar.tick();
        Self { bar }
    }

    /// One more step is done; any thread may say so.
    pub fn step(&self) {
        self.bar.inc(1);
    }
}

impl Drop for Progress {
    /// Done or failed, the bar must be gone before the next line is written.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
