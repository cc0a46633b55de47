//! Requests share connections from a pool, and count their queries.
//!
//! The mistake, twice: the connection is used once more after it was put back, when it may be another's already; and the
//! number of queries is a plain one, though the pool orders nothing but what its users do before they put back.
//!
//! To read in the first report: the address lies in a connection. One stack leads to the line in `request_racy` that
//! uses it after `put`, the other to the query of the next owner. In the second report the address is that of a static,
//! and both stacks lead to the line that counts.
//!
//! The fix: put the connection back when all is said; the number is an atomic.
//!
//! `cargo run --features race --example connection_pool` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use common::Schedule;
use race::cell::RaceCell;
use race::sync::atomic::{AtomicU64, Ordering};
use race::sync::{Arc, Pool};
use race::thread;

/// Lets the requests come one after the other in time, so that the second gets the connection of the first. The detector
/// knows nothing of it.
static SCHEDULE: Schedule = Schedule::new();

#[derive(Default)]
struct Connection {
    /// What was sent last.
    sent: RaceCell<u64>,
}

impl Connection {
    fn query(&self, number: u64) {
        // SAFETY: the owner has it alone, until it puts it back.
        unsafe { self.sent.write(number) };
    }

    fn last_query(&self) -> u64 {
        // SAFETY: the owner has it alone, until it puts it back.
        unsafe { self.sent.read() }
    }
}

static CONNECTIONS: Pool<Arc<Connection>> = Pool::new(Arc::default);

// Racy: a plain number, and a look at a connection that was given away.

static QUERIES_PLAIN: RaceCell<u64> = RaceCell::new(0);

fn request_racy(number: u64) -> u64 {
    let connection = CONNECTIONS.get();
    connection.query(number);
    CONNECTIONS.put(connection.clone());
    // One mistake: not the owner any more.
    let sent = connection.last_query();
    // SAFETY: wrong, which is the other mistake: other requests count at the same time.
    unsafe { QUERIES_PLAIN.update(|queries| queries + 1) };
    sent
}

// Fixed: an atomic, and the look comes first.

static QUERIES: AtomicU64 = AtomicU64::new(0);

fn request_fixed(number: u64) -> u64 {
    let connection = CONNECTIONS.get();
    connection.query(number);
    let sent = connection.last_query();
    CONNECTIONS.put(connection);
    QUERIES.fetch_add(1, Ordering::Relaxed);
    sent
}

/// Makes two requests, each in a thread of its own.
fn serve(request: fn(u64) -> u64) {
    let first = thread::spawn(move || SCHEDULE.step(0, || request(7)));
    let second = thread::spawn(move || SCHEDULE.step(1, || request(8)));
    let sent = [first, second].map(|thread| thread.join().expect("no thread panics"));
    println!("the queries {sent:?} were sent");
}

fn main() {
    serve(if common::is_fixed() { request_fixed } else { request_racy });
}
