//! Readers take a snapshot under a lock and use it without; the writer changes that very snapshot.
//!
//! The mistake: the writer holds the lock, but the readers do not need it any more. What was handed out is not to be
//! changed again, whoever holds what.
//!
//! To read in the report: the write is in `raise_racy`, under the lock; the read in `Prices::sum`, which has no lock and
//! is right not to have one. So the side to change is the writer's.
//!
//! The fix: copy, change the copy, and put it in the place of the snapshot: `Arc::make_mut` does all three.
//!
//! `cargo run --features race --example copy_on_write` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use common::Schedule;
use race::sync::{Arc, LazyLock, Mutex};
use race::thread;

/// The writer comes when the reader has its snapshot, and is through when the reader uses it: a reader that came later
/// would see the new price in order. The detector knows nothing of this.
static SCHEDULE: Schedule = Schedule::new();

#[derive(Clone)]
struct Prices {
    bread: u32,
    milk: u32,
}

/// Memory behind references is watched where this attribute stands.
#[race::instrument]
impl Prices {
    fn sum(&self) -> u32 {
        self.bread + self.milk
    }

    fn set_bread(&mut self, price: u32) {
        self.bread = price;
    }
}

type Current = Mutex<Arc<Prices>>;

static CURRENT: LazyLock<Current> = LazyLock::new(|| Mutex::new(Arc::new(Prices { bread: 3, milk: 1 })));

fn raise_racy(current: &Current) {
    let current = current.lock().expect("no thread panics");
    let prices = Arc::as_ptr(&current).cast_mut();
    // SAFETY: wrong, which is the mistake: others have this snapshot too.
    unsafe { (*prices).set_bread(4) };
}

fn raise_fixed(current: &Current) {
    let mut current = current.lock().expect("no thread panics");
    // A copy takes the place of the snapshot, because others have that too.
    Arc::make_mut(&mut current).set_bread(4);
}

/// Lets a customer buy bread and milk while the price of bread is raised.
fn shop(raise: fn(&Current)) {
    // Kept to the end, so that no thread frees it: the count of an `Arc` is not seen.
    let opening = CURRENT.lock().expect("no thread panics").clone();
    let customer = thread::spawn(|| {
        let prices = SCHEDULE.step(0, || CURRENT.lock().expect("no thread panics").clone());
        SCHEDULE.step(2, || prices.sum())
    });
    let owner = thread::spawn(move || SCHEDULE.step(1, || raise(&CURRENT)));
    let sum = customer.join().expect("the customer does not panic");
    owner.join().expect("the owner does not panic");
    drop(opening);
    println!("the customer pays {sum}");
}

fn main() {
    shop(if common::is_fixed() { raise_fixed } else { raise_racy });
}
