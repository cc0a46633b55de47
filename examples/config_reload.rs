//! A thread loads a new configuration and swaps the pointer to it, and another one uses it.
//!
//! The mistake: the pointer is atomic, but stored and loaded with `Relaxed`. Nobody sees half a pointer; but who sees the
//! new one need not see what was written behind it. On x86 it happens to work, in a debug build at least.
//!
//! To read in the report: the two accesses are not of the pointer but of the configuration, `load` writes it and `serve`
//! reads it. The pointer is to order them, so look at the orderings with which it goes from one to the other.
//!
//! The fix: store with `Release`, load with `Acquire`.
//!
//! `cargo run --features race --example config_reload` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use std::hint;
use std::ptr;

use race::sync::atomic::{AtomicPtr, Ordering};
use race::thread;

struct Configuration {
    most_connections: u32,
}

static CURRENT: AtomicPtr<Configuration> = AtomicPtr::new(ptr::null_mut());

/// Reads the configuration from where it comes from. Memory behind pointers is watched where this attribute stands.
#[race::instrument]
fn load(most_connections: u32) -> *mut Configuration {
    let configuration = Box::into_raw(Box::new(Configuration { most_connections: 0 }));
    // SAFETY: nobody else has the pointer yet.
    unsafe { (*configuration).most_connections = most_connections };
    configuration
}

/// Waits for the new configuration and uses it.
#[race::instrument]
fn serve(old: *mut Configuration, acquire: Ordering) -> u32 {
    let mut configuration = CURRENT.load(acquire);
    while configuration == old {
        hint::spin_loop();
        configuration = CURRENT.load(acquire);
    }
    // SAFETY: nobody writes a configuration that was published; that all was written before is for `acquire` to see to.
    unsafe { (*configuration).most_connections }
}

/// Swaps the configuration in a thread while this one waits for it.
fn reload(release: Ordering, acquire: Ordering) {
    let old = load(10);
    CURRENT.store(old, Ordering::Relaxed);
    let loader = thread::spawn(move || CURRENT.store(load(20), release));
    let seen = serve(old, acquire);
    loader.join().expect("the loader does not panic");
    println!("the server goes on with {seen} connections");
    for configuration in [old, CURRENT.swap(ptr::null_mut(), Ordering::Relaxed)] {
        // SAFETY: both come from a box, and the only other thread has ended.
        drop(unsafe { Box::from_raw(configuration) });
    }
}

fn main() {
    if common::is_fixed() {
        reload(Ordering::Release, Ordering::Acquire);
    } else {
        reload(Ordering::Relaxed, Ordering::Relaxed);
    }
}
