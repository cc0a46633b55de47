//! A worker that comes late to its queue is ordered by the queue's lock after all that was done before the last job was
//! put in.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::{Place, Twin, cases};

cases! { queue_drained_late }

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
