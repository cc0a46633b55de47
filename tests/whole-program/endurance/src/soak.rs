//! A mixture of all that a long-lived program does, with nothing in it that grows.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::resident;

/// Keys of the common table.
const KEYS: usize = 1000;
/// Messages that a bounded channel holds.
const ROOM: usize = 16;

struct Common {
    table: RwLock<HashMap<usize, Vec<u8>>>,
    total: Mutex<u64>,
}

/// One turn: four threads that come and go, with a table, a total, and channels between them.
fn turn(number: usize, common: &Arc<Common>) {
    let (requests, to_serve): (SyncSender<Vec<u64>>, Receiver<Vec<u64>>) = sync_channel(ROOM);
    let (answers, results): (Sender<Box<u64>>, Receiver<Box<u64>>) = channel();
    let asker = thread::spawn(move || {
        for size in 1..40 {
            requests.send(vec![size; size as usize]).unwrap();
        }
    });
    let server = {
        let common = common.clone();
        thread::spawn(move || {
            for request in to_serve {
                let sum = request.iter().sum();
                *common.total.lock().unwrap() += sum;
                answers.send(Box::new(sum)).unwrap();
            }
        })
    };
    let writer = {
        let common = common.clone();
        thread::spawn(move || {
            for step in 0..40 {
                let key = (number * 7 + step * 13) % KEYS;
                common.table.write().unwrap().insert(key, vec![step as u8; 10 + (number + step) % 300]);
            }
        })
    };
    // Nobody joins this one.
    let reader = common.clone();
    drop(thread::spawn(move || {
        let table = reader.table.read().unwrap();
        *reader.total.lock().unwrap() += table.values().map(|value| u64::from(value[0])).sum::<u64>();
    }));
    // A block that is large enough to be the kernel's, and one that is not.
    let large = vec![number as u8; 300 << 10];
    let medium = vec![large[0]; 90 << 10];
    assert_eq!(medium[medium.len() - 1], number as u8);
    let received: u64 = results.iter().map(|sum| *sum).sum();
    assert_eq!(received, (1..40).map(|size: u64| size * size).sum());
    for thread in [asker, server, writer] {
        thread.join().unwrap();
    }
}

/// Turns for so many seconds. Prints the resident memory each minute, of a shorter run each tenth.
pub fn run(seconds: usize) {
    let common = Arc::new(Common { table: RwLock::new(HashMap::new()), total: Mutex::new(0) });
    let whole = Duration::from_secs(seconds as u64);
    let part = if seconds >= 600 { Duration::from_secs(60) } else { whole / 10 };
    let begin = Instant::now();
    let (mut turns, mut parts) = (0, 0);
    while begin.elapsed() < whole {
        turn(turns, &common);
        turns += 1;
        while begin.elapsed() >= part * (parts + 1) && parts < (whole.as_millis() / part.as_millis()) as u32 {
            parts += 1;
            resident::print("part", parts as usize);
        }
    }
    println!("turns: {turns}");
}
