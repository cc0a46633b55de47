//! Every input of the corpus, which has all that ever did harm, and mutations of it for a few seconds, the same each time.
//!
//! `RACE_FUZZ_SECONDS` is how long each kind of input is mutated. An input that ends the process or takes too long is in
//! the file that is named when it began; one that panics is named by the panic. Needs no C++ compiler and no libFuzzer.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, Once};
use std::time::{Duration, Instant};

use race_fuzz::mutation::{Random, mutated};

/// One input is never to take longer.
const LONGEST: Duration = Duration::from_secs(30);
/// So many mutations at least, however slow the machine.
const FEWEST: usize = 200;

/// The shadow that recordings are judged in is the process's.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
/// Seconds since the input began, counted by the one who looks; zero while there is none.
static AGE: AtomicU64 = AtomicU64::new(0);

fn seconds() -> Duration {
    let seconds = std::env::var("RACE_FUZZ_SECONDS").ok();
    Duration::from_secs(seconds.map_or(3, |seconds| seconds.parse().expect("RACE_FUZZ_SECONDS is a number")))
}

/// Ends the process when one input takes too long.
fn watch() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        std::thread::spawn(|| {
            loop {
                std::thread::sleep(Duration::from_secs(1));
                let age = AGE.load(Relaxed);
                if age > LONGEST.as_secs() {
                    eprintln!("an input takes longer than {LONGEST:?}");
                    std::process::abort();
                }
                // An input that ends meanwhile has set it to zero, and the next one begins anew.
                _ = AGE.compare_exchange(age, age + u64::from(age > 0), Relaxed, Relaxed);
            }
        });
    });
}

fn try_out(run: fn(&[u8]), bytes: &[u8], place: &Path) {
    std::fs::write(place, bytes).expect("the test's directory can be written to");
    AGE.store(1, Relaxed);
    let outcome = catch_unwind(AssertUnwindSafe(|| run(bytes)));
    AGE.store(0, Relaxed);
    if let Err(panic) = outcome {
        eprintln!("with {:?}, which is {}", String::from_utf8_lossy(bytes), place.display());
        resume_unwind(panic);
    }
}

fn fuzz(target: &str, run: fn(&[u8]), words: &[&[u8]]) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    watch();
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(target);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let files = corpus.read_dir().unwrap_or_else(|reason| panic!("{}: {reason}", corpus.display()));
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("readable").path()).collect();
    files.sort();
    let inputs: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).expect("readable")).collect();
    assert!(!inputs.is_empty(), "there is no corpus in {}", corpus.display());
    inputs.iter().for_each(|input| try_out(run, input, &place));
    let (mut random, begin, mut count) = (Random::new(1), Instant::now(), 0);
    while count < FEWEST || begin.elapsed() < seconds() {
        try_out(run, &mutated(&mut random, &inputs, words), &place);
        count += 1;
    }
    println!("{target}: {} inputs of the corpus, {count} mutations", inputs.len());
}

#[test]
fn options() {
    let names = race_rt::options::TABLE.iter().map(|row| row.name.as_bytes());
    let words = names.chain([b"=".as_slice(), b"'", b"\"", b":", b"stderr", b"4294967295"]);
    fuzz("options", race_fuzz::options::run, &words.collect::<Vec<_>>());
}

#[test]
fn suppressions() {
    fuzz("suppressions", race_fuzz::suppressions::run, &[b"race:", b"race_top:", b"\n", b"^", b"$", b"*", b"#", b"\0"]);
}

#[test]
fn trace() {
    fuzz("trace", race_fuzz::trace::run, &[&[0xff; 9], &[1, 0], &[10], &[64]]);
}

#[test]
fn analyze() {
    fuzz("analyze", race_fuzz::analyze::run, &[&[1, 0], &[1, 1], &[10], &[12], &[22], &[65], &[0x80, 0x80, 0x40]]);
}

/// In a process of its own, whose C library is the engine's: `cargo test --features abi abi`.
#[cfg(feature = "abi")]
#[test]
fn abi() {
    fuzz("abi", race_fuzz::abi::run, &[&[46, 0, 0, 0], &[46, 0, 1, 1], &[12], &[11], &[3, 100, 0, 0], &[43]]);
}

#[test]
fn instrument() {
    const WORDS: [&str; 24] = [
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "*",
        "&mut ",
        "p",
        ".a",
        " = ",
        " += ",
        ";",
        "@(",
        "unsafe ",
        "async ",
        "move ",
        "|x| ",
        "#[race::skip] ",
        "ptr::write(p, 1)",
        "match ",
        "if let ",
        ".await",
        "?",
    ];
    fuzz("instrument", race_fuzz::instrument::run, &WORDS.map(str::as_bytes));
}
