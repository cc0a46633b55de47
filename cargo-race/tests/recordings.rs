//! Recordings: what `cargo race analyze` says of one is what the recorded run said, by the engine and by the oracle; and
//! what becomes of recordings that were cut off, damaged or could not be written.

mod common;
mod whole_program;

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Outcome, clean_environment, make_pipe, race, run, scratch, temporary_directory};
use race_rt::replay::{By, Replay, ReplayError};
use race_rt::trace::event::{Decoder, Encoder, Event, ModuleRecord};
use race_rt::trace::header::Header;
use whole_program::{Profile, Program, check_all, repository};

/// The whole texts of the reports, sorted: of races at different places neither comes first.
fn reports(output: &str) -> Vec<&str> {
    let pieces = output.split("==================\n");
    let mut reports: Vec<&str> = pieces.filter(|piece| piece.starts_with("WARNING: DATA RACE\n")).collect();
    reports.sort_unstable();
    reports
}

fn analyzed(file: &Path, oracle: bool) -> Outcome {
    let options: &[&str] = if oracle { &["--oracle"] } else { &[] };
    let mut command = race(["analyze"].iter().chain(options));
    run(command.arg(file))
}

/// What is wrong with the analysis of a recorded run, by either judge.
fn fault(live: &Outcome, file: &Path) -> Option<String> {
    fault_as_told(live, file, str::to_owned)
}

/// What was done, and from which two places: by what a race that was reported already is known again. Of two races of the same two
/// places, at two addresses and at once, either may come first.
fn places(report: &str) -> String {
    let lines: Vec<&str> = report.lines().collect();
    let accesses = lines.windows(3).filter_map(|lines| Some((lines[0].split_once(" at 0x")?.0, &lines[1..])));
    accesses.flat_map(|(access, place)| [access, "\n", place[0], "\n", place[1], "\n"]).collect()
}

/// [`fault`] by what `told` keeps of each report.
fn fault_as_told(live: &Outcome, file: &Path, told: fn(&str) -> String) -> Option<String> {
    let told_by = |output: &str| -> Vec<String> {
        let mut all: Vec<String> = reports(output).into_iter().map(told).collect();
        all.sort_unstable();
        all
    };
    let wanted = told_by(&live.stderr);
    [false, true].into_iter().find_map(|oracle| {
        let outcome = analyzed(file, oracle);
        let (found, judge) = (told_by(&outcome.stderr), if oracle { "oracle" } else { "engine" });
        let status = if wanted.is_empty() { 0 } else { 66 };
        let last = format!("Found {} data race(s)\n", wanted.len());
        if found != wanted {
            Some(format!("the {judge} says: {found:#?}"))
        } else if outcome.status.code() != Some(status) || status == 66 && !outcome.stderr.ends_with(&last) {
            Some(format!("the {judge} ends with {}: {}", outcome.status, outcome.stderr))
        } else {
            None
        }
    })
}

fn recording(file: &Path) -> String {
    format!("record='{}'", file.display())
}

fn recorded() -> Program {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recorded");
    Program::build_at(&project, &scratch().join("recorded"), "recorded", Profile::Debug, &[])
}

/// The small program's race, recorded.
fn one_race(directory: &Path) -> PathBuf {
    let file = directory.join("race");
    run(recorded().command(&["race"]).env("RACE_OPTIONS", recording(&file))).expect_code(66);
    file
}

/// One case of each kind of event.
const CASES: [&str; 24] = [
    "race_counter",
    "race_relaxed_load",
    "race_own_relaxed_store_ends_sequence",
    "clean_update_continues_sequence",
    "clean_failed_exchange_acquires",
    "clean_fence_fence",
    "race_release_fence_after_store",
    "clean_contended_mutex",
    "race_write_under_read_locks",
    "clean_barrier_generations",
    "race_after_barrier",
    "clean_park_token_waits",
    "clean_bounded_channel",
    "race_free_after_read",
    "race_unpublished_allocation",
    "clean_heap_reuse",
    "clean_mapping_reuse",
    "race_on_a_stack",
    "race_volatile_write_plain_read",
    "race_last_byte_of_fill",
    "race_inside_of_announced_lock_orders_nothing",
    "race_switch_without_order",
    "race_detached",
    "clean_new_memory",
];

