//! Timers: when they come, how they are stopped and set again, and, with the engine, what they order.

#[cfg(race_engine)]
mod wrapper_case;

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use race::channel::{TryRecvError, bounded, unbounded};
use race::sync::Mutex;
use race::thread;
use race::time::{Duration, Instant, Timer, after, after_func, ticker};

const SHORT: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_secs(3600);

#[test]
fn the_time_comes_once_and_not_before() {
    let start = Instant::now();
    let receiver = after(SHORT);
    let came = receiver.recv().unwrap();
    assert!(came >= start + SHORT && came <= Instant::now());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty), "the channel is not closed");
    assert_eq!(after(Duration::MAX).try_recv(), Err(TryRecvError::Empty));
}

/// The timers' thread waits for the first deadline; an earlier one that is set later wakes it.
#[test]
fn what_is_due_first_comes_first() {
    let late = after(LONG);
    for _ in 0..20 {
        after(Duration::from_millis(1)).recv().unwrap();
    }
    assert!(late.is_empty());
}

#[test]
fn a_timer_is_stopped_and_set_again() {
    let timer = Timer::new(LONG);
    assert!(timer.stop() && !timer.stop());
    assert!(!timer.reset(SHORT));
    timer.receiver().recv().unwrap();
    assert!(!timer.stop());
    timer.reset(Duration::ZERO);
    while timer.receiver().is_empty() {
        thread::yield_now();
    }
    assert!(timer.stop(), "its message was not received");
    assert_eq!(timer.receiver().try_recv(), Err(TryRecvError::Empty), "nor will it be");
}

#[test]
fn a_function_is_called_in_a_thread_of_its_own() {
    let (sender, receiver) = unbounded();
    let timer = after_func(SHORT, move || sender.send(thread::current().id()).unwrap());
    let first = receiver.recv().unwrap();
    assert_ne!(first, thread::current().id());
    assert!(!timer.reset(SHORT), "the first call had begun");
    assert_ne!(receiver.recv().unwrap(), first);
    assert!(!timer.reset(LONG) && timer.reset(LONG) && timer.stop());
    assert!(timer.receiver().try_recv().is_err());
}

#[test]
fn a_function_outlives_its_timer_and_is_dropped_after_its_call() {
    let (sender, receiver) = bounded(0);
    let dropped = Arc::new(());
    drop(after_func(SHORT, {
        let kept = dropped.clone();
        move || {
            let _ = &kept;
            sender.send(()).unwrap();
        }
    }));
    assert_eq!(receiver.recv(), Ok(()));
    assert!(receiver.recv().is_err(), "the function is gone, and its sender with it");
    while Arc::strong_count(&dropped) > 1 {
        thread::yield_now();
    }
}

#[test]
fn a_function_that_panics_disturbs_nobody() {
    after_func(Duration::ZERO, || panic!("as it should"));
    let (sender, receiver) = bounded(0);
    let _timer = after_func(SHORT, move || sender.send(()).unwrap());
    assert_eq!(receiver.recv(), Ok(()));
}

#[test]
fn a_ticker_ticks_until_it_is_stopped() {
    let start = Instant::now();
    let ticker = ticker(Duration::from_millis(1));
    let ticks: Vec<Instant> = ticker.iter().take(5).collect();
    assert!(ticks.is_sorted() && ticks[4] >= start + Duration::from_millis(5), "{start:?} {ticks:?}");
    ticker.stop();
    assert_eq!(ticker.receiver().try_recv(), Err(TryRecvError::Empty));
    ticker.reset(SHORT);
    (&ticker).into_iter().next().unwrap();
    let receiver = ticker.receiver().clone();
    drop(ticker);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty), "a ticker stops when it is dropped");
}

#[test]
fn who_is_slow_misses_ticks() {
    let ticker = ticker(Duration::from_millis(1));
    while ticker.receiver().is_empty() {
        thread::yield_now();
    }
    std::thread::sleep(10 * SHORT);
    assert_eq!(ticker.receiver().len(), 1);
    let late = ticker.receiver().recv().unwrap();
    let next = ticker.receiver().recv().unwrap();
    assert!(next >= late + 10 * SHORT, "the one that waited was the first");
}

#[test]
#[should_panic(expected = "a ticker needs a period that is not zero")]
fn a_ticker_needs_a_period() {
    ticker(Duration::ZERO);
}

#[test]
fn many_fast_tickers_and_a_lock_get_along() {
    let total = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in ticker(Duration::from_nanos(1)).iter().take(1000) {
                    *total.lock().unwrap() += 1;
                }
            });
        }
    });
    assert_eq!(total.into_inner().unwrap(), 8000);
}

