//! What happened before a message was sent, or a slot freed: one release, or two when a thread did a blocked partner's
//! half along with its own.

use crate::engine::Release;

#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    one: Release,
    other: Release,
}

impl Past {
    pub(super) fn of(one: Release) -> Past {
        Past { one, ..Past::default() }
    }

    pub(super) fn of_both(one: Release, other: Release) -> Past {
        Past { one, other }
    }

    /// It happens before what the running thread does from now on.
    pub(super) fn acquire(&self) {
        self.one.acquire();
        self.other.acquire();
    }
}