#[test]
fn the_whole_program_tier_is_judged_as_it_was() {
    let program = Program::build("cases", Profile::Debug);
    let place = temporary_directory();
    check_all(&CASES, 1, |case| {
        let file = place.path().join(case);
        let outcome = run(program.command(&[case]).env("RACE_OPTIONS", recording(&file)));
        let is_racy = outcome.status.code() == Some(66) && !reports(&outcome.stderr).is_empty();
        let fault = if is_racy == case.starts_with("race_") { fault(&outcome, &file) } else { Some("live".to_owned()) };
        (outcome, fault)
    });
}

/// Built as the library's own tests are, so that theirs serve.
fn example(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_cargo-race")).ancestors().nth(2).expect("it lies in a target directory");
    let mut command = Command::new(env!("CARGO"));
    clean_environment(&mut command);
    command.args(["build", "--quiet", "--locked", "--features", "race", "--example", name]);
    run(command.current_dir(repository()).env("CARGO_TARGET_DIR", target)).expect_code(0);
    target.join("debug/examples").join(name)
}

#[test]
fn the_wrapper_tier_is_judged_as_it_was() {
    let place = temporary_directory();
    for name in ["counter", "mutex_beside_data", "rw_lock_cache", "connection_pool", "map", "lock_order"] {
        let program = example(name);
        for variant in [&[][..], &["fixed"]] {
            let file = place.path().join(name);
            let mut command = Command::new("timeout");
            command.arg("60").arg(&program).args(variant);
            if name == "counter" && !variant.is_empty() {
                continue;
            }
            clean_environment(&mut command);
            let outcome = run(command.env("RACE_OPTIONS", recording(&file)));
            assert_eq!(outcome.status.code(), Some(if variant.is_empty() { 66 } else { 0 }), "{outcome:#?}");
            // Its two threads race at two places with each other, at the same time.
            let told = if name == "lock_order" { places } else { str::to_owned };
            assert_eq!(fault_as_told(&outcome, &file, told), None, "{name}: {outcome:#?}");
        }
    }
}

#[test]
fn of_a_report_places_are_what_was_done_and_where() {
    let report = "WARNING: DATA RACE\nRead at 0x10 by thread 2:\n  one()\n      one.rs:1:2 +0x3\n  main()\n      main.rs:4:5 +0x6\n\n\
        Holding mutex 0x20 locked at:\n  lock()\n      one.rs:7:8 +0x9\n\n\
        Previous write at 0x10 by thread 1:\n  two()\n      two.rs:1:2 +0x3\n\n\
        Thread 2 (running) created at:\n  main()\n      main.rs:4:5 +0x6\n";
    assert_eq!(
        places(report),
        "Read\n  one()\n      one.rs:1:2 +0x3\nPrevious write\n  two()\n      two.rs:1:2 +0x3\n"
    );
}

#[test]
fn under_contention_the_order_of_the_file_is_one_that_happened() {
    let (program, place) = (recorded(), temporary_directory());
    for round in 0..2 {
        let file = place.path().join("contended");
        let outcome = run(program.command(&["contended"]).env("RACE_OPTIONS", recording(&file))).expect_code(66);
        assert!(reports(&outcome.stderr).iter().all(|report| report.contains("'worker ")), "{outcome:#?}");
        assert_eq!(fault(&outcome, &file), None, "round {round}: {outcome:#?}");
    }
}

/// What was forgotten beyond a limit is forgotten in the recording too.
#[test]
fn what_was_forgotten_is_not_found_again() {
    let (program, place) = (recorded(), temporary_directory());
    let file = place.path().join("forgotten");
    let options = format!("memory_limit=8 {}", recording(&file));
    let outcome = run(program.command(&["forgotten"]).env("RACE_OPTIONS", options)).expect_code(66);
    assert!(outcome.stderr.contains(" MiB of shadow forgotten (memory_limit)\n"), "{outcome:#?}");
    let [report] = reports(&outcome.stderr)[..] else { panic!("one report: {outcome:#?}") };
    assert!(report.contains("recorded::read_last()"), "{report}");
    assert_eq!(fault(&outcome, &file), None, "{outcome:#?}");
}

#[test]
fn a_process_that_is_killed_leaves_a_whole_recording() {
    let (program, place) = (recorded(), temporary_directory());
    let file = place.path().join("aborted");
    let outcome = run(program.command(&["aborted"]).env("RACE_OPTIONS", recording(&file)));
    assert!(!reports(&outcome.stderr).is_empty(), "{outcome:#?}");
    assert_eq!(fault(&outcome, &file), None, "{outcome:#?}");

    let file = place.path().join("killed");
    let mut command = Command::new(program.path());
    clean_environment(&mut command);
    command.arg("killed").env("RACE_OPTIONS", recording(&file)).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = command.spawn().expect("it starts");
    let mut line = String::new();
    std::io::BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("it says something");
    process.kill().expect("it runs");
    process.wait().expect("it ends");
    assert_eq!(line, "ready\n");
    for oracle in [false, true] {
        assert_eq!(reports(&analyzed(&file, oracle).expect_code(66).stderr).len(), 1);
    }
}

