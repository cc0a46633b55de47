//! The tables of docs/performance.md.

use std::fmt::Write;

use crate::arguments::Clock;
use crate::record::{Means, Record, Row, Tier};

/// Both tiers' tables and means, as Markdown.
pub fn tables(record: &Record) -> String {
    let clock = match record.clock {
        Clock::Wall => "wall-clock time",
        Clock::Cpu => "the processors' time",
    };
    let mut text = format!("Medians of {} runs, {clock}, {} processors.\n", record.runs, record.processors);
    for (title, tier) in [("The whole-program tier", &record.whole_program), ("The wrapper tier", &record.wrapper)] {
        if !tier.rows.is_empty() {
            write!(text, "\n{title}:\n\n{}", table(tier)).expect("a string takes all text");
        }
    }
    text
}

fn table(tier: &Tier) -> String {
    let peer = tier.rows.iter().any(|row| row.tsan.is_some());
    let heading: &[&str] = if peer {
        &[
            "workload",
            "",
            "native s",
            "race slower",
            "tsan slower",
            "race / tsan",
            "native MB",
            "race MB",
            "tsan MB",
            "race / tsan",
        ]
    } else {
        &["workload", "", "native s", "race slower", "native MB", "race MB"]
    };
    let mut text = format!("| {} |\n|{}\n", heading.join(" | "), "---|".repeat(heading.len()));
    for row in &tier.rows {
        writeln!(text, "| {} |", cells(row).join(" | ")).expect("a string takes all text");
    }
    for row in &tier.rows {
        if let Some(heap) = row.workload.heap {
            writeln!(text, "\n{}", per_byte(row, heap)).expect("a string takes all text");
        }
    }
    if peer {
        writeln!(text, "\nTime of race / time of tsan, geometric means: {}.", means(&tier.times()))
            .expect("a string takes all text");
        writeln!(text, "Memory of race / memory of tsan: {}.", means(&tier.memory())).expect("a string takes all text");
    }
    text
}

fn cells(row: &Row) -> Vec<String> {
    let kind = match row.workload.kind {
        crate::catalogue::Kind::Compute => "compute",
        crate::catalogue::Kind::Sync => "sync",
    };
    let slower = |runs: &crate::record::Runs| format!("{:.1}x", runs.times(&row.native));
    let memory = |runs: &crate::record::Runs| format!("{:.0}", runs.megabytes());
    let ratio = |ratio: Option<f64>| ratio.map(|ratio| format!("{ratio:.2}"));
    let mut cells = vec![row.workload.name.clone(), kind.into(), format!("{:.2}", row.native.seconds())];
    cells.push(slower(&row.race));
    cells.extend(row.tsan.as_ref().map(slower));
    cells.extend(ratio(row.time_ratio()));
    cells.extend([memory(&row.native), memory(&row.race)]);
    cells.extend(row.tsan.as_ref().map(memory));
    cells.extend(ratio(row.memory_ratio()));
    cells
}

/// How many bytes each byte of a large heap takes in all.
fn per_byte(row: &Row, heap: u64) -> String {
    let bytes = |runs: &crate::record::Runs| format!("{:.2}", runs.megabytes() * f64::from(1 << 20) / heap as f64);
    let tsan = row.tsan.as_ref().map_or(String::new(), |tsan| format!(", tsan {}", bytes(tsan)));
    format!(
        "Bytes for each byte of {}: native {}, race {}{tsan}.",
        row.workload.name,
        bytes(&row.native),
        bytes(&row.race)
    )
}

fn means(means: &Means) -> String {
    let named =
        [("all", means.all), ("sync", means.sync), ("compute", means.compute), ("one thread, not in all", means.solo)];
    let named = named.iter().filter_map(|(name, mean)| mean.map(|mean| format!("{mean:.2} ({name})")));
    named.collect::<Vec<_>>().join(", ")
}
