//! std's channels.

use std::sync::mpsc;
use std::thread;

use crate::case::{Place, cases, in_order, side_by_side};

cases! {
    clean_channel clean_bounded_channel clean_rendezvous clean_many_senders clean_disconnection clean_reply
    race_after_send race_before_other_receive race_failed_receive
}

static PLACE: Place<u64> = Place::new(0);

fn pass(sender: impl FnOnce() + Send, receiver: impl FnOnce() + Send) {
    let send = || {
        PLACE.write(1);
        sender();
    };
    let receive = || {
        receiver();
        PLACE.write(2);
    };
    side_by_side(send, receive);
}

fn clean_channel() {
    let (sender, receiver) = mpsc::channel();
    pass(move || sender.send(()).unwrap(), move || receiver.recv().unwrap());
}

fn clean_bounded_channel() {
    let (sender, receiver) = mpsc::sync_channel(4);
    let send = move || (0..1000).for_each(|number| sender.send(Box::new(number)).unwrap());
    let receive = move || (0..1000).for_each(|number| assert_eq!(*receiver.recv().unwrap(), number));
    pass(send, receive);
}

fn clean_rendezvous() {
    let (sender, receiver) = mpsc::sync_channel(0);
    pass(move || sender.send(()).unwrap(), move || receiver.recv().unwrap());
}

fn clean_many_senders() {
    let (sender, receiver) = mpsc::channel::<Box<u64>>();
    thread::scope(|scope| {
        for _ in 0..4 {
            let sender = sender.clone();
            scope.spawn(move || (0..250).for_each(|number| sender.send(Box::new(number)).unwrap()));
        }
        drop(sender);
        scope.spawn(move || assert_eq!(receiver.iter().map(|number| *number).sum::<u64>(), 4 * 249 * 125));
    });
}

/// To see that the sender is gone orders after what it did.
fn clean_disconnection() {
    let (sender, receiver) = mpsc::channel::<()>();
    pass(move || drop(sender), move || assert!(receiver.recv().is_err()));
}

/// A reply to a message orders back.
fn clean_reply() {
    let (sender, receiver) = mpsc::channel();
    let (back, reply) = mpsc::channel();
    let ask = move || {
        for _ in 0..100 {
            PLACE.write(PLACE.read() + 1);
            sender.send(()).unwrap();
            reply.recv().unwrap();
        }
    };
    let answer = move || {
        for () in receiver {
            PLACE.write(PLACE.read() + 1);
            back.send(()).unwrap();
        }
    };
    side_by_side(ask, answer);
    assert_eq!(PLACE.read(), 200);
}

/// What the sender does after it has sent is not ordered before the receive.
fn race_after_send() {
    let (sender, receiver) = mpsc::channel();
    let write = || {
        sender.send(()).unwrap();
        PLACE.write(1);
    };
    let read = move || {
        receiver.recv().unwrap();
        PLACE.read();
    };
    in_order(write, read);
}

fn race_before_other_receive() {
    let (sender, receiver) = mpsc::channel();
    let (other_sender, other_receiver) = mpsc::channel();
    other_sender.send(()).unwrap();
    let write = || {
        PLACE.write(1);
        sender.send(()).unwrap();
    };
    let read = move || {
        other_receiver.recv().unwrap();
        PLACE.read();
    };
    in_order(write, read);
    assert!(receiver.recv().is_ok());
}

/// To find the channel empty orders nothing.
fn race_failed_receive() {
    let (sender, receiver) = mpsc::channel::<()>();
    let write = || {
        PLACE.write(1);
        let _still_open = &sender;
    };
    let read = move || {
        assert!(receiver.try_recv().is_err());
        PLACE.read();
    };
    in_order(write, read);
}
