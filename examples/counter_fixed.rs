//! The cure of `counter`: the number lies in a mutex, so each increment comes after the one before.
//!
//! `cargo run --features race --example counter_fixed` prints 2000 and ends with status 0. There is no report to read.

use race::sync::{Arc, Mutex};
use race::thread;

fn main() {
    let count = Arc::new(Mutex::new(0));
    let threads = [(); 2].map(|()| {
        let count = count.clone();
        thread::spawn(move || {
            for _ in 0..1000 {
                *count.lock().expect("no thread panics") += 1;
            }
        })
    });
    for thread in threads {
        thread.join().expect("no thread panics");
    }
    println!("{}", count.lock().expect("no thread panics"));
}
