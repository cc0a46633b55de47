//! Starts the engine before `main`, so that the main thread is known from its first step and memory has a shadow before
//! the first block is handed out.

use race_rt::thread::current;

#[ctor::ctor]
fn start() {
    race_rt::start::ensure();
    drop(current::enter());
    crate::heap::start();
}
