//! `select_test.go`: choices among several operations. The chosen one orders what it would order alone.

use race::channel::{self, Receiver, Sender};
use race::select;

use crate::case::{consume, go, variable};

/// Sends by a choice of which the other arm is never ready.
fn choose_to_send(sender: &Sender<bool>) {
    let (_other, never) = channel::bounded::<bool>(0);
    select! {
        send(sender, true) -> result => result.unwrap(),
        recv(never) -> message => consume(message),
    }
}

/// Receives by a choice of which the other arm is never ready.
fn choose_to_receive(receiver: &Receiver<bool>) {
    let (_other, never) = channel::bounded::<bool>(0);
    select! {
        recv(receiver) -> message => consume(message),
        recv(never) -> message => consume(message),
    }
}

crate::suite! {
    "select_test.go";

    "TestNoRaceSelect1" => fn no_race_select_1() {
        let (done, finished) = channel::bounded(0);
        let x = variable(0);
        let (sender, receiver) = channel::bounded(0);
        let (other, _other_end) = channel::bounded(0);
        let others_other = other.clone();
        go(move || {
            *x = 1;
            select! {
                send(sender, true) -> result => result.unwrap(),
                send(others_other, true) -> result => result.unwrap(),
            }
            done.send(true).unwrap();
        });
        select! {
            recv(receiver) -> message => consume(message),
            send(other, true) -> result => consume(result),
        }
        *x = 2;
        finished.recv().unwrap();
    }

    "TestNoRaceSelect3" => fn no_race_select_3() {
        let (done, finished) = channel::bounded(0);
        let x = variable(0);
        let (sender, receiver) = channel::bounded(10);
        go(move || {
            *x = 1;
            choose_to_send(&sender);
            done.send(true).unwrap();
        });
        receiver.recv().unwrap();
        *x = 2;
        finished.recv().unwrap();
    }

    "TestNoRaceSelect5" => fn no_race_select_5() {
        for round in 0..8 {
            let (sender_chooses, receiver_chooses, sender_is_late) = (round & 1 != 0, round & 2 != 0, round & 4 != 0);
            let (done, finished) = channel::bounded(2);
            let x = variable(0);
            let (sender, receiver) = channel::bounded(0);
            let others_done = done.clone();
            go(move || {
                if sender_is_late {
                    race::thread::yield_now();
                }
                *x = 1;
                if sender_chooses {
                    choose_to_send(&sender);
                } else {
                    sender.send(true).unwrap();
                }
                others_done.send(true).unwrap();
            });
            go(move || {
                if !sender_is_late {
                    race::thread::yield_now();
                }
                if receiver_chooses {
                    choose_to_receive(&receiver);
                } else {
                    receiver.recv().unwrap();
                }
                *x = 2;
                done.send(true).unwrap();
            });
            finished.recv().unwrap();
            finished.recv().unwrap();
        }
    }

    "TestRaceSelect1" => fn race_select_1() {
        let (done, finished) = channel::bounded(2);
        let x = variable(0);
        let (sender, receiver) = channel::bounded(0);
        let (other, other_end) = channel::bounded(0);
        for _ in 0..2 {
            let (done, sender, other) = (done.clone(), sender.clone(), other.clone());
            go(move || {
                select! {
                    send(sender, true) -> result => result.unwrap(),
                    send(other, true) -> result => result.unwrap(),
                }
                *x = 1;
                done.send(true).unwrap();
            });
        }
        for _ in 0..2 {
            select! {
                recv(receiver) -> message => consume(message),
                recv(other_end) -> message => consume(message),
            }
        }
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceSelect2" => fn race_select_2() {
        let (done, finished) = channel::bounded(0);
        let x = variable(0);
        let (sender, receiver) = channel::bounded(0);
        go(move || {
            *x = 1;
            choose_to_receive(&receiver);
            done.send(true).unwrap();
        });
        sender.close();
        *x = 2;
        finished.recv().unwrap();
    }

    "TestRaceSelect3" => fn race_select_3() {
        let (done, finished) = channel::bounded(0);
        let x = variable(0);
        let (sender, receiver) = channel::bounded(0);
        go(move || {
            *x = 1;
            choose_to_send(&sender);
            done.send(true).unwrap();
        });
        *x = 2;
        choose_to_receive(&receiver);
        finished.recv().unwrap();
    }

    // The arms of a choice are not looked into: what the default does is done after it.
    "TestRaceSelect4" => fn race_select_4() {
        let (done, finished) = channel::bounded(1);
        let x = variable(0);
        go(move || {
            *x = select! { default => 2 };
            done.send(true).unwrap();
        });
        consume(*x);
        finished.recv().unwrap();
    }

    // As above: the choice is of the variable.
    "TestRaceSelect5" => fn race_select_5() {
        let (done, finished) = channel::bounded(1);
        let (x, y) = (variable(0), variable(0));
        let (buffered, _buffered_end) = channel::bounded(1);
        let (unbuffered, _unbuffered_end) = channel::bounded(0);
        go(move || {
            let chosen = select! {
                send(buffered, true) -> _result => x,
                send(unbuffered, true) -> _result => y,
            };
            *chosen = 1;
            done.send(true).unwrap();
        });
        consume(*x);
        consume(*y);
        finished.recv().unwrap();
    }
}
