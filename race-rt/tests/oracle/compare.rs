//! The engine's findings against the truth.
//!
//! Equal means: the racy bytes are the same, life by life, and each pair that the engine shows is a pair that the oracle
//! calls a race on those bytes, with its kinds, sites and thread. The engine need not show every pair.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::engine::Arena;
use crate::execution::{Execution, Step};
use crate::found::Found;
use crate::oracle::{Event, Segment, Truth};

/// Where engine and oracle part.
#[derive(Clone, Debug)]
pub enum Difference {
    /// The engine says nothing of a racy byte.
    Missed {
        /// The byte.
        byte: usize,
        /// Which of its lives.
        life: u32,
        /// Two events that race on it.
        pair: (Event, Event),
    },
    /// The engine shows something that is no race.
    False {
        /// One of the bytes.
        byte: usize,
        /// What it shows.
        found: Found,
    },
    /// The engine panics: what it says is printed where it does.
    Panicked,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Missed { byte, life, pair } => {
                write!(f, "missed: steps {} and {} race on byte {byte} in its life {life}", pair.0, pair.1)
            }
            Difference::False { byte, found } => write!(f, "false: no such race on byte {byte}: {found:?}"),
            Difference::Panicked => f.write_str("the engine panicked"),
        }
    }
}

/// What there was to find in an execution, for counting.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Pairs of steps that the engine showed.
    pub shown: usize,
    /// Runs of bytes, life by life, that race.
    pub racy: usize,
    /// Bytes, life by life, that race and were not found, which is excused.
    pub missed: usize,
}

/// Plays `execution` to both.
///
/// # Errors
/// The first difference.
pub fn compare(arena: &mut Arena, execution: &Execution) -> Result<Counts, Difference> {
    let found = catch_unwind(AssertUnwindSafe(|| arena.play(execution))).map_err(|_| Difference::Panicked)?;
    judge(execution, &found, |_, _| false)
}

/// Judges what the engine found in `execution`. That it does not say that a byte races is no fault where all that the byte
/// has of races are pairs that `excused` lets pass.
///
/// # Errors
/// The first difference.
pub fn judge(
    execution: &Execution,
    found: &[Found],
    excused: impl Fn(usize, (Event, Event)) -> bool,
) -> Result<Counts, Difference> {
    let truth = Truth::about(execution);
    let mut racy = HashSet::new();
    for one in found {
        for byte in &one.bytes {
            let segment = truth.segment_of(*byte).filter(|segment| is_true(segment, one, execution.steps()));
            let Some(segment) = segment else {
                return Err(Difference::False { byte: *byte, found: one.clone() });
            };
            racy.insert((*byte, segment.life_at(one.event)));
        }
    }
    let mut counts = Counts { shown: found.len(), racy: 0, missed: 0 };
    for segment in truth.segments() {
        // By life: the bytes of which nothing was found.
        let mut missing = HashMap::new();
        for pair in &segment.races {
            let life = segment.life_at(pair.1);
            let silent = |byte: &usize| !racy.contains(&(*byte, life));
            let missing: &mut Vec<usize> =
                missing.entry(life).or_insert_with(|| segment.bytes.clone().filter(silent).collect());
            if let Some(byte) = missing.iter().find(|byte| !excused(**byte, *pair)) {
                return Err(Difference::Missed { byte: *byte, life, pair: *pair });
            }
        }
        counts.racy += missing.len();
        counts.missed += missing.values().map(Vec::len).sum::<usize>();
    }
    Ok(counts)
}

/// Whether some pair that races in `segment` is what was found.
fn is_true(segment: &Segment, found: &Found, steps: &[Step]) -> bool {
    let step = steps[found.event];
    step.site == found.site
        && step.operation.access() == Some(found.kind)
        && segment.races.iter().any(|(earlier, later)| {
            let other = steps[*earlier];
            *later == found.event
                && found.other_site.is_none_or(|site| other.site == site)
                && other.operation.access() == Some(found.other_kind)
                && Some(other.lane) == found.other_lane
        })
}
