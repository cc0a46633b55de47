//! All figures of a comparison, and their file.

use std::path::Path;

use serde::Serialize;

use crate::arguments::Clock;
use crate::catalogue::{Kind, Workload};
use crate::error::Error;
use crate::statistics::{geometric_mean, median};

/// What one run took.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Cost {
    pub seconds: f64,
    /// The largest resident memory, in units of 1024 * 1024 bytes.
    pub megabytes: f64,
}

/// What one build took for a workload, run after run.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Runs(pub Vec<Cost>);

impl Runs {
    pub fn seconds(&self) -> f64 {
        median(self.0.iter().map(|cost| cost.seconds))
    }

    pub fn megabytes(&self) -> f64 {
        median(self.0.iter().map(|cost| cost.megabytes))
    }

    /// How much longer it took than another build in the same turns.
    pub fn times(&self, other: &Runs) -> f64 {
        median(self.0.iter().zip(&other.0).map(|(this, other)| this.seconds / other.seconds))
    }
}

/// One workload.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    #[serde(flatten)]
    pub workload: Workload,
    pub native: Runs,
    pub race: Runs,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tsan: Option<Runs>,
}

impl Row {
    /// Our time by the peer's.
    pub fn time_ratio(&self) -> Option<f64> {
        self.tsan.as_ref().map(|tsan| self.race.times(tsan))
    }

    /// Our memory by the peer's.
    pub fn memory_ratio(&self) -> Option<f64> {
        self.tsan.as_ref().map(|tsan| self.race.megabytes() / tsan.megabytes())
    }
}

/// The rows of one tier.
#[derive(Debug, Serialize)]
pub struct Tier {
    pub rows: Vec<Row>,
}

/// Means of ratios to the peer's figures.
#[derive(Debug, Serialize)]
pub struct Means {
    /// Of all rows but those with one thread.
    pub all: Option<f64>,
    pub sync: Option<f64>,
    pub compute: Option<f64>,
    pub solo: Option<f64>,
}

impl Tier {
    pub fn times(&self) -> Means {
        self.means(Row::time_ratio)
    }

    pub fn memory(&self) -> Means {
        self.means(Row::memory_ratio)
    }

    fn means(&self, ratio: fn(&Row) -> Option<f64>) -> Means {
        let of = |wanted: &dyn Fn(&Workload) -> bool| {
            geometric_mean(self.rows.iter().filter(|row| wanted(&row.workload)).filter_map(ratio))
        };
        Means {
            all: of(&|workload| !workload.is_solo()),
            sync: of(&|workload| !workload.is_solo() && workload.kind == Kind::Sync),
            compute: of(&|workload| !workload.is_solo() && workload.kind == Kind::Compute),
            solo: of(&Workload::is_solo),
        }
    }
}

/// A whole comparison.
#[derive(Debug, Serialize)]
pub struct Record {
    pub clock: Clock,
    pub runs: usize,
    pub processors: usize,
    pub whole_program: Tier,
    pub wrapper: Tier,
    /// Workloads of which a run failed, and that have no row.
    pub failed: Vec<String>,
}

impl Record {
    /// With all the means, which a reader would have to calculate.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let mut value = serde_json::json!(self);
        for (name, tier) in [("whole_program", &self.whole_program), ("wrapper", &self.wrapper)] {
            value[name]["time_ratio_means"] = serde_json::json!(tier.times());
            value[name]["memory_ratio_means"] = serde_json::json!(tier.memory());
        }
        write_json(&value, path)
    }
}

/// Writes a file that people can read, too.
pub fn write_json(value: &serde_json::Value, path: &Path) -> Result<(), Error> {
    std::fs::write(path, format!("{value:#}\n"))
        .map_err(|reason| Error::NotWritten { path: path.to_owned(), reason: reason.to_string() })
}
