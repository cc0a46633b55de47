//! Channels from one thread to another.

use std::hint::black_box;

use race::thread;

/// Boxes through a channel of std.
pub fn send() {
    let (sender, receiver) = race::sync::mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..500_000_u64 {
                sender.send(Box::new(number)).expect("the receiver takes all");
            }
        });
        scope.spawn(move || black_box(receiver.into_iter().map(|boxed| *boxed).sum::<u64>()));
    });
}

pub fn send_by_crossbeam() {
    let (sender, receiver) = crossbeam::channel::bounded(128);
    thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..500_000_u64 {
                sender.send(number).expect("the receiver takes all");
            }
        });
        scope.spawn(move || black_box(receiver.into_iter().sum::<u64>()));
    });
}

/// `race`'s own channel, which is the same in a build without a detector.
pub fn send_by_race() {
    let (sender, receiver) = race::channel::bounded(128);
    thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..200_000_u64 {
                sender.send(number).expect("the receiver takes all");
            }
        });
        scope.spawn(move || black_box(receiver.iter().sum::<u64>()));
    });
}
