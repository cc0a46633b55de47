//! What `select!` and `Select` order: what the operation that takes place does, and nothing else.
#![cfg(race_engine)]

mod wrapper_case;

use race::channel::{Select, bounded, never};
use race::thread;
use race::time::Duration;
use wrapper_case::{Place, Steps};

const SHORT: Duration = Duration::from_millis(5);

static X: Place = Place::new();
static Y: Place = Place::new();
static STEPS: Steps = Steps::new();

cases! {
    fn clean_select_send_then_select_receive() {
        for capacity in [0, 1] {
            let (sender, receiver) = bounded(capacity);
            thread::scope(|scope| {
                scope.spawn(|| {
                    X.write(1);
                    race::select! { send(sender, ()) -> _ => {}, recv(never::<u8>()) -> _ => {} }
                });
                race::select! { recv(receiver) -> _ => {}, recv(never::<u8>()) -> _ => {} }
                X.write(2);
            });
        }
    }

    /// Either side plain or in a select, and either side first.
    fn clean_select_in_all_combinations() {
        for (selects_send, selects_receive, sender_waits) in
            (0..8).map(|bits| (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0))
        {
            let (sender, receiver) = bounded(0);
            thread::scope(|scope| {
                scope.spawn(move || {
                    if !sender_waits {
                        std::thread::sleep(SHORT);
                    }
                    X.write(1);
                    if selects_send {
                        race::select! { send(sender, ()) -> _ => {}, recv(never::<u8>()) -> _ => {} }
                    } else {
                        sender.send(()).unwrap();
                    }
                    Y.write(1);
                });
                if sender_waits {
                    std::thread::sleep(SHORT);
                }
                Y.write(2);
                if selects_receive {
                    race::select! { recv(receiver) -> _ => {}, recv(never::<u8>()) -> _ => {} }
                } else {
                    receiver.recv().unwrap();
                }
                X.write(2);
            });
        }
    }

    fn race_before_select_receive() {
        let (sender, receiver) = bounded(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                X.write(1);
                STEPS.take();
                race::select! { send(sender, ()) -> _ => {}, recv(never::<u8>()) -> _ => {} }
            });
            STEPS.wait_for(1);
            X.write(2);
            race::select! { recv(receiver) -> _ => {}, recv(never::<u8>()) -> _ => {} }
        });
    }

    /// Two that send to a third are not ordered by it.
    fn race_senders_in_selects() {
        let (sender, receiver) = bounded(0);
        thread::scope(|scope| {
            for turn in 1..=2 {
                let sender = sender.clone();
                scope.spawn(move || {
                    race::select! { send(sender, ()) -> _ => {}, recv(never::<u8>()) -> _ => {} }
                    STEPS.wait_for(turn);
                    X.write(1);
                    STEPS.take();
                });
            }
            receiver.recv().unwrap();
            receiver.recv().unwrap();
            STEPS.take();
        });
    }

    /// An arm that was not chosen orders nothing: not the one it waited for in vain, not the one that had no room.
    fn race_arm_not_chosen() {
        let ((sender, receiver), (other, others)) = (bounded(1), bounded(1));
        thread::scope(|scope| {
            scope.spawn(|| {
                STEPS.wait_for(1);
                X.write(1);
                sender.send(()).unwrap();
                STEPS.take();
            });
            other.send(()).unwrap();
            race::select! { recv(others) -> _ => {}, recv(never::<u8>()) -> _ => {} }
            STEPS.take();
            STEPS.wait_for(2);
            race::select! { send(other, ()) -> _ => {}, send(sender, ()) -> _ => unreachable!() }
            X.write(2);
        });
        drop(receiver);
    }

    fn race_default_orders_nothing() {
        let (sender, receiver) = bounded(1);
        thread::scope(|scope| {
            scope.spawn(|| {
                STEPS.wait_for(1);
                sender.send(()).unwrap();
                X.write(1);
                STEPS.take();
            });
            STEPS.take();
            STEPS.wait_for(2);
            race::select! { send(sender, ()) -> _ => unreachable!(), default => X.write(2) }
        });
        drop(receiver);
    }

    fn clean_select_as_a_lock() {
        let (sender, receiver) = bounded(1);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        race::select! { send(sender, ()) -> _ => {}, recv(never::<u8>()) -> _ => {} }
                        X.write(X.read() + 1);
                        race::select! { recv(receiver) -> _ => {}, recv(never::<u8>()) -> _ => {} }
                    }
                });
            }
        });
        assert_eq!(X.read(), 2000);
    }

    fn clean_select_sees_the_close() {
        let (sender, receiver) = bounded::<()>(1);
        thread::scope(|scope| {
            scope.spawn(|| {
                X.write(1);
                sender.close();
            });
            loop {
                race::select! {
                    recv(receiver) -> message => {
                        assert!(message.is_err());
                        break X.write(2);
                    }
                    default => std::thread::yield_now(),
                }
            }
        });
    }

    /// Who waits in a select when the channel is closed is not ordered before the closing.
    fn race_close_is_not_after_the_receiver() {
        let (sender, receiver) = bounded::<()>(0);
        thread::scope(|scope| {
            scope.spawn(move || {
                X.write(1);
                STEPS.take();
                race::select! { recv(receiver) -> _ => {}, recv(never::<u8>()) -> _ => {} }
            });
            STEPS.wait_for(1);
            sender.close();
            X.write(2);
        });
    }

    fn race_close_against_select_send() {
        let (sender, _receiver) = bounded(1);
        thread::scope(|scope| {
            scope.spawn(|| {
                STEPS.wait_for(1);
                race::select! { send(sender, ()) -> _ => {}, recv(never::<u8>()) -> _ => {} }
                STEPS.take();
            });
            STEPS.take();
            STEPS.wait_for(2);
            sender.close();
        });
    }

    /// A send that could not take place is none: the channel may be closed meanwhile.
    fn clean_close_against_send_not_chosen() {
        let (sender, receiver) = bounded(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                race::select! { send(sender, ()) -> _ => unreachable!(), default => {} }
                STEPS.take();
            });
            STEPS.wait_for(1);
            sender.close();
        });
        drop(receiver);
    }

    fn clean_selected_at_run_time() {
        let lines: Vec<_> = (0..3).map(|_| bounded(0)).collect();
        thread::scope(|scope| {
            scope.spawn(|| {
                X.write(1);
                lines[1].0.send(()).unwrap();
                Y.write(1);
            });
            Y.write(2);
            let mut select = Select::new();
            for (_, receiver) in &lines {
                select.recv(receiver);
            }
            let selected = select.select();
            assert_eq!((selected.index(), selected.recv(&lines[1].1)), (1, Ok(())));
            X.write(2);
        });
    }
}
