//! Reports of many runs, each kept once.
//!
//! Two reports are the same when their two innermost places (function, file, line and column) are the same, in whichever
//! order: addresses, threads and the stacks further out differ from run to run. The text is that of the first.

use std::fmt;

/// What opens and closes a report.
const BORDER: &str = "==================";

/// The first line of a report.
const HEADING: &str = "WARNING: DATA RACE";

/// The innermost place of an access: its lines without the offset, which moves when the program is built anew.
type Place = String;

/// All distinct reports, in the order of their first appearance.
#[derive(Default)]
pub struct DistinctReports(Vec<Distinct>);

struct Distinct {
    places: [Place; 2],
    text: String,
    /// In ascending order, each once.
    seeds: Vec<u32>,
}

impl DistinctReports {
    /// Adds the reports in one process's output and returns how many there were.
    pub fn add(&mut self, seed: u32, output: &str) -> usize {
        let mut found = 0;
        for text in texts(output) {
            found += 1;
            let places = places(&text);
            match self.0.iter_mut().find(|known| known.places == places) {
                Some(known) if known.seeds.last() == Some(&seed) => {}
                Some(known) => known.seeds.push(seed),
                None => self.0.push(Distinct { places, text, seeds: vec![seed] }),
            }
        }
        found
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for DistinctReports {
    /// The reports as the detector prints them, each followed by the seeds that found it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for report in &self.0 {
            let seeds: Vec<String> = report.seeds.iter().map(u32::to_string).collect();
            writeln!(formatter, "{BORDER}\n{}{BORDER}\nFound with seed {}", report.text, seeds.join(", "))?;
        }
        Ok(())
    }
}

/// What stands between the borders, with its line ends. An unfinished report of a killed process counts too.
fn texts(output: &str) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut inside = false;
    for line in output.lines() {
        if line == BORDER {
            inside = !inside;
            if inside {
                texts.push(String::new());
            }
        } else if let Some(text) = texts.last_mut().filter(|_| inside) {
            text.push_str(line);
            text.push('\n');
        }
    }
    texts.retain(|text| text.starts_with(HEADING));
    texts
}

/// The innermost places of the two accesses, sorted.
fn places(report: &str) -> [Place; 2] {
    let body = report.strip_prefix(HEADING).unwrap_or(report).trim_start_matches('\n');
    let mut sections = body.split("\n\n");
    let mut next = || sections.next().map(place).unwrap_or_default();
    let mut both = [next(), next()];
    both.sort();
    both
}

fn place(section: &str) -> Place {
    let frame = section.lines().skip(1).take(2);
    let words = frame.map(|line| line.rsplit_once(" +0x").map_or(line, |(place, _offset)| place));
    words.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(first: &str, second: &str, address: &str) -> String {
        let access = |kind: &str, function: &str| {
            format!("{kind} at {address} by thread 1:\n  {function}()\n      src/a.rs:1:2 +0x{}\n", address.len())
        };
        let creation = "Thread 1 (running) created at:\n  main()\n      src/a.rs:9:9 +0x1\n";
        let (current, previous) = (access("Write", first), access("Previous read", second));
        format!("{BORDER}\n{HEADING}\n{current}\n{previous}\n{creation}{BORDER}\n")
    }

    #[test]
    fn equal_places_in_either_order_are_one() {
        let mut all = DistinctReports::default();
        let output = report("a", "b", "0x12") + &report("b", "a", "0x345") + "race: seed=1\nFound 2 data race(s)\n";
        assert_eq!(all.add(1, &output), 2);
        assert_eq!(all.add(4, &report("a", "b", "0x6")), 1);
        assert_eq!(all.add(5, &report("a", "c", "0x6")), 1);
        assert_eq!(all.add(6, "Found 0 data race(s)\n"), 0);
        assert_eq!(all.len(), 2);
        let text = all.to_string();
        assert!(text.starts_with(&report("a", "b", "0x12")), "{text}");
        assert!(text.contains("\nFound with seed 1, 4\n") && text.ends_with("\nFound with seed 5\n"), "{text}");
    }

    #[test]
    fn a_report_that_a_kill_cut_off_counts() {
        let whole = report("a", "b", "0x12");
        let cut = &whole[..whole.len() / 2];
        let mut all = DistinctReports::default();
        assert_eq!(all.add(1, cut), 1);
    }
}
