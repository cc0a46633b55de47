//! Plain memory whose order is a channel's of the crate, alone and together with std's.

use std::sync::mpsc;

use race::channel::{bounded, unbounded};

use crate::case::{Place, cases, earlier, in_order, later};
use crate::invisible;

static X: Place<u64> = Place::new(0);

cases! { clean_unread_messages clean_message_in_a_channel clean_box_in_a_channel clean_through_both_kinds_of_channel clean_rendezvous
race_after_send race_before_other_receive race_select_default clean_select race_receive_with_room }

fn clean_message_in_a_channel() {
    let (sender, receiver) = bounded(1);
    in_order(
        || {
            X.write(1);
            sender.send(()).unwrap();
        },
        || {
            receiver.recv().unwrap();
            X.write(2);
        },
    );
}

/// The block is freed by who receives it, and the same again.
fn clean_box_in_a_channel() {
    let (sender, receiver) = bounded(2);
    std::thread::scope(|scope| {
        scope.spawn(move || (0..2000).for_each(|number| sender.send(Box::new(number)).unwrap()));
        let total: u64 = receiver.iter().map(|number| *number).sum();
        assert_eq!(total, 1999 * 1000);
    });
}

/// The last receiver drops what it has not received.
fn clean_unread_messages() {
    let (sender, receiver) = unbounded();
    in_order(move || (0..3u64).for_each(|number| sender.send(vec![number]).unwrap()), move || drop(receiver));
}

/// One thread knows only the crate's channel, another only std's.
fn clean_through_both_kinds_of_channel() {
    let (sender, receiver) = unbounded();
    let (std_sender, std_receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            X.write(1);
            sender.send(5).unwrap();
        });
        scope.spawn(move || std_sender.send(receiver.recv().unwrap() + 1).unwrap());
        assert_eq!(std_receiver.recv(), Ok(6));
        X.write(2);
    });
}

fn clean_rendezvous() {
    static Y: Place<u64> = Place::new(0);
    let (sender, receiver) = bounded(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            X.write(1);
            sender.send(()).unwrap();
            Y.write(2);
        });
        Y.write(1);
        receiver.recv().unwrap();
        X.write(2);
    });
}

fn race_after_send() {
    let (sender, receiver) = bounded(1);
    in_order(
        || {
            sender.send(()).unwrap();
            X.write(1);
        },
        || {
            receiver.recv().unwrap();
            X.write(2);
        },
    );
}

/// A receive orders its own message's send, and not that of another's.
fn race_before_other_receive() {
    let (sender, receiver) = unbounded();
    sender.send(1).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            invisible::meet(3);
            earlier(|| X.write(1));
            sender.send(2).unwrap();
            invisible::advance();
        });
        scope.spawn(|| {
            invisible::meet(3);
            invisible::wait(4);
            assert_eq!(receiver.recv(), Ok(1));
            later(|| X.write(2));
            invisible::advance();
        });
        invisible::meet(3);
        invisible::wait(5);
    });
}

/// With room in the buffer a receive does not order the send.
fn race_receive_with_room() {
    let (sender, receiver) = bounded(2);
    sender.send(()).unwrap();
    in_order(
        || {
            X.write(1);
            receiver.recv().unwrap();
        },
        || {
            sender.send(()).unwrap();
            X.write(2);
        },
    );
}

fn race_select_default() {
    let (sender, receiver) = bounded(1);
    in_order(
        || {
            sender.send(()).unwrap();
            X.write(1);
        },
        || {
            race::select! { send(sender, ()) -> _ => unreachable!(), default => X.write(2) }
        },
    );
    drop(receiver);
}

fn clean_select() {
    let (sender, receiver) = bounded(1);
    let (_other, nothing) = bounded::<()>(1);
    in_order(
        || {
            X.write(1);
            race::select! { send(sender, ()) -> sent => sent.unwrap(), recv(nothing) -> _ => unreachable!() }
        },
        || {
            race::select! { recv(nothing) -> _ => unreachable!(), recv(receiver) -> message => message.unwrap() }
            X.write(2);
        },
    );
}
