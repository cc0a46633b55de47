//! Where the engine sees only what it is told, or is not there, nothing needs hiding.

/// While it lives, what the running thread does is the crate's own doing and nothing to the engine. To be dropped by the
/// thread that made it.
#[derive(Debug)]
pub(crate) struct Hidden;

impl Hidden {
    #[inline(always)]
    pub(crate) fn begin() -> Hidden {
        // What the crate does in hiding is how it synchronises.
        super::before_synchronisation();
        Hidden
    }
}

/// While it lives, what the running thread does is the program's own doing again, within a [`Hidden`].
#[derive(Debug)]
pub(super) struct Revealed;

impl Revealed {
    #[inline(always)]
    pub(super) fn begin() -> Revealed {
        Revealed
    }
}
