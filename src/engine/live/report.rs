//! What the program learns of its races.

use std::sync::Arc;

use race_rt::access;
use race_rt::report::listener;
use race_rt::report::model::{self, AccessSide};

use crate::report::{AccessKind, Report, ReportedAccess};

pub(crate) use race_rt::report::gather::count as report_count;

/// From now on `callback` is called for each race.
pub(crate) fn listen(callback: impl Fn(&Report) + Send + Sync + 'static) {
    listener::listen(Arc::new(move |report: &model::Report, text: &str| {
        let text = text.to_owned();
        callback(&Report { current: view(&report.current), previous: view(&report.previous), text });
    }));
}

fn view(side: &AccessSide) -> ReportedAccess {
    let kind = match side.kind {
        access::AccessKind::Read => AccessKind::Read,
        access::AccessKind::Write => AccessKind::Write,
        access::AccessKind::AtomicRead => AccessKind::AtomicRead,
        access::AccessKind::AtomicWrite => AccessKind::AtomicWrite,
        access::AccessKind::VolatileRead => AccessKind::VolatileRead,
        access::AccessKind::VolatileWrite => AccessKind::VolatileWrite,
        access::AccessKind::Allocate => AccessKind::Allocate,
        access::AccessKind::Free => AccessKind::Free,
    };
    let thread = &side.thread;
    ReportedAccess { kind, address: side.address, thread: thread.id.0, thread_name: thread.name.clone() }
}
