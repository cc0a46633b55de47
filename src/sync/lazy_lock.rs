//! [`LazyLock`]: the end of the initialiser happens before every access to the value. Once the initialiser has panicked,
//! every access panics.

use std::cell::Cell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::once_lock::OnceLock;

/// [`std::sync::LazyLock`], watched.
pub struct LazyLock<T, F = fn() -> T> {
    value: OnceLock<T>,
    /// The initialiser, until it runs: only `value`'s initialisation touches it.
    initialise: Cell<Option<F>>,
}

// SAFETY: shared access reaches the initialiser only within the initialisation of `value`, which one thread at a time
// does; that thread may be another than the one that made the initialiser, hence `F: Send`.
unsafe impl<T: Sync + Send, F: Send> Sync for LazyLock<T, F> {}
impl<T: RefUnwindSafe + UnwindSafe, F: UnwindSafe> RefUnwindSafe for LazyLock<T, F> {}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// A value that `initialise` will make when it is first asked for.
    #[inline]
    pub const fn new(initialise: F) -> LazyLock<T, F> {
        LazyLock { value: OnceLock::new(), initialise: Cell::new(Some(initialise)) }
    }

    /// The value.
    ///
    /// # Panics
    /// When the initialiser panics or has panicked.
    pub fn force(this: &LazyLock<T, F>) -> &T {
        this.value.get_or_init(|| match this.initialise.take() {
            Some(initialise) => initialise(),
            None => panic!("LazyLock instance has previously been poisoned"),
        })
    }

    /// The value, exclusively.
    ///
    /// # Panics
    /// When the initialiser panics or has panicked.
    pub fn force_mut(this: &mut LazyLock<T, F>) -> &mut T {
        LazyLock::force(this);
        this.value.get_mut().expect("the value was made just now")
    }
}

impl<T, F> LazyLock<T, F> {
    /// The value, if it was made.
    pub fn get(this: &LazyLock<T, F>) -> Option<&T> {
        this.value.get()
    }

    /// The value, exclusively, if it was made.
    pub fn get_mut(this: &mut LazyLock<T, F>) -> Option<&mut T> {
        this.value.get_mut()
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    fn deref(&self) -> &T {
        LazyLock::force(self)
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    fn deref_mut(&mut self) -> &mut T {
        LazyLock::force_mut(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    fn default() -> LazyLock<T> {
        LazyLock::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_tuple("LazyLock");
        match LazyLock::get(self) {
            Some(value) => shown.field(value),
            None => shown.field(&format_args!("<uninit>")),
        };
        shown.finish()
    }
}
