//! Runs workloads in all builds, in turns.

use std::num::NonZeroUsize;

use crate::arguments::Clock;
use crate::build::Program;
use crate::catalogue::{Catalogue, Workload};
use crate::error::Error;
use crate::process;
use crate::progress::Progress;
use crate::record::{Cost, Record, Row, Runs, Tier};

/// What takes part.
pub struct Builds {
    pub native: Program,
    pub peer: Option<Program>,
    pub race: Program,
    /// The wrapper tier's, if one of its workloads shall run.
    pub wrapper: Option<Program>,
}

/// Runs everything.
pub fn compare(catalogue: &Catalogue, builds: &Builds, runs: NonZeroUsize, clock: Clock) -> Result<Record, Error> {
    let mut record = Record {
        clock,
        runs: runs.get(),
        processors: process::processors(),
        whole_program: Tier { rows: Vec::new() },
        wrapper: Tier { rows: Vec::new() },
        failed: Vec::new(),
    };
    let progress = Progress::new(catalogue.workloads.len());
    for workload in &catalogue.workloads {
        progress.begin(&workload.name);
        let wrapper = builds.wrapper.as_ref().filter(|_| workload.wrapper);
        let programs = [Some(&builds.native), builds.peer.as_ref(), Some(&builds.race), wrapper];
        let [native, tsan, race, wrapper] = match in_turns(programs, workload, runs, clock) {
            Ok(all) => all,
            // Many minutes' figures must not be lost for one.
            Err(error @ Error::Failed { .. }) => {
                progress.done(&format!("{}: {error}", workload.name));
                record.failed.push(workload.name.clone());
                continue;
            }
            Err(error) => return Err(error),
        };
        let (Some(native), Some(race)) = (native, race) else { unreachable!("both always take part") };
        let row = Row { workload: workload.clone(), native, race, tsan };
        progress.done(&outcome(&row));
        if let Some(wrapper) = wrapper {
            record.wrapper.rows.push(Row { race: wrapper, ..row.clone() });
        }
        record.whole_program.rows.push(row);
    }
    Ok(record)
}

/// Each turn runs every build once.
fn in_turns<const COUNT: usize>(
    programs: [Option<&Program>; COUNT],
    workload: &Workload,
    runs: NonZeroUsize,
    clock: Clock,
) -> Result<[Option<Runs>; COUNT], Error> {
    let mut all = programs.map(|program| program.map(|_| Runs(Vec::with_capacity(runs.get()))));
    for _ in 0..runs.get() {
        for (program, runs) in programs.iter().zip(&mut all) {
            if let (Some(program), Some(runs)) = (program, runs) {
                let ran = process::run(program, &[&workload.name])?;
                runs.0.push(Cost { seconds: ran.seconds(clock), megabytes: ran.megabytes });
            }
        }
    }
    Ok(all)
}

fn outcome(row: &Row) -> String {
    let slower = row.race.times(&row.native);
    let beside = row.time_ratio().map_or(String::new(), |ratio| format!(", {ratio:.2} of the peer's time"));
    format!("{}: {:.2} s, {slower:.1}x with race{beside}", row.workload.name, row.native.seconds())
}
