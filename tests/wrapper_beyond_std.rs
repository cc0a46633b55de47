//! What channels and wait groups do, with or without the engine: order, room, waiting, closing, and whose the messages are.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use race::channel::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError, bounded, unbounded,
};
use race::sync::WaitGroup;
use race::thread;

const SHORT: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_secs(60);

#[test]
fn messages_come_in_order_and_room_is_bounded() {
    let (sender, receiver) = bounded(2);
    assert_eq!((sender.capacity(), receiver.capacity(), sender.is_empty()), (Some(2), Some(2), true));
    sender.send(1).unwrap();
    sender.try_send(2).unwrap();
    assert_eq!(sender.try_send(3), Err(TrySendError::Full(3)));
    assert_eq!(sender.send_timeout(3, SHORT), Err(SendTimeoutError::Timeout(3)));
    assert_eq!((sender.len(), receiver.len()), (2, 2));
    assert_eq!(receiver.recv(), Ok(1));
    sender.send(4).unwrap();
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [2, 4]);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(receiver.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout));
}

#[test]
fn a_send_waits_for_room_and_a_receive_for_a_message() {
    let (sender, receiver) = bounded(1);
    thread::scope(|scope| {
        scope.spawn(|| (0..100).for_each(|number| sender.send_timeout(number, LONG).unwrap()));
        for number in 0..100 {
            assert_eq!(receiver.recv_timeout(LONG), Ok(number));
        }
    });
}

#[test]
fn without_a_buffer_a_send_waits_for_its_receive() {
    let (sender, receiver) = bounded(0);
    assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
    assert_eq!(sender.send_timeout(2, SHORT), Err(SendTimeoutError::Timeout(2)));
    assert_eq!((sender.len(), receiver.try_recv()), (0, Err(TryRecvError::Empty)), "what was given back is gone");
    let received = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..100 {
                received.store(number + 1, Ordering::SeqCst);
                assert_eq!(receiver.recv(), Ok(number));
            }
        });
        for number in 0..100 {
            sender.send(number).unwrap();
            assert!(received.load(Ordering::SeqCst) > number);
        }
    });
}

#[test]
fn without_a_buffer_an_attempt_finds_who_waits() {
    let (sender, receiver) = bounded(0);
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(receiver.recv(), Ok(1)));
        let mut message = 1;
        while let Err(error) = sender.try_send(message) {
            let TrySendError::Full(back) = error else { panic!("the receiver is there") };
            message = back;
            thread::yield_now();
        }
    });
}

#[test]
fn every_message_goes_to_one_receiver() {
    for (sender, receiver) in [unbounded(), bounded(3), bounded(0)] {
        let (count, sum) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..3 {
                let (receiver, count, sum) = (receiver.clone(), &count, &sum);
                scope.spawn(move || {
                    for number in receiver {
                        count.fetch_add(1, Ordering::SeqCst);
                        sum.fetch_add(number, Ordering::SeqCst);
                    }
                });
                let sender = sender.clone();
                scope.spawn(move || (1..=100).for_each(|number| sender.send(number).unwrap()));
            }
            drop((sender, receiver));
        });
        assert_eq!((count.into_inner(), sum.into_inner()), (300, 3 * 5050));
    }
}

#[test]
fn a_closed_channel_is_emptied_and_refuses() {
    let (sender, receiver) = unbounded();
    sender.send(1).unwrap();
    assert!(!sender.is_closed() && sender.close() && !sender.close() && sender.is_closed());
    assert_eq!(sender.send(2), Err(SendError(2)));
    assert_eq!(sender.try_send(2), Err(TrySendError::Disconnected(2)));
    assert_eq!(receiver.recv(), Ok(1));
    assert_eq!(receiver.recv(), Err(RecvError));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn closing_and_leaving_wake_who_waits() {
    let (sender, receiver) = bounded::<u8>(0);
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(receiver.recv(), Err(RecvError)));
        sender.close();
    });
    let (sender, receiver) = bounded(0);
    thread::scope(|scope| {
        scope.spawn(move || assert_eq!(sender.send(1), Err(SendError(1))));
        drop(receiver);
    });
    let (sender, receiver) = bounded(1);
    sender.send(0).unwrap();
    thread::scope(|scope| {
        scope.spawn(move || assert_eq!(sender.send(1), Err(SendError(1))));
        drop(receiver);
    });
}

#[test]
fn messages_are_dropped_once() {
    struct Counted<'a>(&'a AtomicUsize);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let drops = AtomicUsize::new(0);
    let (sender, receiver) = bounded(3);
    for _ in 0..3 {
        assert!(sender.send(Counted(&drops)).is_ok());
    }
    drop(receiver.recv());
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    drop(receiver);
    assert_eq!(drops.load(Ordering::SeqCst), 3, "what nobody can receive goes with the last receiver");
    assert!(sender.send(Counted(&drops)).is_err());
    assert_eq!(drops.load(Ordering::SeqCst), 4);
}

#[test]
fn a_wait_group_waits_for_all_and_is_used_again() {
    static GROUP: WaitGroup = WaitGroup::new();
    static DONE: AtomicUsize = AtomicUsize::new(0);
    GROUP.wait();
    for round in 1..=3 {
        GROUP.add(4);
        for _ in 0..4 {
            thread::spawn(|| {
                DONE.fetch_add(1, Ordering::SeqCst);
                GROUP.done();
            });
        }
        GROUP.wait();
        assert_eq!(DONE.load(Ordering::SeqCst), 4 * round);
    }
}

#[test]
#[should_panic(expected = "WaitGroup counter out of range")]
fn a_wait_group_does_not_go_below_zero() {
    let group = WaitGroup::new();
    group.add(1);
    group.done();
    group.done();
}
