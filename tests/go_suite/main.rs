//! The cases of Go's own race detector suite, as programs of the wrapper tier: what is reported there is reported here,
//! and what is silent there is silent here.
//!
//! One module per Go file; the largest are spread by theme. [`beyond_go`] has what Go gets wrong. Each case runs in a
//! process of its own ([`case`]). `RACE_TEST_REPEATS` repeats each.
#![cfg(race_engine)]

mod case;
#[path = "../wrapper_case/mod.rs"]
mod wrapper_case;

mod atomic;
mod beyond_go;
mod cgo;
mod chan;
mod chan_value;
mod comp;
mod go_slice;
mod io;
mod issue12664;
mod map;
mod mop_calls;
mod mop_closures;
mod mop_compound;
mod mop_flow;
mod mop_interfaces;
mod mop_memory;
mod mutex;
mod pool;
mod reflect;
mod regression;
mod rwmutex;
mod select;
mod slice;
mod slice_header;
mod sync;
mod waitgroup;

use std::collections::BTreeSet;
use std::path::Path;

use case::Case;

/// All cases, by module.
const TABLE: &[&[Case]] = &[
    atomic::CASES,
    cgo::CASES,
    chan::CASES,
    chan_value::CASES,
    comp::CASES,
    io::CASES,
    issue12664::CASES,
    map::CASES,
    mop_calls::CASES,
    mop_closures::CASES,
    mop_compound::CASES,
    mop_flow::CASES,
    mop_interfaces::CASES,
    mop_memory::CASES,
    mutex::CASES,
    pool::CASES,
    reflect::CASES,
    regression::CASES,
    rwmutex::CASES,
    select::CASES,
    slice::CASES,
    slice_header::CASES,
    sync::CASES,
    waitgroup::CASES,
];

#[test]
fn no_case_twice() {
    let mut seen = BTreeSet::new();
    for case in TABLE.iter().copied().flatten().chain(beyond_go::CASES) {
        assert!(seen.insert((case.file, case.test)), "{} of {} is there twice", case.test, case.file);
    }
}

/// The list of the original cases lies beside the project, if at all: file, test, `race` or `norace`, by tabs.
#[test]
fn complete() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/go-race-suite.tsv");
    let Ok(list) = std::fs::read_to_string(list) else { return };
    let original: BTreeSet<(&str, &str, &str)> = list
        .lines()
        .skip(1)
        .map(|line| {
            let mut columns = line.split('\t');
            let mut column = || columns.next().expect("each line has three columns at least");
            (column(), column(), column())
        })
        .collect();
    let ours: BTreeSet<(&str, &str, &str)> =
        TABLE.iter().copied().flatten().map(|case| (case.file, case.test, case.expect())).collect();
    let missing: Vec<_> = original.difference(&ours).collect();
    let unknown: Vec<_> = ours.difference(&original).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing: {missing:#?}\nunknown: {unknown:#?}");
}
