//! What the end of a channel orders and what it does not, and questions and attempts, which order nothing.
#![cfg(race_engine)]

mod wrapper_case;

use race::channel::{TrySendError, bounded, unbounded};
use race::thread;
use wrapper_case::{Place, Steps, one_then_other};

static X: Place = Place::new();
static Y: Place = Place::new();
static STEPS: Steps = Steps::new();

cases! {
    fn clean_close_wakes_a_receiver() {
        let (sender, receiver) = bounded::<()>(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                STEPS.wait_for(1);
                X.write(1);
                sender.close();
            });
            STEPS.take();
            assert_eq!(receiver.iter().count(), 0);
            X.write(2);
        });
    }

    /// The second of two who close learns nothing of the first, though it finds out that it is the second.
    fn race_second_close_orders_nothing() {
        let (sender, _receiver) = bounded::<()>(1);
        one_then_other(
            || {
                X.write(1);
                assert!(sender.close());
            },
            || {
                assert!(!sender.close());
                X.write(2);
            },
        );
    }

    /// A receive that sees the close comes after the first, not after the second.
    fn race_second_close_publishes_nothing() {
        let (sender, receiver) = bounded::<()>(1);
        sender.close();
        one_then_other(
            || {
                X.write(1);
                assert!(!sender.close());
            },
            || {
                assert!(receiver.recv().is_err());
                X.write(2);
            },
        );
    }

    fn clean_two_close_at_once() {
        let (sender, receiver) = bounded::<()>(1);
        one_then_other(|| assert!(sender.close()), || assert!(!sender.close()));
        assert!(receiver.recv().is_err());
    }

    /// Once a channel is closed, it does not matter who else leaves it.
    fn race_sender_leaves_a_closed_channel() {
        let (sender, receiver) = bounded::<()>(1);
        let other = sender.clone();
        sender.close();
        one_then_other(
            move || {
                X.write(1);
                drop(other);
            },
            || {
                assert!(receiver.recv().is_err());
                X.write(2);
            },
        );
        drop(sender);
    }

    fn race_refused_send_orders_nothing() {
        let (sender, receiver) = bounded(1);
        one_then_other(
            move || {
                X.write(1);
                drop(receiver);
            },
            || {
                assert!(sender.send(()).is_err());
                X.write(2);
            },
        );
    }

    /// A message comes after its send, not after the close that followed.
    fn race_message_is_not_after_the_close() {
        let ((sender, receiver), (next, turn)) = (bounded(1), bounded(1));
        let closer = sender.clone();
        thread::scope(|scope| {
            scope.spawn(move || {
                sender.send(()).unwrap();
                next.send(()).unwrap();
            });
            scope.spawn(move || {
                turn.recv().unwrap();
                X.write(1);
                closer.close();
                STEPS.take();
            });
            STEPS.wait_for(1);
            receiver.recv().unwrap();
            X.write(2);
        });
    }

    /// As above, and on to the receive that finds the channel closed.
    fn clean_end_is_after_the_close() {
        let (sender, receiver) = bounded(1);
        thread::scope(|scope| {
            scope.spawn(|| {
                sender.send(()).unwrap();
                X.write(1);
                sender.close();
            });
            assert_eq!(receiver.iter().count(), 1);
            X.write(2);
        });
    }

    fn race_close_before_send() {
        let (sender, _receiver) = bounded(1);
        one_then_other(
            || {
                sender.close();
            },
            || assert!(sender.send(()).is_err()),
        );
    }

    fn clean_questions_and_close() {
        let (sender, receiver) = bounded::<()>(3);
        one_then_other(
            || {
                sender.close();
            },
            || assert_eq!((receiver.capacity(), receiver.len(), sender.is_closed()), (Some(3), 0, true)),
        );
    }

    fn race_two_attempts_for_one_slot() {
        let (sender, _receiver) = bounded(1);
        one_then_other(
            || {
                X.write(1);
                sender.try_send(()).unwrap();
            },
            || {
                assert_eq!(sender.try_send(()), Err(TrySendError::Full(())));
                X.write(2);
            },
        );
    }

    /// Elements without size have slots like any other.
    fn clean_each_slot_on_its_own() {
        let (sender, receiver) = bounded(2);
        sender.send(()).unwrap();
        sender.send(()).unwrap();
        thread::scope(|scope| {
            for place in [&X, &Y] {
                let receiver = receiver.clone();
                scope.spawn(move || {
                    place.write(1);
                    receiver.recv().unwrap();
                });
            }
            sender.send(()).unwrap();
            sender.send(()).unwrap();
            X.write(2);
            Y.write(2);
        });
    }

    /// The first slot that is free again says nothing of the second.
    fn race_other_slot() {
        let (sender, receiver) = bounded(2);
        sender.send(()).unwrap();
        sender.send(()).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                STEPS.wait_for(1);
                receiver.recv().unwrap();
                STEPS.take();
            });
            scope.spawn(|| {
                STEPS.wait_for(2);
                X.write(1);
                receiver.recv().unwrap();
                STEPS.take();
            });
            STEPS.take();
            STEPS.wait_for(3);
            sender.send(()).unwrap();
            X.write(2);
        });
    }

    /// A buffer of two as a lock has two holders.
    fn race_two_holders() {
        let (sender, receiver) = bounded(2);
        one_then_other(
            || {
                sender.send(()).unwrap();
                X.write(1);
            },
            || {
                sender.send(()).unwrap();
                X.write(2);
                receiver.recv().unwrap();
                receiver.recv().unwrap();
            },
        );
    }

    /// A sender that waits for room comes after the receive that makes it, and so does who gets its message.
    fn clean_through_a_sender_that_waits() {
        let (sender, receiver) = bounded(1);
        sender.send(1).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                STEPS.take();
                sender.send(2).unwrap();
                X.write(2);
            });
            scope.spawn(|| {
                STEPS.wait_for(2);
                assert_eq!(receiver.recv(), Ok(2));
                Y.write(2);
            });
            STEPS.wait_for(1);
            std::thread::sleep(std::time::Duration::from_millis(5));
            X.write(1);
            Y.write(1);
            assert_eq!(receiver.recv(), Ok(1));
            STEPS.take();
        });
    }

    /// The receiver that waits takes the message through the slot: whoever sends next comes after that receive, and
    /// after the send before.
    fn clean_through_a_receiver_that_waits() {
        let (sender, receiver) = bounded(1);
        thread::scope(|scope| {
            scope.spawn(|| {
                X.write(1);
                STEPS.take();
                receiver.recv().unwrap();
                STEPS.wait_for(2);
            });
            STEPS.wait_for(1);
            std::thread::sleep(std::time::Duration::from_millis(5));
            scope.spawn(|| {
                Y.write(1);
                sender.send(()).unwrap();
                STEPS.take();
            });
            STEPS.wait_for(2);
            sender.send(()).unwrap();
            X.write(2);
            Y.write(2);
        });
    }

    /// Without a bound no receive orders a send.
    fn race_receive_does_not_order_an_unbounded_send() {
        let (sender, receiver) = unbounded();
        sender.send(()).unwrap();
        one_then_other(
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
}
