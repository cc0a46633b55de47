//! `reflect_test.go`: a copy of a whole range whose type does not matter.

use race::channel::bounded;

use crate::case::{go, variable};

crate::suite! {
    "reflect_test.go";

    // Rust has no reflection: a copy of bytes is what it comes to.
    "TestRaceReflectCopyWW" => fn race_reflect_copy_ww() {
        let range = variable([0_u8; 10]).cast::<u8>();
        let (done, finished) = bounded(1);
        go(move || {
            std::ptr::copy(range, range, 10);
            done.send(true).unwrap();
        });
        std::ptr::copy(range, range, 10);
        finished.recv().unwrap();
    }
}
