//! Locks and channels that put threads to sleep: parking_lot, flume, crossbeam's channels, dashmap.

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use dashmap::DashMap;
use parking_lot::{Condvar, Mutex, RwLock};

use crate::programs;

programs! {
    parking_lot_mutex parking_lot_read_write_lock parking_lot_condvar parking_lot_upgrade
    crossbeam_bounded_channel crossbeam_rendezvous crossbeam_select flume_channel flume_rendezvous
    dashmap_counts crossbeam_scope_and_wait_group
}

const THREADS: usize = 4;

fn in_threads(body: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for number in 0..THREADS {
            let body = &body;
            scope.spawn(move || body(number));
        }
    });
}

fn parking_lot_mutex() {
    let counts = Mutex::new(HashMap::new());
    in_threads(|number| {
        for round in 0..1000 {
            *counts.lock().entry((number + round) % 16).or_insert(0_usize) += 1;
        }
    });
    assert_eq!(counts.into_inner().values().sum::<usize>(), THREADS * 1000);
}

fn parking_lot_read_write_lock() {
    let numbers = RwLock::new(Vec::new());
    in_threads(|number| {
        for round in 0..500 {
            if round % 10 == number {
                numbers.write().push(round);
            } else {
                let numbers = numbers.read();
                assert!(numbers.iter().all(|round| *round < 500));
            }
        }
    });
    assert_eq!(numbers.read().len(), THREADS * 50);
}

fn parking_lot_condvar() {
    let (queue, changed) = (Mutex::new(Vec::new()), Condvar::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..1000_u64 {
                queue.lock().push(Box::new(number));
                changed.notify_one();
            }
        });
        scope.spawn(|| {
            let mut taken = 0;
            while taken < 1000 {
                let mut queue = queue.lock();
                changed.wait_while(&mut queue, |queue| queue.is_empty());
                taken += queue.drain(..).map(|number| usize::from(*number < 1000)).sum::<usize>();
            }
        });
    });
}

fn parking_lot_upgrade() {
    let number = RwLock::new(0_u64);
    in_threads(|_| {
        for _ in 0..500 {
            let guard = number.upgradable_read();
            let next = *guard + 1;
            *parking_lot::RwLockUpgradableReadGuard::upgrade(guard) = next;
            assert!(*number.read() >= next);
        }
    });
    assert_eq!(*number.read(), THREADS as u64 * 500);
}

fn crossbeam_bounded_channel() {
    let (sender, receiver) = crossbeam::channel::bounded::<Box<usize>>(8);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            let (sender, receiver) = (sender.clone(), receiver.clone());
            scope.spawn(move || (0..500).for_each(|number| sender.send(Box::new(number)).unwrap()));
            scope.spawn(move || assert!(receiver.iter().all(|number| *number < 500)));
        }
        drop((sender, receiver));
    });
}

fn crossbeam_rendezvous() {
    let (sender, receiver) = crossbeam::channel::bounded::<Vec<u8>>(0);
    thread::scope(|scope| {
        scope.spawn(move || (0..300).for_each(|number| sender.send(vec![number as u8; 100]).unwrap()));
        scope.spawn(move || assert_eq!(receiver.iter().map(|bytes| bytes.len()).sum::<usize>(), 30_000));
    });
}

fn crossbeam_select() {
    let (left, from_left) = crossbeam::channel::unbounded::<String>();
    let (right, from_right) = crossbeam::channel::bounded::<String>(2);
    thread::scope(|scope| {
        scope.spawn(move || (0..300).for_each(|number| left.send(number.to_string()).unwrap()));
        scope.spawn(move || (0..300).for_each(|number| right.send(number.to_string()).unwrap()));
        let mut taken = 0;
        while taken < 600 {
            crossbeam::channel::select! {
                recv(from_left) -> text => taken += usize::from(text.is_ok_and(|text| !text.is_empty())),
                recv(from_right) -> text => taken += usize::from(text.is_ok_and(|text| !text.is_empty())),
                default(Duration::from_millis(1)) => (),
            }
        }
    });
}

fn flume_channel() {
    let (sender, receiver) = flume::unbounded::<Box<usize>>();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            let sender = sender.clone();
            scope.spawn(move || (0..500).for_each(|number| sender.send(Box::new(number)).unwrap()));
        }
        drop(sender);
        scope.spawn(move || assert_eq!(receiver.iter().map(|number| *number).sum::<usize>(), THREADS * 499 * 250));
    });
}

fn flume_rendezvous() {
    let (sender, receiver) = flume::bounded::<Vec<u8>>(0);
    thread::scope(|scope| {
        scope.spawn(move || (0..300).for_each(|number| sender.send(vec![number as u8; 100]).unwrap()));
        scope.spawn(move || assert_eq!(receiver.iter().map(|bytes| bytes.len()).sum::<usize>(), 30_000));
    });
}

fn dashmap_counts() {
    let counts = DashMap::new();
    in_threads(|number| {
        for round in 0..1000 {
            *counts.entry((number * round) % 64).or_insert(0_usize) += 1;
            if round % 7 == 0 {
                counts.remove(&(round % 64));
                assert!(counts.iter().all(|entry| *entry.value() <= THREADS * 1000));
            }
        }
    });
}

fn crossbeam_scope_and_wait_group() {
    let results = Mutex::new(Vec::new());
    crossbeam::thread::scope(|scope| {
        let group = crossbeam::sync::WaitGroup::new();
        for number in 0..THREADS {
            let (group, results) = (group.clone(), &results);
            scope.spawn(move |_| {
                results.lock().push(vec![number; 10]);
                drop(group);
            });
        }
        group.wait();
        assert_eq!(results.lock().len(), THREADS);
    })
    .unwrap();
}
