//! The command line.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use serde::Serialize;

use crate::error::Error;

/// Which time is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// What a clock on the wall shows.
    Wall,
    /// What the processors spent, for a machine that does other work too.
    Cpu,
}

/// What `race` costs, against a plain build and against ThreadSanitizer on the same instrumented code.
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub struct Arguments {
    /// A program that is used as `PEER build --release` and links the program with ThreadSanitizer's runtime
    #[arg(long, env = "RACE_PEER", value_name = "PROGRAM")]
    pub peer: Option<PathBuf>,
    /// Only workloads whose name contains this text
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// How often each build runs each workload
    #[arg(long, value_name = "NUMBER", default_value = "5")]
    pub runs: NonZeroUsize,
    /// Which time counts
    #[arg(long, value_enum, default_value = "wall")]
    pub clock: Clock,
    /// Write all figures to this file as well
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Draw them into this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Measure how costs grow with threads, locks, call paths and the heap, always in the processors' time
    #[arg(long, conflicts_with = "clock")]
    pub growth: bool,
    /// Build with `cargo race build --inline`
    #[arg(long)]
    pub inline: bool,
    /// Print what the workloads are, and run none
    #[arg(long, conflicts_with = "growth")]
    pub list: bool,
}

impl Arguments {
    /// Finds mistakes before minutes are spent on building.
    pub fn check(&self) -> Result<(), Error> {
        for path in [&self.json, &self.svg].into_iter().flatten() {
            let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
            if path.is_dir() || !parent.is_dir() {
                return Err(Error::NoPlace { path: path.clone() });
            }
        }
        match &self.peer {
            Some(peer) if !peer.is_file() => Err(Error::NoPeer { path: peer.clone() }),
            _ => Ok(()),
        }
    }
}
