//! Workers that take what there is: one that is quick does all of it, in the order of the program, or comes so late that
//! the queue's lock orders it after all.

use std::collections::VecDeque;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::place::pass_time;
use crate::{Place, Twin, cases};

cases! { queue_drained_late one_worker_takes_both }

/// The producer goes on with what it has queued.
fn queue_drained_late(twin: Twin) {
    static PLACE: Place = Place::new();
    let queue = Arc::new(Mutex::new(VecDeque::new()));
    let worker = thread::spawn({
        let queue = queue.clone();
        move || {
            let mut taken = 0;
            while taken < 2 {
                let next = queue.lock().unwrap().pop_front();
                if let Some(place) = next {
                    Place::read(place, twin);
                    taken += 1;
                } else {
                    thread::yield_now();
                }
            }
        }
    });
    queue.lock().unwrap().push_back(&PLACE);
    PLACE.write(twin, 1);
    queue.lock().unwrap().push_back(&PLACE);
    worker.join().unwrap();
}

/// Two jobs that touch the same, for two workers. The one that has taken the first is quicker to come back than the other to
/// wake up.
fn one_worker_takes_both(twin: Twin) {
    static PLACE: Place = Place::new();
    let (sender, jobs) = channel::<&Place>();
    let jobs = Arc::new(Mutex::new(jobs));
    let workers = [(); 2].map(|()| {
        let jobs = jobs.clone();
        thread::spawn(move || {
            loop {
                let Ok(place) = jobs.lock().unwrap().recv() else { return };
                place.count(twin);
            }
        })
    });
    (0..5).for_each(|_| pass_time());
    sender.send(&PLACE).unwrap();
    sender.send(&PLACE).unwrap();
    drop(sender);
    for worker in workers {
        worker.join().unwrap();
    }
}
