//! What the crate does for itself: its code is instrumented, but none of the program's.

use super::abi;

/// While it lives, what the running thread does is the crate's own doing and nothing to the engine. To be dropped by the
/// thread that made it.
#[derive(Debug)]
pub(crate) struct Hidden(bool);

impl Hidden {
    #[inline]
    pub(crate) fn begin() -> Hidden {
        Hidden(abi::__race_hide())
    }
}

impl Drop for Hidden {
    #[inline]
    fn drop(&mut self) {
        if self.0 {
            abi::__race_show();
        }
    }
}

/// While it lives, what the running thread does is the program's own doing again, within a [`Hidden`].
#[derive(Debug)]
pub(in crate::engine) struct Revealed(u32);

impl Revealed {
    #[inline]
    pub(in crate::engine) fn begin() -> Revealed {
        Revealed(abi::__race_reveal())
    }
}

impl Drop for Revealed {
    #[inline]
    fn drop(&mut self) {
        abi::__race_conceal(self.0);
    }
}

/// The running thread serves the crate for as long as the process lives: nobody waits for its end, and nothing that it
/// does is the program's.
pub(crate) fn serve() {
    abi::__race_serve();
    abi::__race_hide();
}
