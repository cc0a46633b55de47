//! Every access of the checked cells is recorded as what it is.
#![cfg(race_engine)]

mod wrapper_case;

use race::cell::{RaceCell, UnsafeCell};
use race::sync::Mutex;
use wrapper_case::one_then_other;

static CELL: RaceCell<u64> = RaceCell::new(0);
static LOCK: Mutex<()> = Mutex::new(());

fn read() {
    // SAFETY: it is not; the accesses are ordered in time by the case.
    unsafe { CELL.read() };
}

fn write() {
    // SAFETY: as above.
    unsafe { CELL.write(1) };
}

fn replace() {
    // SAFETY: as above.
    unsafe { CELL.replace(1) };
}

fn update() {
    // SAFETY: as above.
    unsafe { CELL.update(|number| number + 1) };
}

fn with() {
    // SAFETY: as above.
    unsafe { CELL.with(|number| *number) };
}

fn with_mut() {
    // SAFETY: as above.
    unsafe { CELL.with_mut(|number| *number += 1) };
}

fn locked(action: fn()) {
    let _guard = LOCK.lock().unwrap();
    action();
}

cases! {
    fn race_read() {
        one_then_other(write, read);
    }

    fn race_write() {
        one_then_other(read, write);
    }

    fn race_replace() {
        one_then_other(read, replace);
    }

    fn race_update() {
        one_then_other(read, update);
    }

    fn race_update_reads_before_it_changes() {
        one_then_other(write, || {
            // SAFETY: it is not, see above.
            let update = || unsafe { CELL.update(|_| panic!("between the read and the write")) };
            assert!(std::panic::catch_unwind(update).is_err());
        });
    }

    fn race_with() {
        one_then_other(with_mut, with);
    }

    fn race_with_mut() {
        one_then_other(with, with_mut);
    }

    fn clean_reads() {
        one_then_other(
            || {
                read();
                with();
            },
            || {
                read();
                with();
            },
        );
    }

    fn clean_under_a_lock() {
        for actions in [[read, write], [write, replace], [replace, update], [update, with_mut], [with_mut, with]] {
            race::thread::scope(|scope| {
                scope.spawn(move || locked(actions[0]));
                scope.spawn(move || locked(actions[1]));
            });
        }
    }

    fn clean_exclusive() {
        let mut cell = RaceCell::new(vec![1]);
        cell.get_mut().push(2);
        // SAFETY: nobody else has the cell.
        unsafe { cell.write(vec![3]) };
        assert_eq!(RaceCell::from_mut(cell.get_mut()).get(), cell.get());
        assert_eq!(cell.into_inner(), [3]);
    }

    /// Neighbours in one word.
    fn clean_elements() {
        static CELLS: [RaceCell<u8>; 2] = [RaceCell::new(0), RaceCell::new(0)];
        // SAFETY: each thread has its own.
        one_then_other(|| unsafe { CELLS[0].write(1) }, || unsafe { CELLS[1].write(1) });
    }

    fn race_element_and_whole() {
        static CELLS: RaceCell<[u8; 2]> = RaceCell::new([0; 2]);
        // SAFETY: it is not, see above.
        one_then_other(|| unsafe { CELLS.with_mut(|cells| cells[0] = 1) }, || unsafe {
            CELLS.with(|cells| cells[1]);
        });
    }

    fn race_of_an_unsafe_cell() {
        struct Shared(UnsafeCell<u64>);
        // SAFETY: it is not, see above.
        unsafe impl Sync for Shared {}
        static SHARED: Shared = Shared(UnsafeCell::new(0));
        // SAFETY: as above.
        one_then_other(|| SHARED.0.with_mut(|number| unsafe { *number = 1 }), || {
            // SAFETY: as above.
            SHARED.0.with(|number| unsafe { *number });
        });
    }
}
