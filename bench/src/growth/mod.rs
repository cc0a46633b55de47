//! How costs grow with threads, locks, call paths and the heap: `--growth`.
//!
//! The program of workloads measures the processors' time of one operation by itself, so that neither the start of a
//! process nor other programs count; the memory is the process's peak, as everywhere.

mod chart;
mod table;

use std::num::NonZeroUsize;
use std::path::Path;

use serde::Serialize;

use crate::build::{self, Program};
use crate::error::Error;
use crate::process;
use crate::progress::Progress;
use crate::record::write_json;
use crate::statistics::median;

pub use chart::write as draw;
pub use table::tables;

/// One thing whose cost may depend on a size.
#[derive(Debug, Clone)]
pub struct Kind {
    name: String,
    axis: String,
    operation: String,
    sizes: Vec<usize>,
}

/// What takes part.
pub struct Builds {
    pub native: Program,
    pub race: Program,
    pub peer: Option<Program>,
}

/// What one build took at one size, run after run.
#[derive(Debug, Serialize)]
struct Runs {
    /// Of one operation.
    nanoseconds: Vec<f64>,
    megabytes: Vec<f64>,
}

impl Runs {
    fn time(&self) -> f64 {
        median(self.nanoseconds.iter().copied())
    }

    fn memory(&self) -> f64 {
        median(self.megabytes.iter().copied())
    }
}

/// All builds at one size.
#[derive(Debug, Serialize)]
struct Point {
    size: usize,
    native: Runs,
    race: Runs,
    #[serde(skip_serializing_if = "Option::is_none")]
    tsan: Option<Runs>,
}

impl Point {
    /// The builds with their names, as tables and charts have them.
    fn builds(&self) -> impl Iterator<Item = (&'static str, &Runs)> {
        let tsan = self.tsan.as_ref().map(|runs| ("tsan", runs));
        [("native", &self.native), ("race", &self.race)].into_iter().chain(tsan)
    }
}

/// One thing at all sizes.
#[derive(Debug, Serialize)]
struct Series {
    name: String,
    /// What the size counts.
    axis: String,
    operation: String,
    points: Vec<Point>,
}

/// All that was measured.
#[derive(Debug, Serialize)]
pub struct Record {
    runs: usize,
    processors: usize,
    series: Vec<Series>,
}

impl Record {
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        write_json(&serde_json::json!(self), path)
    }
}

/// The series that the program has, those whose name contains the text.
pub fn kinds(program: &Program, only: Option<&str>) -> Result<Vec<Kind>, Error> {
    let text = only.unwrap_or_default();
    let kinds = build::list(program, &["growth", "list"], |line| {
        let [name, axis, operation, sizes] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let sizes = sizes.split(',').map(|size| size.parse().ok()).collect::<Option<_>>()?;
        Some(Kind { name: name.into(), axis: axis.into(), operation: operation.into(), sizes })
    })?;
    let kinds: Vec<Kind> = kinds.into_iter().filter(|kind| kind.name.contains(text)).collect();
    if kinds.is_empty() { Err(Error::NoWorkload { text: text.into() }) } else { Ok(kinds) }
}

/// Runs everything, the builds in turns.
pub fn measure(kinds: &[Kind], builds: &Builds, runs: NonZeroUsize) -> Result<Record, Error> {
    let progress = Progress::new(kinds.iter().map(|kind| kind.sizes.len()).sum());
    let mut series = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let mut points = Vec::with_capacity(kind.sizes.len());
        for size in &kind.sizes {
            progress.begin(&kind.name);
            let point = point(&kind.name, *size, builds, runs)?;
            let each = point.builds().map(|(name, runs)| format!("{name} {:.1} ns", runs.time())).collect::<Vec<_>>();
            progress.done(&format!("{} {size}: {}", kind.name, each.join(", ")));
            points.push(point);
        }
        let Kind { name, axis, operation, .. } = kind.clone();
        series.push(Series { name, axis, operation, points });
    }
    Ok(Record { runs: runs.get(), processors: process::processors(), series })
}

fn point(name: &str, size: usize, builds: &Builds, runs: NonZeroUsize) -> Result<Point, Error> {
    let none = || Runs { nanoseconds: Vec::new(), megabytes: Vec::new() };
    let mut point = Point { size, native: none(), race: none(), tsan: builds.peer.as_ref().map(|_| none()) };
    for _ in 0..runs.get() {
        add_run(&builds.native, name, size, &mut point.native)?;
        add_run(&builds.race, name, size, &mut point.race)?;
        if let (Some(peer), Some(runs)) = (&builds.peer, &mut point.tsan) {
            add_run(peer, name, size, runs)?;
        }
    }
    Ok(point)
}

fn add_run(program: &Program, name: &str, size: usize, runs: &mut Runs) -> Result<(), Error> {
    let ran = process::run(program, &["growth", name, &size.to_string()])?;
    let line = ran.output.trim();
    let strange = || Error::StrangeList { program: program.path.clone(), line: line.to_owned() };
    runs.nanoseconds.push(line.parse().map_err(|_| strange())?);
    runs.megabytes.push(ran.megabytes);
    Ok(())
}
