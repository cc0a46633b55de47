//! Timers: setting one comes before what it brings about, and nothing else does.

use race::channel::bounded;
use race::time::{Duration, after, after_func};

use crate::case::{Place, cases, earlier, later};
use crate::invisible;

static X: Place<u64> = Place::new(0);

cases! { clean_set_then_call clean_set_then_receive race_call_and_its_setter }

fn clean_set_then_call() {
    let (sender, receiver) = bounded(1);
    let content = Box::new(5);
    X.write(1);
    after_func(Duration::from_millis(1), move || {
        X.write(*content);
        sender.send(()).unwrap();
    });
    receiver.recv().unwrap();
    assert_eq!(X.read(), 5);
}

fn clean_set_then_receive() {
    X.write(1);
    let timer = after(Duration::from_millis(1));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            timer.recv().unwrap();
            X.write(2);
        });
    });
}

fn race_call_and_its_setter() {
    after_func(Duration::ZERO, || {
        earlier(|| X.write(1));
        invisible::advance();
    });
    invisible::wait(1);
    later(|| X.write(2));
}