#[test]
fn a_forked_child_records_into_a_file_of_its_own() {
    let (program, place) = (Program::build("cases", Profile::Debug), temporary_directory());
    let file = place.path().join("events");
    for case in ["race_in_child_of_many", "race_in_executed_program"] {
        let outcome = run(program.command(&[case]).env("RACE_OPTIONS", recording(&file))).expect_code(66);
        let files = place.path().read_dir().expect("readable").map(|entry| entry.expect("readable").path());
        let children: Vec<_> = files.filter(|path| path.extension().is_some()).collect();
        let found: Vec<String> = children.iter().map(|child| analyzed(child, true).stderr).collect();
        let found: Vec<&str> = found.iter().flat_map(|text| reports(text)).collect();
        assert_eq!(found, reports(&outcome.stderr), "{case}: {outcome:#?}");
        assert_eq!(reports(&analyzed(&file, false).stderr), [""; 0], "{case}");
        children.iter().for_each(|child| std::fs::remove_file(child).expect("removed"));
    }
}

/// The program, not yet started, where files cannot be longer than so many blocks of 512 bytes, or 1024: which it is, is the
/// shell's.
fn limited(program: &Program, blocks: usize, mode: &str) -> Command {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" {mode}");
    let mut command = Command::new("timeout");
    command.args(["60", "sh", "-c", &script]).arg(program.path());
    clean_environment(&mut command);
    command
}

#[test]
fn a_recording_that_cannot_be_written_is_refused_at_the_start() {
    let (program, place) = (recorded(), temporary_directory());
    let check = |command: &mut Command, path: &Path, reason: &str| {
        let outcome = run(command.env("RACE_OPTIONS", recording(path))).expect_code(2);
        assert_eq!(outcome.stdout, "");
        let start = format!(
            "race: RACE_OPTIONS: the option record names {}, which cannot be written ({reason}",
            path.display()
        );
        assert!(outcome.stderr.starts_with(&start), "{outcome:#?}");
        assert!(outcome.stderr.ends_with("); give a path to a file on a disk with room\n"), "{outcome:#?}");
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:#?}");
    };
    let pipe = place.path().join("pipe");
    make_pipe(&pipe);
    let cases = [
        (pipe.as_path(), "it is no plain file"),
        (Path::new("/dev/full"), "it is no plain file"),
        (place.path(), "Is a directory"),
        (Path::new("/no/such/place"), "No such file or directory"),
    ];
    for (path, reason) in cases {
        check(&mut program.command(&["race"]), path, reason);
    }
    let file = place.path().join("events");
    check(&mut limited(&program, 4, "race"), &file, "File too large");
    assert!(!file.exists(), "nothing half-made is left");
}

#[test]
fn a_recording_for_which_there_is_no_more_room_ends_and_the_program_goes_on() {
    let (program, place) = (recorded(), temporary_directory());
    let file = place.path().join("events");
    let outcome = run(limited(&program, 2500, "long").env("RACE_OPTIONS", recording(&file))).expect_code(66);
    let (told, rest) = outcome.stderr.split_once("race: cannot record into ").expect("it is told of");
    assert!(told.is_empty(), "{told}");
    let (told, rest) = rest.split_once('\n').expect("a line");
    assert!(told.starts_with(&format!("{} (File too large", file.display())), "{told}");
    assert!(told.ends_with("; the program goes on without, give a path to a file on a disk with room"), "{told}");
    assert_eq!(reports(rest).len(), 1, "{rest}");
    // What there is can be judged, and the race came later.
    analyzed(&file, false).expect_code(0);
}

#[test]
fn what_is_no_recording_is_refused_with_a_sentence() {
    let place = temporary_directory();
    let file = place.path().join("text");
    let said = |file: &Path| analyzed(file, false).expect_sentence();
    assert!(said(&file).ends_with("No such file or directory (os error 2)"));
    std::fs::write(&file, "no recording").expect("written");
    let expected = "it is no recording, which RACE_OPTIONS=record=FILE makes";
    assert_eq!(said(&file), format!("cannot analyze {}: {expected}", file.display()));

    let good = std::fs::read(one_race(place.path())).expect("readable");
    let mut other = good.clone();
    other[8] = 9;
    std::fs::write(&file, &other).expect("written");
    assert!(said(&file).ends_with("it is a recording of version 9, and version 1 is what can be read"));
    let mut damaged = good;
    damaged[16] = 255;
    std::fs::write(&file, &damaged).expect("written");
    assert!(said(&file).ends_with("the recording is damaged at byte 16, make it anew"));
}

