//! What is under way, on stderr: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// One line.
pub fn say(text: &str) {
    eprintln!("bench: {text}");
}

/// The state of a long task.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Announces a task of `steps` steps.
    pub fn new(steps: usize) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::new(steps as u64);
        if let Ok(style) = ProgressStyle::with_template("bench: [{bar:30}] {pos}/{len} {msg}, {eta} left") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// A step begins.
    pub fn begin(&self, name: &str) {
        self.bar.set_message(name.to_owned());
    }

    /// It is done, with this outcome.
    pub fn done(&self, outcome: &str) {
        self.bar.suspend(|| say(outcome));
        self.bar.inc(1);
    }
}

impl Drop for Progress {
    /// Done or failed, the bar must be gone before the next line is written.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
