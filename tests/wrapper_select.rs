//! `select!` and `Select`, with or without the engine: what they choose, and that they wait and wake.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use race::channel::{Receiver, RecvError, Select, SendError, Sender, bounded, never, unbounded};
use race::thread;
use race::time::{Duration, Instant, after};

const SHORT: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_secs(60);

type Ends = (Sender<u64>, Receiver<u64>);

#[test]
fn the_arm_that_is_possible_is_chosen_and_gives_the_value() {
    let (numbers, words) = (bounded(1), bounded(1));
    numbers.0.send(7).unwrap();
    let first = race::select! {
        recv(numbers.1) -> number => number.unwrap(),
        recv(words.1) -> word => { let word: Result<&str, RecvError> = word; word.unwrap().len() }
    };
    let second: usize = race::channel::select! {
        recv(numbers.1) -> number => number.unwrap(),
        send(words.0, "hello") -> sent => { sent.unwrap(); 0 }
        default => 9,
    };
    let third = race::select!(recv(numbers.1) -> _ => 0, default(SHORT) => words.1.recv().unwrap().len());
    assert_eq!((first, second, third), (7, 0, 5));
}

#[test]
fn a_closed_channel_is_chosen() {
    let (sender, receiver) = bounded::<String>(1);
    sender.close();
    let got = race::select! { recv(receiver) -> message => message, recv(never()) -> message => message };
    assert_eq!(got, Err(RecvError));
    let got = race::select! { send(sender, "back".into()) -> sent => sent, recv(never::<u8>()) -> _ => Ok(()) };
    assert_eq!(got, Err(SendError("back".into())));
}

#[test]
fn bodies_are_code_of_their_function() {
    fn first_even(numbers: &Receiver<u32>, mut ended: Receiver<()>) -> Option<u32> {
        let mut odd = 0;
        'numbers: loop {
            race::select! {
                recv(numbers) -> number => {
                    let Ok(number) = number else { break 'numbers };
                    if number % 2 == 1 {
                        odd += 1;
                        continue;
                    }
                    return Some(number + odd);
                }
                // What an arm named may be replaced in its body, as Go's programs do.
                recv(ended) -> _ => ended = never(),
            }
        }
        None
    }
    let (sender, receiver) = unbounded();
    (1..5).for_each(|number| sender.send(number).unwrap());
    assert_eq!(first_even(&receiver, bounded(0).1), Some(3));
    drop(sender);
    assert_eq!(first_even(&receiver, never()), Some(5));
    assert_eq!(first_even(&receiver, never()), None);
}

#[test]
fn expressions_are_evaluated_once_and_in_order() {
    let order = std::cell::RefCell::new(Vec::new());
    let note = |what| order.borrow_mut().push(what);
    let (sender, receiver) = bounded::<u8>(1);
    race::select! {
        recv({ note("receiver"); never::<u8>() }) -> _ => unreachable!(),
        default({ note("time"); LONG }) => unreachable!(),
        send({ note("sender"); &sender }, { note("value"); 3 }) -> sent => { note("body"); sent.unwrap() }
    }
    assert_eq!(*order.borrow(), ["receiver", "time", "sender", "value", "body"]);
    assert_eq!(receiver.recv(), Ok(3));
}

#[test]
fn what_is_not_sent_is_dropped_once() {
    let value = std::sync::Arc::new(());
    let (sender, _receiver) = bounded(0);
    for _ in 0..3 {
        race::select! { send(sender, value.clone()) -> _ => unreachable!(), default => {} }
        race::select! { send(sender, value.clone()) -> _ => unreachable!(), default(SHORT) => {} }
        race::select! { send(sender, value.clone()) -> _ => unreachable!(), recv(after(SHORT)) -> _ => {} }
    }
    assert_eq!(std::sync::Arc::strong_count(&value), 1);
}

#[test]
fn each_possible_arm_is_chosen_sometimes() {
    let lines: Vec<_> = (0..3).map(|_| unbounded()).collect();
    let mut counts = [0; 4];
    for _ in 0..4000 {
        lines.iter().for_each(|(sender, _)| sender.send(()).unwrap());
        let chosen = race::select! {
            recv(lines[0].1) -> _ => 0,
            recv(lines[1].1) -> _ => 1,
            send(lines[2].0, ()) -> _ => 2,
            recv(lines[2].1) -> _ => 3,
            recv(never::<()>()) -> _ => unreachable!(),
        };
        counts[chosen] += 1;
    }
    assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
}

#[test]
fn a_time_runs_out_not_before_its_end() {
    let start = Instant::now();
    race::select! { recv(never::<u8>()) -> _ => unreachable!(), default(SHORT) => {} }
    assert!(start.elapsed() >= SHORT);
}