#[test]
fn a_program_that_has_changed_is_told_of() {
    let place = temporary_directory();
    let copy = place.path().join("copy");
    std::fs::copy(recorded().path(), &copy).expect("copied");
    let file = place.path().join("events");
    let mut command = Command::new(&copy);
    clean_environment(&mut command);
    run(command.arg("race").env("RACE_OPTIONS", recording(&file))).expect_code(66);
    assert!(analyzed(&file, false).expect_code(66).stderr.contains("recorded::write_byte()"));
    std::fs::write(&copy, "another program").expect("written");
    let changed = analyzed(&file, false).expect_code(66).stderr;
    let line = "copy has changed since the recording; its functions have no names in the reports\n";
    assert!(changed.contains(line) && changed.contains("  <unknown>()\n      copy +0x"), "{changed}");
    std::fs::remove_file(&copy).expect("removed");
    let gone = analyzed(&file, false).expect_code(66).stderr;
    assert!(gone.contains("copy is gone; its functions"), "{gone}");
}

/// What a recording names as the program may be anything that has a path, and so may be what is given for a recording.
#[test]
fn what_would_block_or_never_ends_is_not_read() {
    let place = temporary_directory();
    let pipe = place.path().join("pipe");
    make_pipe(&pipe);
    let good = std::fs::read(one_race(place.path())).expect("readable");
    let (header, events) = Header::read(&good).expect("a recording");
    let (mut decoder, mut encoder, mut bytes) = (Decoder::new(events), Encoder::default(), header.bytes().to_vec());
    for build_id in [b"".as_slice(), b"id"] {
        while let Some(event) = decoder.event().expect("whole") {
            let event = match event {
                Event::Module(module) => {
                    Event::Module(ModuleRecord { path: pipe.as_os_str().as_encoded_bytes(), build_id, ..module })
                }
                other => other,
            };
            encoder.encode(&event, &mut bytes);
        }
        let file = place.path().join("named");
        std::fs::write(&file, &bytes).expect("written");
        let said = analyzed(&file, false).expect_code(66).stderr;
        assert!(said.contains("pipe is gone; its functions have no names"), "{said}");
        (decoder, encoder, bytes) = (Decoder::new(events), Encoder::default(), header.bytes().to_vec());
    }
    let said = analyzed(Path::new("/dev/zero"), false).expect_sentence();
    assert_eq!(said, "cannot analyze /dev/zero: it is no recording, which RACE_OPTIONS=record=FILE makes");
}

/// Every prefix of a recording, and many with some bits changed, by both judges: a replay never panics. In one process,
/// one after the other.
#[test]
fn whatever_the_bytes_a_replay_ends() {
    let place = temporary_directory();
    let good = std::fs::read(one_race(place.path())).expect("readable");
    let judge = |bytes: &[u8], by| {
        let mut races = 0;
        let replay = Replay::new(bytes)?;
        replay.judge(by, |_, _| {
            races += 1;
            true
        })?;
        Ok::<usize, ReplayError>(races)
    };
    let whole = [By::Engine, By::Oracle].map(|by| judge(&good, by).expect("whole"));
    assert!(whole[0] > 0 && whole[0] == whole[1], "{whole:?}");
    for length in 0..good.len() {
        // A prefix has the races of its whole events. Too short a one is none.
        let by = if length.is_multiple_of(7) { By::Oracle } else { By::Engine };
        let found = judge(&good[..length], by);
        assert!(if length < 16 { found.is_err() } else { found.is_ok_and(|found| found <= whole[0]) }, "{length}");
    }
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut draw = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    let mut refused = 0;
    for round in 0..600 {
        let mut bytes = good.clone();
        for _ in 0..1 + draw(3) {
            bytes[16 + draw(good.len() - 16)] ^= 1 << draw(8);
        }
        let by = if round % 8 == 0 { By::Oracle } else { By::Engine };
        refused += usize::from(judge(&bytes, by).is_err());
    }
    assert!(refused > 60, "{refused} of 600 were refused");
    assert_eq!(judge(&good, By::Engine), Ok(whole[0]), "nothing is left of the others");
}
