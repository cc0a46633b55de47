//! Many threads: one after the other, or all at once.

use std::collections::VecDeque;
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use crate::case::{Place, earlier, later};
use crate::{invisible, resident};

/// Threads that live at the same time where they come and go.
const ALIVE: usize = 64;

static TOTAL: Mutex<u64> = Mutex::new(0);

/// What each thread does: something of its own and something shared.
fn work(number: usize) {
    let own = vec![number as u64; 100 + number % 100];
    *TOTAL.lock().unwrap() += own.iter().sum::<u64>() / own.len() as u64;
}

/// Prints the resident memory at each tenth of `total`.
fn at_tenths(number: usize, total: usize) {
    let done = number + 1;
    if done.is_multiple_of(total.div_ceil(10)) || done == total {
        resident::print("threads", done);
    }
}

/// `total` threads, each joined when 64 are alive.
pub fn joined(total: usize) {
    let mut alive = VecDeque::new();
    for number in 0..total {
        if alive.len() == ALIVE {
            let oldest: thread::JoinHandle<()> = alive.pop_front().unwrap();
            oldest.join().unwrap();
        }
        alive.push_back(thread::spawn(move || work(number)));
        at_tenths(number, total);
    }
    alive.into_iter().for_each(|thread| thread.join().unwrap());
}

/// `total` threads that nobody joins. Room for another is asked of a counter of those alive.
pub fn detached(total: usize) {
    let alive = Arc::new((Mutex::new(0), Condvar::new()));
    let wait_while_more_than = |most: usize| {
        let (count, changed) = &*alive;
        drop(changed.wait_while(count.lock().unwrap(), |count| *count > most).unwrap());
    };
    for number in 0..total {
        wait_while_more_than(ALIVE - 1);
        *alive.0.lock().unwrap() += 1;
        let alive = alive.clone();
        drop(thread::spawn(move || {
            work(number);
            *alive.0.lock().unwrap() -= 1;
            alive.1.notify_one();
        }));
        at_tenths(number, total);
    }
    wait_while_more_than(0);
}

/// `total` threads that all live when the first and the last of them access one place: in a race, or under a lock.
pub fn alive(total: usize, race: bool) -> ExitCode {
    static PLACE: Place<u64> = Place::new(0);
    const STACK: usize = 64 << 10;
    let end = Arc::new((Mutex::new(false), Condvar::new()));
    let mut threads = Vec::new();
    for number in 0..total {
        let their_end = end.clone();
        let life = move || {
            work(number);
            let access = || {
                let lock = (!race).then(|| TOTAL.lock().unwrap());
                PLACE.write(number as u64);
                drop(lock);
            };
            if number == 0 {
                invisible::wait(1);
                earlier(access);
                invisible::advance();
            }
            if number == total - 1 {
                invisible::meet(2);
                later(access);
                invisible::advance();
            }
            drop(their_end.1.wait_while(their_end.0.lock().unwrap(), |end| !*end).unwrap());
        };
        match thread::Builder::new().stack_size(STACK).spawn(life) {
            Ok(thread) => threads.push(thread),
            Err(error) => {
                eprintln!("endurance: the system refuses thread {number}: {error}");
                return ExitCode::from(2);
            }
        }
        at_tenths(number, total);
    }
    invisible::wait(3);
    resident::print("alive", total);
    *end.0.lock().unwrap() = true;
    end.1.notify_all();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    // What nobody ever reads the compiler does not keep.
    PLACE.read();
    ExitCode::SUCCESS
}
