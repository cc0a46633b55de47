//! What channels and wait groups order, what they do not, and the misuse that is reported.
#![cfg(race_engine)]

mod wrapper_case;

use std::panic::catch_unwind;
use std::time::Duration;

use race::channel::{TryRecvError, TrySendError, bounded, unbounded};
use race::sync::{WaitGroup, mpsc};
use race::thread;
use wrapper_case::{Place, Steps, one_then_other};

static X: Place = Place::new();
static STEPS: Steps = Steps::new();

cases! {
    fn clean_send_then_receive() {
        let (sender, receiver) = bounded(1);
        thread::scope(|scope| {
            scope.spawn(move || {
                X.write(1);
                sender.send(()).unwrap();
            });
            receiver.recv().unwrap();
            X.write(2);
        });
    }

    fn clean_send_then_receive_unbounded() {
        let (sender, receiver) = unbounded();
        thread::scope(|scope| {
            scope.spawn(move || {
                X.write(1);
                sender.send(()).unwrap();
            });
            assert_eq!(receiver.iter().count(), 1);
            X.write(2);
        });
    }

    /// A destructor of a message that nobody received comes after its send.
    fn clean_unread_message() {
        struct Writing;
        impl Drop for Writing {
            fn drop(&mut self) {
                X.write(2);
            }
        }
        let (sender, receiver) = bounded(1);
        one_then_other(
            move || {
                X.write(1);
                assert!(sender.send(Writing).is_ok());
            },
            move || drop(receiver),
        );
    }

    fn race_after_send() {
        let (sender, receiver) = bounded(1);
        thread::scope(|scope| {
            scope.spawn(move || {
                STEPS.wait_for(1);
                sender.send(()).unwrap();
                X.write(1);
                STEPS.take();
            });
            STEPS.take();
            receiver.recv().unwrap();
            STEPS.wait_for(2);
            X.write(2);
        });
    }

    /// With room in the buffer a receive does not order the send.
    fn race_receive_does_not_order_the_send() {
        let (sender, receiver) = bounded(1);
        thread::scope(|scope| {
            scope.spawn(move || {
                X.write(1);
                receiver.recv().unwrap();
            });
            sender.send(()).unwrap();
            while !sender.is_empty() {
                thread::yield_now();
            }
            X.write(2);
        });
    }

    /// A full buffer: the receive that makes room comes before the send that needs it.
    fn clean_receive_then_send_into_its_slot() {
        let (sender, receiver) = bounded(1);
        thread::scope(|scope| {
            scope.spawn(move || {
                X.write(1);
                receiver.recv().unwrap();
                STEPS.wait_for(1);
                drop(receiver);
            });
            sender.send(()).unwrap();
            sender.send(()).unwrap();
            X.write(2);
            STEPS.take();
        });
    }

    /// The buffer as a lock.
    fn clean_buffer_as_a_lock() {
        let (sender, receiver) = bounded(1);
        thread::scope(|scope| {
            for _ in 0..2 {
                let (sender, receiver) = (sender.clone(), receiver.clone());
                scope.spawn(move || {
                    for _ in 0..2000 {
                        sender.send(()).unwrap();
                        X.write(X.read() + 1);
                        receiver.recv().unwrap();
                    }
                });
            }
        });
        assert_eq!(X.read(), 4000);
    }

    /// Two receives by others do not order what a third receiver does.
    fn race_receive_by_another() {
        let (sender, receiver) = bounded(2);
        thread::scope(|scope| {
            let other = receiver.clone();
            scope.spawn(move || {
                other.recv().unwrap();
                STEPS.take();
            });
            X.write(1);
            sender.send(1).unwrap();
            STEPS.wait_for(1);
            let second = sender.clone();
            scope.spawn(move || {
                second.send(2).unwrap();
            });
            scope.spawn(move || {
                STEPS.wait_for(2);
                assert_eq!(receiver.recv(), Ok(2));
                X.write(2);
                STEPS.take();
            });
            STEPS.take();
            STEPS.wait_for(3);
            X.read();
        });
    }

    fn clean_handover_both_ways() {
        static Y: Place = Place::new();
        let (sender, receiver) = bounded(0);
        thread::scope(|scope| {
            scope.spawn(move || {
                X.write(1);
                sender.send(()).unwrap();
                Y.write(2);
            });
            Y.write(1);
            receiver.recv().unwrap();
            X.write(2);
        });
    }

    fn race_after_handover() {
        let (sender, receiver) = bounded(0);
        thread::scope(|scope| {
            scope.spawn(move || {
                sender.send(()).unwrap();
                X.write(1);
                STEPS.take();
            });
            receiver.recv().unwrap();
            STEPS.wait_for(1);
            X.write(2);
        });
    }

    fn clean_close_then_receive() {
        let (sender, receiver) = bounded::<()>(1);
        thread::scope(|scope| {
            scope.spawn(move || {
                X.write(1);
                assert!(sender.close());
                STEPS.wait_for(1);
            });
            assert!(receiver.recv().is_err());
            X.write(2);
            STEPS.take();
        });
    }

    fn clean_senders_gone_then_receive() {
        static Y: Place = Place::new();
        let (sender, receiver) = unbounded::<()>();
        thread::scope(|scope| {
            for place in [&X, &Y] {
                let sender = sender.clone();
                scope.spawn(move || {
                    place.write(1);
                    drop(sender);
                });
            }
            drop(sender);
            assert!(receiver.recv().is_err());
            X.write(2);
            Y.write(2);
        });
    }

    fn race_closed_is_not_asked() {
        let (sender, receiver) = bounded::<()>(1);
        thread::scope(|scope| {
            scope.spawn(move || {
                X.write(1);
                sender.close();
                STEPS.take();
                STEPS.wait_for(2);
            });
            STEPS.wait_for(1);
            assert_eq!(receiver.len(), 0);
            X.write(2);
            STEPS.take();
        });
    }

    fn race_close_against_send() {
        let (sender, receiver) = bounded(1);
        let closer = sender.clone();
        thread::scope(|scope| {
            scope.spawn(move || {
                STEPS.wait_for(1);
                sender.send(()).unwrap();
                STEPS.take();
            });
            STEPS.take();
            STEPS.wait_for(2);
            closer.close();
        });
        assert_eq!(receiver.recv(), Ok(()));
    }

    fn clean_close_after_sends() {
        let (sender, receiver) = bounded(2);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| sender.send(()).unwrap());
            }
        });
        assert!(sender.close());
        assert!(!sender.close());
        assert!(sender.send(()).is_err());
        assert_eq!(receiver.iter().count(), 2);
    }

    fn race_len_and_failed_attempts() {
        let (sender, receiver) = bounded(1);
        thread::scope(|scope| {
            scope.spawn(move || {
                X.write(1);
                sender.send(()).unwrap();
                assert_eq!(sender.try_send(()), Err(TrySendError::Full(())));
                STEPS.take();
                STEPS.wait_for(2);
            });
            STEPS.wait_for(1);
            assert_eq!((receiver.len(), receiver.capacity()), (1, Some(1)));
            let other = bounded::<()>(0).1;
            assert_eq!(other.try_recv(), Err(TryRecvError::Disconnected));
            X.write(2);
            STEPS.take();
        });
    }

    fn race_receive_timed_out() {
        let (sender, receiver) = bounded::<()>(1);
        thread::scope(|scope| {
            scope.spawn(move || {
                X.write(1);
                STEPS.take();
                STEPS.wait_for(2);
                drop(sender);
            });
            STEPS.wait_for(1);
            assert!(receiver.recv_timeout(Duration::from_millis(1)).is_err());
            X.write(2);
            STEPS.take();
        });
    }

    fn clean_mpsc() {
        let (sender, receiver) = mpsc::channel();
        let (sync_sender, sync_receiver) = mpsc::sync_channel(0);
        thread::scope(|scope| {
            scope.spawn(move || {
                X.write(1);
                sender.send(5).unwrap();
                X.write(sync_receiver.recv().unwrap());
            });
            assert_eq!(receiver.recv(), Ok(5));
            X.write(2);
            sync_sender.send(6).unwrap();
        });
        assert_eq!(X.read(), 6);
    }

    fn race_mpsc() {
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                STEPS.wait_for(1);
                sender.send(5).unwrap();
                X.write(1);
                STEPS.take();
                // A receiver that comes late would learn of the sender's end.
                STEPS.wait_for(3);
            });
            STEPS.take();
            assert_eq!(receiver.recv(), Ok(5));
            STEPS.wait_for(2);
            X.write(2);
            STEPS.take();
        });
    }

    fn clean_wait_group() {
        static GROUP: WaitGroup = WaitGroup::new();
        static Y: Place = Place::new();
        for round in 0..3 {
            GROUP.add(2);
            for place in [&X, &Y] {
                thread::spawn(move || {
                    place.write(round);
                    GROUP.done();
                });
            }
            GROUP.wait();
            assert_eq!(X.read() + Y.read(), 2 * round);
        }
    }

    fn clean_wait_group_of_many_waiters() {
        static GROUP: WaitGroup = WaitGroup::new();
        GROUP.add(1);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    GROUP.wait();
                    X.read();
                });
            }
            X.write(1);
            GROUP.done();
        });
    }

    fn race_after_done() {
        static GROUP: WaitGroup = WaitGroup::new();
        GROUP.add(1);
        thread::spawn(|| {
            STEPS.wait_for(1);
            GROUP.done();
            X.write(1);
            STEPS.take();
        });
        STEPS.take();
        GROUP.wait();
        STEPS.wait_for(2);
        X.write(2);
    }

    fn race_add_against_wait() {
        static GROUP: WaitGroup = WaitGroup::new();
        let child = thread::spawn(|| {
            STEPS.wait_for(1);
            GROUP.add(1);
            GROUP.done();
        });
        GROUP.wait();
        STEPS.take();
        child.join().unwrap();
    }

    /// A new use that does not come after the return of every former wait.
    fn race_wait_group_used_again_too_early() {
        static GROUP: WaitGroup = WaitGroup::new();
        GROUP.add(1);
        thread::scope(|scope| {
            scope.spawn(|| {
                GROUP.wait();
                STEPS.take();
            });
            GROUP.done();
            STEPS.wait_for(1);
            GROUP.add(1);
            GROUP.done();
        });
    }

    fn clean_wait_group_below_zero() {
        assert!(catch_unwind(|| WaitGroup::new().done()).is_err());
        let group = WaitGroup::new();
        group.add(2);
        group.add(-2);
        group.wait();
    }
}
