//! Sixty-four threads and more in the engine at once: several programs side by side, each judged by itself.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crate::program::{Extent, Program};
use crate::random::Random;
use crate::stage::{Crew, meet};

/// Programs that run at a time, with up to 12 lanes each.
const SIDE_BY_SIDE: u64 = 7;

/// Seconds for which they do so unless the environment says otherwise.
const SECONDS: u64 = 4;

const THREADS: Crew = Crew {
    start: |lane| {
        std::thread::spawn(lane);
    },
    pause: std::thread::yield_now,
};

#[test]
fn threads_that_meet_race_where_the_definition_says() {
    let _alone = crate::alone();
    let seed = crate::seed();
    let seconds = crate::number("RACE_MEETINGS_SECONDS").unwrap_or(SECONDS);
    let until = Instant::now() + Duration::from_secs(seconds);
    let (programs, racy) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for group in 0..SIDE_BY_SIDE {
            let (programs, racy) = (&programs, &racy);
            scope.spawn(move || {
                let mut random = Random::new(seed.wrapping_add(group));
                while Instant::now() < until {
                    let extent = Extent { lanes: 9..13, deeds: 5..30, granules: 1..9 };
                    let program = Program::draw(&mut random, &extent);
                    let bytes =
                        meet(program, extent.granules.end - 1, THREADS).unwrap_or_else(|fault| panic!("{fault}"));
                    programs.fetch_add(1, Relaxed);
                    racy.fetch_add(bytes, Relaxed);
                }
            });
        }
    });
    println!("{} programs, {} racy bytes", programs.load(Relaxed), racy.load(Relaxed));
    assert!(programs.load(Relaxed) > 0 && racy.load(Relaxed) > 0);
}
