//! What the program learns of its races, which are those of all its memory.

use std::sync::Mutex;

use crate::case::{Place, cases, in_order};

static X: Place<u64> = Place::new(0);

cases! { race_that_is_told clean_nothing_to_tell }

fn race_that_is_told() {
    static TOLD: Mutex<Vec<(usize, String)>> = Mutex::new(Vec::new());
    race::on_report(|report| TOLD.lock().unwrap().push((report.current.address, report.text.clone())));
    assert_eq!(race::report_count(), 0);
    in_order(|| X.write(1), || X.write(2));
    assert_eq!(race::report_count(), 1);
    let told = TOLD.lock().unwrap();
    let [(address, text)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(*address, X.address() as usize);
    assert!(text.contains("WARNING: DATA RACE") && text.contains("later()"), "{text}");
}

fn clean_nothing_to_tell() {
    race::on_report(|report| panic!("{}", report.text));
    let read = || assert_eq!(X.read(), 0);
    in_order(read, read);
    assert_eq!(race::report_count(), 0);
}
