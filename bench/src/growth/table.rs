//! The tables of a measurement of growth, as Markdown.

use std::fmt::Write;

use super::{Record, Runs, Series};

pub fn tables(record: &Record) -> String {
    let mut text = format!("Medians of {} runs, {} processors.\n", record.runs, record.processors);
    for series in &record.series {
        write!(text, "\n`{}`: {}\n\n{}", series.name, series.operation, table(series))
            .expect("a string takes all text");
    }
    text
}

fn table(series: &Series) -> String {
    let Some(first) = series.points.first() else { return String::new() };
    let columns = |unit: &str| first.builds().map(|(name, _)| format!("{name} {unit}")).collect::<Vec<_>>();
    let heading = [vec![series.axis.clone()], columns("ns"), columns("MB")].concat();
    let mut text = format!("| {} |\n|{}\n", heading.join(" | "), "---|".repeat(heading.len()));
    for point in &series.points {
        let times = point.builds().map(|(_, runs)| format!("{:.1}", runs.time()));
        let memory = point.builds().map(|(_, runs)| format!("{:.0}", runs.memory()));
        let cells: Vec<String> = std::iter::once(point.size.to_string()).chain(times).chain(memory).collect();
        writeln!(text, "| {} |", cells.join(" | ")).expect("a string takes all text");
    }
    let last = series.points.last().unwrap_or(first);
    let growth = |figure: fn(&Runs) -> f64| {
        let each = first.builds().zip(last.builds());
        let each = each.map(|((name, first), (_, last))| format!("{name} {:.1}", figure(last) / figure(first)));
        each.collect::<Vec<_>>().join(", ")
    };
    let (times, memory) = (growth(Runs::time), growth(Runs::memory));
    writeln!(text, "\nThe last by the first, time: {times}; memory: {memory}.").expect("a string takes all text");
    text
}
