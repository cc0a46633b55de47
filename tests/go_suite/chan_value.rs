//! `chan_test.go`, second part: what is sent, where it is received to, and the variable that holds a channel.
//!
//! In a choice, too, the value of a send is read by its sender before, as in Go, and what was received is stored by its
//! receiver after. Both stand outside of the choice, whose arms are the arguments of a macro that
//! `#[race::instrument]` does not look into.

use race::channel::{self, Receiver, Sender};
use race::select;

use crate::case::{consume, go, variable};
use crate::wrapper_case::Steps;

#[derive(Default)]
struct Message {
    x: i32,
}

/// What a worker is to do, and whom to tell.
struct Task {
    work: Box<dyn FnOnce()>,
    done: Sender<bool>,
}

/// A channel as Go's variables hold it: a pointer. Its ends are never dropped.
struct Channel {
    sender: Sender<i32>,
    receiver: Receiver<i32>,
}

/// A new channel for so many messages.
fn channel_for(capacity: usize) -> &'static Channel {
    let (sender, receiver) = channel::bounded(capacity);
    Box::leak(Box::new(Channel { sender, receiver }))
}

crate::suite! {
    "chan_test.go";

    "TestNoRaceChanPtr" => fn no_race_chan_ptr() {
        let (sender, receiver) = channel::bounded(0);
        go(move || {
            let message = variable(Message::default());
            (*message).x = 1;
            sender.send(message).unwrap();
        });
        let message = receiver.recv().unwrap();
        (*message).x = 2;
    }

    "TestRaceSelectReadWriteAsync" => fn race_select_read_write_async() {
        let (done, finished) = channel::bounded(0);
        let x = variable(0);
        let (first, _first_end) = channel::bounded(10);
        let (second, second_end) = channel::bounded(10);
        let (third, _third_end) = channel::bounded(0);
        second.send(1).unwrap();
        let others_third = third.clone();
        go(move || {
            let value = *x;
            select! {
                send(first, value) -> result => result.unwrap(),
                send(others_third, 1) -> result => result.unwrap(),
            }
            done.send(true).unwrap();
        });
        *x = select! {
            recv(second_end) -> message => message.unwrap(),
            send(third, 1) -> _result => 0,
        };
        finished.recv().unwrap();
    }

    "TestRaceSelectReadWriteSync" => fn race_select_read_write_sync() {
        let (done, finished) = channel::bounded(0);
        let x = variable(0);
        let (first, first_end) = channel::bounded(0);
        let (second, second_end) = channel::bounded(0);
        let (third, _third_end) = channel::bounded(0);
        go(move || {
            first_end.recv().unwrap();
        });
        go(move || second.send(1).unwrap());
        let others_third = third.clone();
        go(move || {
            let value = *x;
            select! {
                send(first, value) -> result => result.unwrap(),
                send(others_third, 1) -> result => result.unwrap(),
            }
            done.send(true).unwrap();
        });
        *x = select! {
            recv(second_end) -> message => message.unwrap(),
            send(third, 1) -> _result => 0,
        };
        finished.recv().unwrap();
    }

    "TestNoRaceSelectReadWriteAsync" => fn no_race_select_read_write_async() {
        let (done, finished) = channel::bounded(0);
        let x = variable(0);
        let (first, first_end) = channel::bounded(0);
        let (second, _second_end) = channel::bounded(0);
        let others_second = second.clone();
        go(move || {
            let value = *x;
            select! {
                send(first, value) -> result => result.unwrap(),
                send(others_second, 1) -> result => result.unwrap(),
            }
            done.send(true).unwrap();
        });
        *x = select! {
            recv(first_end) -> message => message.unwrap(),
            send(second, 1) -> _result => 0,
        };
        finished.recv().unwrap();
    }

    "TestRaceChanReadWriteAsync" => fn race_chan_read_write_async() {
        let (done, finished) = channel::bounded(0);
        let x = variable(0);
        let (first, _first_end) = channel::bounded(10);
        let (second, second_end) = channel::bounded(10);
        second.send(10).unwrap();
        go(move || {
            first.send(*x).unwrap();
            done.send(true).unwrap();
        });
        *x = second_end.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceChanReadWriteSync" => fn race_chan_read_write_sync() {
        let (done, finished) = channel::bounded(0);
        let x = variable(0);
        let (first, first_end) = channel::bounded(0);
        let (second, second_end) = channel::bounded(0);
        go(move || {
            first_end.recv().unwrap();
        });
        go(move || second.send(1).unwrap());
        go(move || {
            first.send(*x).unwrap();
            done.send(true).unwrap();
        });
        *x = second_end.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRaceChanReadWriteAsync" => fn no_race_chan_read_write_async() {
        let (done, finished) = channel::bounded(0);
        let x = variable(0);
        let (sender, receiver) = channel::bounded(10);
        go(move || {
            sender.send(*x).unwrap();
            done.send(true).unwrap();
        });
        *x = receiver.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRaceProducerConsumerUnbuffered" => fn no_race_producer_consumer_unbuffered() {
        let (queue, tasks) = channel::bounded::<Task>(0);
        go(move || {
            let task = tasks.recv().unwrap();
            (task.work)();
            task.done.send(true).unwrap();
        });
        let x = variable(0);
        let (done, finished) = channel::bounded(1);
        let task = Task { work: Box::new(move || *x = 1), done };
        consume(queue.send(task).is_ok());
        finished.recv().unwrap();
        consume(*x);
    }

    "TestRaceChanItselfSend" => fn race_chan_itself_send() {
        let (done, finished) = channel::bounded(1);
        let c = variable(channel_for(10));
        go(move || {
            let channel = *c;
            channel.sender.send(0).unwrap();
            done.send(true).unwrap();
        });
        *c = channel_for(20);
        finished.recv().unwrap();
    }

    "TestRaceChanItselfRecv" => fn race_chan_itself_recv() {
        static STEPS: Steps = Steps::new();
        let (done, finished) = channel::bounded(1);
        let c = variable(channel_for(10));
        let channel = *c;
        channel.sender.send(1).unwrap();
        go(move || {
            let channel = *c;
            channel.receiver.recv().unwrap();
            STEPS.take();
            done.send(true).unwrap();
        });
        // The sleep of the original: the new channel, from which nothing can be received, comes later.
        STEPS.wait_for(1);
        *c = channel_for(20);
        finished.recv().unwrap();
    }

    "TestRaceChanItselfClose" => fn race_chan_itself_close() {
        let (done, finished) = channel::bounded(1);
        let c = variable(channel_for(0));
        go(move || {
            let channel = *c;
            channel.sender.close();
            done.send(true).unwrap();
        });
        *c = channel_for(0);
        finished.recv().unwrap();
    }

    "TestRaceChanItselfLen" => fn race_chan_itself_len() {
        let (done, finished) = channel::bounded(1);
        let c = variable(channel_for(0));
        go(move || {
            let channel = *c;
            consume(channel.sender.len());
            done.send(true).unwrap();
        });
        *c = channel_for(0);
        finished.recv().unwrap();
    }

    "TestRaceChanItselfCap" => fn race_chan_itself_cap() {
        let (done, finished) = channel::bounded(1);
        let c = variable(channel_for(0));
        go(move || {
            let channel = *c;
            consume(channel.receiver.capacity());
            done.send(true).unwrap();
        });
        *c = channel_for(0);
        finished.recv().unwrap();
    }
}
