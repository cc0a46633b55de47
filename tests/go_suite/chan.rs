//! `chan_test.go`, first part: what sending, receiving, closing and looking order.
//!
//! A send into a closed channel is an error here, and a second closing says so; in Go both panic.

use race::channel::{self, Receiver, Sender};
use race::select;

use crate::case::{consume, go, variable};
use crate::wrapper_case::Steps;

/// Order in time, unseen by the detector, in the process's only case.
static STEPS: Steps = Steps::new();

/// A function that runs when the scope ends, as Go's `defer` makes it.
struct Deferred<F: FnMut()>(F);

impl<F: FnMut()> Drop for Deferred<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

crate::suite! {
    "chan_test.go";

    "TestNoRaceChanSync" => fn no_race_chan_sync() {
        let v = variable(0);
        let (sender, receiver) = channel::bounded(0);
        go(move || {
            *v = 1;
            sender.send(0).unwrap();
        });
        receiver.recv().unwrap();
        *v = 2;
    }

    "TestNoRaceChanSyncRev" => fn no_race_chan_sync_rev() {
        let v = variable(0);
        let (sender, receiver) = channel::bounded(0);
        go(move || {
            sender.send(0).unwrap();
            *v = 2;
            STEPS.take();
        });
        *v = 1;
        receiver.recv().unwrap();
        STEPS.wait_for(1);
    }

    "TestRaceChanAsyncRev" => fn race_chan_async_rev() {
        let v = variable(0);
        let (sender, receiver) = channel::bounded(10);
        go(move || {
            sender.send(0).unwrap();
            *v = 1;
            STEPS.take();
        });
        *v = 2;
        receiver.recv().unwrap();
        STEPS.wait_for(1);
    }

    "TestNoRaceChanAsyncCloseRecv" => fn no_race_chan_async_close_recv() {
        let v = variable(0);
        let (sender, receiver) = channel::bounded::<i32>(10);
        go(move || {
            *v = 1;
            sender.close();
        });
        let _deferred = Deferred(|| *v = 2);
        consume(receiver.recv().unwrap_or_default());
    }

    "TestNoRaceChanAsyncCloseRecv2" => fn no_race_chan_async_close_recv_2() {
        let v = variable(0);
        let (sender, receiver) = channel::bounded::<i32>(10);
        go(move || {
            *v = 1;
            sender.close();
        });
        let (value, is_open) = receiver.recv().map_or((0, false), |value| (value, true));
        consume((value, is_open));
        *v = 2;
    }

    "TestNoRaceChanSyncCloseRecv" => fn no_race_chan_sync_close_recv() {
        let v = variable(0);
        let (sender, receiver) = channel::bounded::<i32>(0);
        go(move || {
            *v = 1;
            sender.close();
        });
        let _deferred = Deferred(|| *v = 2);
        consume(receiver.recv().unwrap_or_default());
    }

    "TestNoRaceChanSyncCloseRecv3" => fn no_race_chan_sync_close_recv_3() {
        let v = variable(0);
        let (sender, receiver) = channel::bounded::<i32>(0);
        go(move || {
            *v = 1;
            sender.close();
        });
        for value in &receiver {
            consume(value);
        }
        *v = 2;
    }

    "TestRaceChanSyncCloseSend" => fn race_chan_sync_close_send() {
        let v = variable(0);
        let (sender, _receiver) = channel::bounded(0);
        let closer = sender.clone();
        go(move || {
            *v = 1;
            closer.close();
        });
        let _deferred = Deferred(|| *v = 2);
        consume(sender.send(0).unwrap_err());
    }

    "TestRaceChanCloseClose" => fn race_chan_close_close() {
        let (done, finished) = channel::bounded(2);
        let (v, w) = (variable(0), variable(0));
        let (sender, _receiver) = channel::bounded::<i32>(0);
        for (own, others) in [(v, w), (w, v)] {
            let (done, sender) = (done.clone(), sender.clone());
            go(move || {
                *own = 1;
                if !sender.close() {
                    *others = 2;
                }
                done.send(true).unwrap();
            });
        }
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceChanSendLen" => fn race_chan_send_len() {
        let v = variable(0);
        let (sender, receiver) = channel::bounded(10);
        go(move || {
            *v = 1;
            sender.send(1).unwrap();
        });
        while receiver.is_empty() {
            std::thread::yield_now();
        }
        *v = 2;
    }

    "TestRaceChanRecvLen" => fn race_chan_recv_len() {
        let v = variable(0);
        let (sender, receiver) = channel::bounded(10);
        sender.send(1).unwrap();
        go(move || {
            *v = 1;
            receiver.recv().unwrap();
        });
        while !sender.is_empty() {
            std::thread::yield_now();
        }
        *v = 2;
    }

    "TestRaceChanSendSend" => fn race_chan_send_send() {
        let (done, finished) = channel::bounded(2);
        let (v, w) = (variable(0), variable(0));
        let (sender, _receiver) = channel::bounded(1);
        for (own, others) in [(v, w), (w, v)] {
            let (done, sender) = (done.clone(), sender.clone());
            go(move || {
                *own = 1;
                let is_sent = select! {
                    send(sender, 1) -> result => result.is_ok(),
                    default => false,
                };
                if !is_sent {
                    *others = 2;
                }
                done.send(true).unwrap();
            });
        }
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceChanWrongClose" => fn race_chan_wrong_close() {
        let (done, finished) = channel::bounded(2);
        let (v, w) = (variable(0), variable(0));
        let (sender, receiver) = channel::bounded(1);
        let (others_done, closer) = (done.clone(), sender.clone());
        go(move || {
            *v = 1;
            sender.send(1).unwrap();
            STEPS.take();
            others_done.send(true).unwrap();
        });
        go(move || {
            // The sleep of the original.
            STEPS.wait_for(1);
            *w = 2;
            closer.close();
            done.send(true).unwrap();
        });
        let who = receiver.recv().is_ok();
        if who {
            *w = 1;
        } else {
            *v = 2;
        }
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceChanSendClose" => fn race_chan_send_close() {
        let (done, finished) = channel::bounded(2);
        let (sender, _receiver) = channel::bounded(1);
        let (others_done, closer) = (done.clone(), sender.clone());
        go(move || {
            sender.send(1).unwrap();
            STEPS.take();
            others_done.send(true).unwrap();
        });
        go(move || {
            // The sleep of the original.
            STEPS.wait_for(1);
            closer.close();
            done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRaceChanCloseCap" => fn no_race_chan_close_cap() {
        let (done, finished) = channel::bounded(1);
        let (sender, receiver) = channel::bounded::<i32>(10);
        go(move || {
            consume(receiver.capacity());
            done.send(true).unwrap();
        });
        sender.close();
        finished.recv().unwrap();
    }

    "TestRaceChanCloseSend" => fn race_chan_close_send() {
        let (done, finished) = channel::bounded(1);
        let (sender, _receiver) = channel::bounded(10);
        let closer = sender.clone();
        go(move || {
            closer.close();
            done.send(true).unwrap();
        });
        consume(sender.send(0));
        finished.recv().unwrap();
    }

    "TestNoRaceSelectMutex" => fn no_race_select_mutex() {
        /// Enters the channel, or leaves it, by a choice of which the other arm is never ready.
        fn choose(lock: &Sender<()>, unlock: &Receiver<()>, enter: bool) {
            let (_other, never) = channel::bounded::<()>(0);
            if enter {
                select! {
                    send(lock, ()) -> result => result.unwrap(),
                    recv(never) -> message => message.unwrap(),
                }
            } else {
                select! {
                    recv(unlock) -> message => message.unwrap(),
                    recv(never) -> message => message.unwrap(),
                }
            }
        }
        let (done, finished) = channel::bounded(0);
        let (lock, unlock) = channel::bounded(1);
        let data = variable(0);
        let (others_lock, others_unlock) = (lock.clone(), unlock.clone());
        go(move || {
            choose(&others_lock, &others_unlock, true);
            *data = 42;
            choose(&others_lock, &others_unlock, false);
            done.send(()).unwrap();
        });
        choose(&lock, &unlock, true);
        *data = 43;
        choose(&lock, &unlock, false);
        finished.recv().unwrap();
    }

    "TestRaceChanSem" => fn race_chan_sem() {
        let (done, finished) = channel::bounded(0);
        let (enter, leave) = channel::bounded(2);
        let data = variable(0);
        let (others_enter, others_leave) = (enter.clone(), leave.clone());
        go(move || {
            others_enter.send(true).unwrap();
            *data = 42;
            others_leave.recv().unwrap();
            done.send(true).unwrap();
        });
        enter.send(true).unwrap();
        *data = 43;
        leave.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRaceBlockedSelectSendSync" => fn no_race_blocked_select_send_sync() {
        let x = variable(1);
        let (_other, never) = channel::bounded::<bool>(0);
        let (sender, receiver) = channel::bounded(1);
        sender.send(true).unwrap();
        go(move || {
            *x = 2;
            STEPS.take();
            sender.send(true).unwrap();
        });
        // Gives the sender time to be blocked. It is ordered whether it was or not.
        STEPS.wait_for(1);
        std::thread::sleep(std::time::Duration::from_millis(10));
        receiver.recv().unwrap();
        select! {
            recv(receiver) -> message => message.unwrap(),
            recv(never) -> message => message.unwrap(),
        };
        *x = 3;
    }

    "TestNoRaceCloseHappensBeforeRead" => fn no_race_close_happens_before_read() {
        for _ in 0..100 {
            let place = variable(0);
            let (write, written) = channel::bounded::<()>(0);
            let (read, was_read) = channel::bounded::<()>(0);
            go(move || {
                let is_written = select! {
                    recv(written) -> message => message.is_err(),
                    default => false,
                };
                if is_written {
                    consume(*place);
                }
                read.close();
            });
            go(move || {
                *place = 1;
                write.close();
            });
            consume(was_read.recv().is_err());
        }
    }

    // The elements are of no size: they share one address, and still have a slot each.
    "TestNoRaceElemetSize0" => fn no_race_elemet_size0() {
        let (x, y) = (variable(0), variable(0));
        let (sender, receiver) = channel::bounded(2);
        sender.send(()).unwrap();
        sender.send(()).unwrap();
        for own in [x, y] {
            let receiver = receiver.clone();
            go(move || {
                *own += 1;
                receiver.recv().unwrap();
            });
        }
        sender.send(()).unwrap();
        sender.send(()).unwrap();
        *x += 1;
        *y += 1;
    }
}