#[test]
fn timers_are_set_and_stopped_by_many_at_once() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    static STOPPED: AtomicUsize = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for microseconds in 0..200 {
                    let timer = after_func(Duration::from_micros(microseconds % 50), || {
                        CALLS.fetch_add(1, Ordering::SeqCst);
                    });
                    if timer.stop() {
                        STOPPED.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    // Each is either stopped or called, never both; the calls that have begun end.
    let called = 800 - STOPPED.load(Ordering::SeqCst);
    while CALLS.load(Ordering::SeqCst) < called {
        thread::yield_now();
    }
    std::thread::sleep(SHORT);
    assert_eq!(CALLS.load(Ordering::SeqCst), called);
}

/// Neither the timers' thread nor what is set for later keeps a process alive.
#[test]
fn a_process_ends_before_its_timers() {
    const LEAVES: &str = "RACE_TIMERS_LEAVE";
    if std::env::var_os(LEAVES).is_some() {
        after_func(LONG, || unreachable!("the process has ended"));
        std::mem::forget((ticker(SHORT), after(LONG)));
        return;
    }
    let start = Instant::now();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["a_process_ends_before_its_timers", "--exact", "--test-threads=1"])
        .env(LEAVES, "1")
        .env("RACE_OPTIONS", "atexit_sleep_ms=60000")
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success() && start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

/// A function that sets its own timer again.
fn call_again_and_again(times: u64, action: impl Fn(u64) + Send + Sync + 'static) {
    let (done, ended) = bounded(0);
    let timer = Arc::new(OnceLock::new());
    let rounds = std::sync::atomic::AtomicU64::new(0);
    let set = Arc::downgrade(&timer);
    let first = after_func(LONG, move || {
        let round = rounds.fetch_add(1, Ordering::Relaxed);
        action(round);
        if round + 1 == times {
            done.send(()).unwrap();
        } else {
            let timer: Arc<OnceLock<Timer>> = set.upgrade().expect("it is waited for");
            timer.get().expect("it was set").reset(Duration::from_micros(100));
        }
    });
    timer.set(first).unwrap();
    timer.get().unwrap().reset(Duration::ZERO);
    ended.recv().unwrap();
}

#[test]
fn a_function_sets_its_own_timer() {
    let count = Arc::new(AtomicUsize::new(0));
    call_again_and_again(10, {
        let count = count.clone();
        move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    assert_eq!(count.load(Ordering::SeqCst), 10);
}

#[cfg(race_engine)]
mod places {
    use crate::wrapper_case::{Place, Steps};

    pub static X: Place = Place::new();
    pub static STEPS: Steps = Steps::new();
}

#[cfg(race_engine)]
use places::{STEPS, X};

#[cfg(race_engine)]
cases! {
    fn clean_set_then_call() {
        let (sender, receiver) = bounded(0);
        X.write(1);
        after_func(SHORT, move || {
            X.write(2);
            sender.send(()).unwrap();
        });
        receiver.recv().unwrap();
        X.write(3);
    }

    fn clean_call_sets_its_timer_again() {
        call_again_and_again(10, |_| X.write(X.read() + 1));
        assert_eq!(X.read(), 10);
    }

    fn clean_timer_left_behind() {
        let timer = after_func(Duration::from_nanos(1), || X.write(1));
        std::thread::sleep(SHORT);
        timer.stop();
    }

    fn race_call_against_setter() {
        after_func(Duration::ZERO, || {
            X.write(1);
            STEPS.take();
        });
        STEPS.wait_for(1);
        X.write(2);
    }

    /// Neither that a timer has come, nor that it is stopped or set again, says that its call is over.
    fn race_stop_and_reset_order_nothing() {
        let timer = after_func(Duration::ZERO, || {
            X.write(1);
            STEPS.take();
        });
        STEPS.wait_for(1);
        assert!(!timer.stop() && !timer.reset(LONG));
        X.write(2);
    }

    fn race_two_calls() {
        let call = || {
            after_func(Duration::ZERO, || {
                X.write(1);
                STEPS.take();
            })
        };
        call();
        STEPS.wait_for(1);
        call();
        STEPS.wait_for(2);
    }

    fn clean_set_then_receive() {
        let (sender, receiver) = unbounded();
        // The channel itself is handed over by means that order nothing.
        static TIMER: OnceLock<race::channel::Receiver<Instant>> = OnceLock::new();
        thread::scope(|scope| {
            scope.spawn(move || {
                X.write(1);
                TIMER.set(after(SHORT)).unwrap();
                STEPS.take();
                STEPS.wait_for(2);
                sender.send(()).unwrap();
            });
            STEPS.wait_for(1);
            TIMER.get().unwrap().recv().unwrap();
            X.write(2);
            STEPS.take();
        });
        drop(receiver);
    }

    fn race_after_the_timer_was_set() {
        static TIMER: OnceLock<race::channel::Receiver<Instant>> = OnceLock::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                STEPS.wait_for(1);
                TIMER.set(after(SHORT)).unwrap();
                X.write(1);
                STEPS.take();
            });
            STEPS.take();
            STEPS.wait_for(2);
            TIMER.get().unwrap().recv().unwrap();
            X.write(2);
        });
    }

    /// Who receives a tick is not ordered with who received the one before.
    fn race_receivers_of_ticks() {
        let ticker = ticker(Duration::from_millis(1));
        let (one, other) = (ticker.receiver().clone(), ticker.receiver().clone());
        wrapper_case::one_then_other(
            move || {
                one.recv().unwrap();
                X.write(1);
            },
            move || {
                other.recv().unwrap();
                X.write(2);
            },
        );
    }

    fn clean_ticks_under_a_lock() {
        static TOTAL: Mutex<()> = Mutex::new(());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in ticker(Duration::from_nanos(1)).iter().take(100) {
                        let _lock = TOTAL.lock().unwrap();
                        X.write(X.read() + 1);
                    }
                });
            }
        });
        assert_eq!(X.read(), 400);
    }
}
