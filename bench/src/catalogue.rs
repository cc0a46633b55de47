//! The workloads, as the program that has them lists them.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use crate::build::{self, Program};
use crate::error::Error;

/// What takes a workload's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Compute,
    Sync,
}

/// One of the program's workloads.
#[derive(Debug, Clone, Serialize)]
pub struct Workload {
    pub name: String,
    pub kind: Kind,
    /// Whether the wrapper tier sees what it is about.
    #[serde(skip)]
    pub wrapper: bool,
    /// The bytes of heap that it touches, if that is what it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heap: Option<u64>,
    pub does: String,
}

impl Workload {
    /// A line of the list: five columns, by tabulators.
    fn parse(line: &str) -> Option<Self> {
        let [name, kind, wrapper, heap, does] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let kind = match kind {
            "compute" => Kind::Compute,
            "sync" => Kind::Sync,
            _ => return None,
        };
        let heap = heap.parse().ok().map(|bytes: u64| Some(bytes).filter(|bytes| *bytes > 0))?;
        Some(Self { name: name.into(), kind, wrapper: wrapper == "wrapper", heap, does: does.into() })
    }

    /// Whether it is a program with one thread, which has nothing to race with. Such rows have a mean of their own.
    pub fn is_solo(&self) -> bool {
        self.name.ends_with("_solo")
    }
}

impl Display for Workload {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Compute => "compute",
            Kind::Sync => "sync",
        };
        let tiers = if self.wrapper { "both tiers" } else { "" };
        write!(formatter, "{:18} {kind:8} {tiers:11} {}", self.name, self.does)
    }
}

/// Those that shall run.
pub struct Catalogue {
    pub workloads: Vec<Workload>,
}

impl Catalogue {
    /// All that the program has.
    pub fn of(program: &Program) -> Result<Self, Error> {
        Ok(Self { workloads: build::list(program, &["list"], Workload::parse)? })
    }

    /// Those whose name contains the text.
    pub fn filtered(mut self, only: Option<&str>) -> Result<Self, Error> {
        let text = only.unwrap_or_default();
        self.workloads.retain(|workload| workload.name.contains(text));
        if self.workloads.is_empty() { Err(Error::NoWorkload { text: text.into() }) } else { Ok(self) }
    }

    /// Whether the wrapper tier has a row.
    pub fn has_wrapper(&self) -> bool {
        self.workloads.iter().any(|workload| workload.wrapper)
    }
}