#[test]
fn as_many_as_there_are_at_run_time() {
    let lines: Vec<(Sender<usize>, Receiver<usize>)> = (0..50).map(|_| bounded(1)).collect();
    let mut left: HashSet<usize> = (0..50).collect();
    while !left.is_empty() {
        let mut select = Select::new();
        for (line, (sender, _)) in lines.iter().enumerate() {
            assert_eq!(select.send(sender, line), line);
        }
        let selected = select.select();
        let line = selected.index();
        assert_eq!(selected.send(&lines[line].0), Ok(()));
        assert!(left.remove(&line), "each has room for one");
    }
    let mut select = Select::new();
    select.send(&lines[0].0, 0);
    let mut select = select.try_select().expect_err("there is no room");
    select.recv(&lines[3].1);
    let selected = select.select_timeout(LONG).expect("there is a message");
    assert_eq!((selected.index(), selected.recv(&lines[3].1)), (1, Ok(3)));
    assert!(Select::new().select_timeout(SHORT).is_err());
}

#[test]
#[should_panic(expected = "no receive from this channel")]
fn an_outcome_is_asked_of_its_own_channel() {
    let lines = [bounded(1), bounded(1)];
    lines[0].0.send(1).unwrap();
    let mut select = Select::new();
    select.recv(&lines[0].1);
    let _ = select.select().recv(&lines[1].1);
}

/// Both sides wait in a select, on the same channel, with both a send and a receive each; nobody meets himself.
#[test]
fn select_meets_select_and_not_itself() {
    let (sender, receiver) = bounded(0);
    let alone = race::select! {
        send(sender, 0) -> _ => false,
        recv(receiver) -> _ => false,
        default(SHORT) => true,
    };
    assert!(alone);
    const ROUNDS: u64 = 2000;
    let (sent, received) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for number in 1..=ROUNDS {
                    race::select! {
                        send(sender, number) -> result => {
                            result.unwrap();
                            sent.fetch_add(number, Ordering::Relaxed);
                        }
                        recv(receiver) -> number => {
                            received.fetch_add(number.unwrap(), Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    assert_eq!(sent.into_inner(), received.into_inner());
}

/// Many threads, each with sends and receives on several channels, by select or plainly; what was sent arrives, once.
#[test]
fn nothing_is_lost_and_nobody_sleeps_on() {
    const THREADS: u64 = 4;
    const MESSAGES: u64 = 1500;
    for capacity in [Some(0), Some(1), Some(3), None] {
        let channel = || capacity.map_or_else(unbounded, bounded);
        let (one, two, three): (Ends, Ends, Ends) = (channel(), channel(), channel());
        let (count, sum) = (AtomicUsize::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for number in 0..THREADS {
                let senders = (one.0.clone(), two.0.clone(), three.0.clone());
                scope.spawn(move || {
                    let (one, two, three) = senders;
                    for number in (1..=MESSAGES).map(|message| number * MESSAGES + message) {
                        if number % 5 == 0 {
                            two.send(number).unwrap();
                            continue;
                        }
                        race::select! {
                            send(one, number) -> sent => sent.unwrap(),
                            send(two, number) -> sent => sent.unwrap(),
                            send(three, number) -> sent => sent.unwrap(),
                        }
                    }
                });
                let (mut one, mut two, mut three) = (one.1.clone(), two.1.clone(), three.1.clone());
                let (count, sum) = (&count, &sum);
                scope.spawn(move || {
                    let mut open = 3;
                    while open > 0 {
                        let (number, line) = race::select! {
                            recv(one) -> number => (number, &mut one),
                            recv(two) -> number => (number, &mut two),
                            recv(three) -> number => (number, &mut three),
                        };
                        match number {
                            Ok(number) => {
                                count.fetch_add(1, Ordering::Relaxed);
                                sum.fetch_add(number, Ordering::Relaxed);
                            }
                            Err(RecvError) => {
                                *line = never();
                                open -= 1;
                            }
                        }
                    }
                });
            }
            drop((one, two, three));
        });
        let total = THREADS * MESSAGES;
        assert_eq!((count.into_inner() as u64, sum.into_inner()), (total, total * (total + 1) / 2), "{capacity:?}");
    }
}

/// A ring of selects on channels without buffer: each wake-up is needed for the next.
#[test]
fn a_ring_of_selects_keeps_turning() {
    const LENGTH: usize = 5;
    const ROUNDS: usize = 500;
    let ends: Vec<_> = (0..LENGTH).map(|_| bounded::<usize>(0)).collect();
    thread::scope(|scope| {
        for place in 0..LENGTH {
            let (receiver, sender) = (ends[place].1.clone(), ends[(place + 1) % LENGTH].0.clone());
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    let number = race::select! {
                        recv(receiver) -> number => number.unwrap(),
                        recv(never::<usize>()) -> _ => unreachable!(),
                    };
                    if number < LENGTH * ROUNDS - 1 {
                        race::select! {
                            send(sender, number + 1) -> sent => sent.unwrap(),
                            recv(never::<usize>()) -> _ => unreachable!(),
                        }
                    }
                }
            });
        }
        ends[0].0.send(0).unwrap();
    });
}
