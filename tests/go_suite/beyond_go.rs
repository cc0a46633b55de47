//! Three things that Go's detector is known to get wrong, each with its twin: channels of elements without size, whose
//! slots it takes for one; a byte whose neighbours were touched often enough since for the byte's own access to be
//! forgotten; and input and output, all of which it takes for one object that orders everything.

use std::io::{PipeReader, PipeWriter, Read, Write};

use race::channel;

use crate::case::{consume, go, variable};
use crate::wrapper_case::Steps;

/// Order in time, unseen by the detector, in the process's only case.
static STEPS: Steps = Steps::new();

/// A pipe. This tier does not see what the system orders, so each end says it, in the pipe's own name.
struct Pipe {
    reader: PipeReader,
    writer: PipeWriter,
}

impl Pipe {
    fn leaked() -> &'static Pipe {
        let (reader, writer) = std::io::pipe().unwrap();
        Box::leak(Box::new(Pipe { reader, writer }))
    }

    fn write(&self) {
        race::release(self);
        (&self.writer).write_all(b"!").unwrap();
    }

    fn read(&self) {
        (&self.reader).read_exact(&mut [0]).unwrap();
        race::acquire(self);
    }
}

crate::suite! {
    "beyond_go.rs";

    "two holders of a semaphore made of a channel of nothing" => fn race_two_holders() {
        let (done, finished) = channel::bounded(0);
        let (enter, leave) = channel::bounded::<()>(2);
        let x = variable(0);
        let (others_enter, others_leave) = (enter.clone(), leave.clone());
        go(move || {
            others_enter.send(()).unwrap();
            *x = 1;
            others_leave.recv().unwrap();
            done.send(()).unwrap();
        });
        enter.send(()).unwrap();
        *x = 2;
        leave.recv().unwrap();
        finished.recv().unwrap();
    }

    "one holder of it" => fn no_race_one_holder() {
        let (done, finished) = channel::bounded(0);
        let (enter, leave) = channel::bounded::<()>(1);
        let x = variable(0);
        let (others_enter, others_leave) = (enter.clone(), leave.clone());
        go(move || {
            others_enter.send(()).unwrap();
            *x = 1;
            others_leave.recv().unwrap();
            done.send(()).unwrap();
        });
        enter.send(()).unwrap();
        *x = 2;
        leave.recv().unwrap();
        finished.recv().unwrap();
    }

    "the third send takes the first slot, which the first receive has freed" => fn no_race_own_slot() {
        let (x, y) = (variable(0), variable(0));
        let (sender, receiver) = channel::bounded::<()>(2);
        sender.send(()).unwrap();
        sender.send(()).unwrap();
        for (turn, own) in [x, y].into_iter().enumerate() {
            let receiver = receiver.clone();
            go(move || {
                STEPS.wait_for(turn);
                *own = 1;
                receiver.recv().unwrap();
                STEPS.take();
            });
        }
        STEPS.wait_for(2);
        sender.send(()).unwrap();
        *x = 2;
    }

    "the third send takes the first slot, not the one that the second receive has freed" => fn race_others_slot() {
        let (x, y) = (variable(0), variable(0));
        let (sender, receiver) = channel::bounded::<()>(2);
        sender.send(()).unwrap();
        sender.send(()).unwrap();
        for (turn, own) in [x, y].into_iter().enumerate() {
            let receiver = receiver.clone();
            go(move || {
                STEPS.wait_for(turn);
                *own = 1;
                receiver.recv().unwrap();
                STEPS.take();
            });
        }
        STEPS.wait_for(2);
        sender.send(()).unwrap();
        *y = 2;
    }

    "a byte, its neighbours, and the byte again" => fn race_byte_among_others() {
        let bytes = variable(0_u64).cast::<u8>();
        go(move || {
            *bytes.add(3) = 1;
            STEPS.take();
        });
        go(move || {
            STEPS.wait_for(1);
            for round in 0..100 {
                for index in [0, 1, 2, 4, 5, 6, 7] {
                    consume(*bytes.add(index));
                    *bytes.add(index) = round;
                }
            }
            consume(*bytes.add(3));
            STEPS.take();
        });
        STEPS.wait_for(2);
    }

    "a byte and its neighbours" => fn no_race_byte_beside_others() {
        let bytes = variable(0_u64).cast::<u8>();
        go(move || {
            *bytes.add(3) = 1;
            STEPS.take();
        });
        go(move || {
            STEPS.wait_for(1);
            for round in 0..100 {
                for index in [0, 1, 2, 4, 5, 6, 7] {
                    consume(*bytes.add(index));
                    *bytes.add(index) = round;
                }
            }
            STEPS.take();
        });
        STEPS.wait_for(2);
    }

    "two threads that use a pipe each" => fn race_unrelated_pipes() {
        let x = variable(0);
        let (one, other) = (Pipe::leaked(), Pipe::leaked());
        other.write();
        go(move || {
            *x = 1;
            one.write();
            STEPS.take();
        });
        go(move || {
            STEPS.wait_for(1);
            other.read();
            *x = 2;
            STEPS.take();
        });
        STEPS.wait_for(2);
    }

    "two threads at the ends of one pipe" => fn no_race_one_pipe() {
        let x = variable(0);
        let one = Pipe::leaked();
        go(move || {
            *x = 1;
            one.write();
        });
        go(move || {
            one.read();
            *x = 2;
            STEPS.take();
        });
        STEPS.wait_for(1);
    }
}
