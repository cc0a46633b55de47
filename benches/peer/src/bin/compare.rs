//! `compare RUNS NAME=PROGRAM ...` runs every workload of several builds of `workloads` and prints a table.
//!
//! The builds take turns, so that what else the machine does meets all alike. A figure is the median over the runs, of the
//! whole process: wall-clock time, or with `RACE_BENCH_CLOCK=cpu` the processors' time, and the largest resident memory.
//! The first build is the one that the others are compared with.

use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

/// What a run took.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    seconds: f64,
    megabytes: f64,
}

struct Build {
    name: String,
    program: String,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let runs = arguments.next().and_then(|text| text.parse::<usize>().ok()).filter(|runs| *runs > 0);
    let builds = arguments.map(|text| {
        let (name, program) = text.split_once('=')?;
        Some(Build { name: name.to_owned(), program: program.to_owned() })
    });
    let builds: Option<Vec<Build>> = builds.collect();
    let (Some(runs), Some(builds)) = (runs, builds.filter(|builds| !builds.is_empty())) else {
        eprintln!("usage: compare RUNS NAME=PROGRAM ...");
        return ExitCode::from(2);
    };
    match compare(runs, &builds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("compare: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn compare(runs: usize, builds: &[Build]) -> Result<(), String> {
    let list = Command::new(&builds[0].program).arg("list").output();
    let list = list.map_err(|reason| format!("cannot run {}: {reason}", builds[0].program))?;
    let wanted = std::env::var("RACE_BENCH_ONLY").unwrap_or_default();
    let cpu = std::env::var("RACE_BENCH_CLOCK").is_ok_and(|clock| clock == "cpu");
    print_heading(builds);
    let mut ratios = vec![Vec::new(); builds.len()];
    for line in String::from_utf8_lossy(&list.stdout).lines() {
        let (name, solo) = line.split_once(' ').map_or((line, false), |(name, _)| (name, true));
        if !name.contains(&wanted) {
            continue;
        }
        for words in [vec![name], vec![name, "solo"]].into_iter().take(if solo { 2 } else { 1 }) {
            let costs = measure(runs, cpu, builds, &words)?;
            print_row(&words.join(", "), &costs);
            for (ratios, cost) in ratios.iter_mut().zip(&costs) {
                ratios.push(cost.seconds / costs[costs.len() - 1].seconds);
            }
        }
    }
    for (build, ratios) in builds.iter().zip(&ratios).skip(1).take(builds.len().saturating_sub(2)) {
        let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len().max(1) as f64).exp();
        println!("\nTime of {} / time of {}, geometric mean: {mean:.2}", build.name, builds[builds.len() - 1].name);
    }
    Ok(())
}

/// The medians of all builds.
fn measure(runs: usize, cpu: bool, builds: &[Build], words: &[&str]) -> Result<Vec<Cost>, String> {
    let mut costs = vec![Vec::new(); builds.len()];
    for _ in 0..runs {
        for (build, costs) in builds.iter().zip(&mut costs) {
            costs.push(run(&build.program, cpu, words)?);
        }
    }
    let median = |costs: &Vec<Cost>, figure: fn(&Cost) -> f64| {
        let mut figures: Vec<f64> = costs.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    let cost =
        |costs| Cost { seconds: median(costs, |cost| cost.seconds), megabytes: median(costs, |cost| cost.megabytes) };
    Ok(costs.iter().map(cost).collect())
}

fn run(program: &str, cpu: bool, words: &[&str]) -> Result<Cost, String> {
    let start = Instant::now();
    let child = Command::new(program).args(words).stdout(Stdio::null()).spawn();
    let child = child.map_err(|reason| format!("cannot run {program}: {reason}"))?;
    let process = libc::pid_t::try_from(child.id()).map_err(|reason| reason.to_string())?;
    let mut status = 0;
    // SAFETY: a structure of plain numbers, for which zeros will do.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both places live; the child is ours and nobody else waits for it.
    let ended = unsafe { libc::wait4(process, &mut status, 0, &mut usage) };
    let seconds = start.elapsed().as_secs_f64();
    if ended != process || status != 0 {
        return Err(format!("{program} {} ended with status {status:#x}", words.join(" ")));
    }
    let seconds = if cpu { time(usage.ru_utime) + time(usage.ru_stime) } else { seconds };
    Ok(Cost { seconds, megabytes: usage.ru_maxrss as f64 / 1024.0 })
}

fn time(value: libc::timeval) -> f64 {
    value.tv_sec as f64 + value.tv_usec as f64 / 1e6
}

fn print_heading(builds: &[Build]) {
    let names: Vec<&str> = builds.iter().map(|build| build.name.as_str()).collect();
    let mut columns: Vec<String> = names.iter().map(|name| format!("{name} s")).collect();
    columns.extend(names[1..].iter().map(|name| format!("{name} slower")));
    if let [_, ours, peer] = names.as_slice() {
        columns.push(format!("{ours} / {peer}"));
    }
    columns.extend(names.iter().map(|name| format!("{name} MB")));
    println!("| workload | {} |", columns.join(" | "));
    println!("|---|{}", "---|".repeat(columns.len()));
}

fn print_row(name: &str, costs: &[Cost]) {
    let mut columns: Vec<String> = costs.iter().map(|cost| format!("{:.2}", cost.seconds)).collect();
    columns.extend(costs[1..].iter().map(|cost| format!("{:.1}x", cost.seconds / costs[0].seconds)));
    if let [_, ours, peer] = costs {
        columns.push(format!("{:.2}", ours.seconds / peer.seconds));
    }
    columns.extend(costs.iter().map(|cost| format!("{:.0}", cost.megabytes)));
    println!("| {name} | {} |", columns.join(" | "));
}
