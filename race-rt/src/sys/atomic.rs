//! The atomics and locks that the engine's own threads meet at.
//!
//! They are std's. With the feature `model` each of their operations is a step at which a test's scheduler may let
//! another of its threads go on ([`on_step`]), so that the orders in which the engine's threads can meet are explored by
//! the code itself instead of by a copy of it. The types keep std's layout: shadow words lie in plain memory.
//!
//! Can miss: what only a processor that reorders memory does. A model sees interleavings.

pub use std::sync::atomic::{Ordering, compiler_fence, fence};

#[cfg(not(feature = "model"))]
pub use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};
#[cfg(not(feature = "model"))]
pub use std::sync::{Mutex, RwLock};

#[cfg(feature = "model")]
pub(crate) use modelled::wait_step;
#[cfg(feature = "model")]
pub use modelled::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Mutex, RwLock, Step, on_step};

/// The thread waits for another one.
#[cfg(not(feature = "model"))]
#[inline(always)]
pub(crate) fn wait_step() {}

#[cfg(feature = "model")]
mod modelled {
    use std::sync::atomic::{self, Ordering};
    use std::sync::{LockResult, MutexGuard, OnceLock, PoisonError, RwLockReadGuard, RwLockWriteGuard, TryLockError};

    /// Where a thread lets others go on.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Step {
        /// Before an operation that others may see.
        Operation,
        /// In a loop that goes on until another thread has done something.
        Wait,
    }

    static HOOK: OnceLock<fn(Step)> = OnceLock::new();

    /// Has `hook` called at each step from now on. A second hook is ignored.
    pub fn on_step(hook: fn(Step)) {
        let _ = HOOK.set(hook);
    }

    fn step() {
        if let Some(hook) = HOOK.get() {
            hook(Step::Operation);
        }
    }

    /// The thread waits for another one.
    pub(crate) fn wait_step() {
        if let Some(hook) = HOOK.get() {
            hook(Step::Wait);
        }
    }

    macro_rules! atomics {
        ($($name:ident $value:ty, $($arithmetic:ident)*;)*) => { $(
            /// Std's, with a step before each operation.
            #[repr(transparent)]
            #[derive(Debug, Default)]
            pub struct $name(atomic::$name);

            impl $name {
                /// As std's.
                pub const fn new(value: $value) -> $name {
                    $name(atomic::$name::new(value))
                }

                /// As std's.
                pub fn load(&self, order: Ordering) -> $value {
                    step();
                    self.0.load(order)
                }

                /// As std's.
                pub fn store(&self, value: $value, order: Ordering) {
                    step();
                    self.0.store(value, order);
                }

                /// As std's.
                pub fn swap(&self, value: $value, order: Ordering) -> $value {
                    step();
                    self.0.swap(value, order)
                }

                /// As std's.
                pub fn compare_exchange(
                    &self,
                    current: $value,
                    new: $value,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$value, $value> {
                    step();
                    self.0.compare_exchange(current, new, success, failure)
                }

                /// As std's.
                pub fn compare_exchange_weak(
                    &self,
                    current: $value,
                    new: $value,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$value, $value> {
                    step();
                    self.0.compare_exchange_weak(current, new, success, failure)
                }

                /// As std's.
                pub fn fetch_update(
                    &self,
                    success: Ordering,
                    failure: Ordering,
                    update: impl FnMut($value) -> Option<$value>,
                ) -> Result<$value, $value> {
                    step();
                    self.0.fetch_update(success, failure, update)
                }

                /// As std's.
                pub fn get_mut(&mut self) -> &mut $value {
                    self.0.get_mut()
                }

                /// As std's.
                pub fn as_ptr(&self) -> *mut $value {
                    self.0.as_ptr()
                }

                $(/// As std's.
                pub fn $arithmetic(&self, value: $value, order: Ordering) -> $value {
                    step();
                    self.0.$arithmetic(value, order)
                })*
            }
        )* };
    }

    atomics! {
        AtomicBool bool, fetch_or fetch_and;
        AtomicU8 u8, fetch_add fetch_sub fetch_or fetch_and;
        AtomicU32 u32, fetch_add fetch_sub fetch_or fetch_and fetch_max;
        AtomicU64 u64, fetch_add fetch_sub fetch_or fetch_and fetch_max;
        AtomicUsize usize, fetch_add fetch_sub fetch_or fetch_and fetch_max;
    }

    fn wait_for<Guard>(attempt: impl Fn() -> Result<Guard, TryLockError<Guard>>) -> LockResult<Guard> {
        step();
        loop {
            match attempt() {
                Ok(guard) => return Ok(guard),
                Err(TryLockError::Poisoned(poisoned)) => return Err(PoisonError::new(poisoned.into_inner())),
                Err(TryLockError::WouldBlock) => wait_step(),
            }
        }
    }

    /// Std's, but who waits for it makes steps.
    #[derive(Debug, Default)]
    pub struct Mutex<T>(std::sync::Mutex<T>);

    impl<T> Mutex<T> {
        /// As std's.
        pub const fn new(value: T) -> Mutex<T> {
            Mutex(std::sync::Mutex::new(value))
        }

        /// As std's.
        pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
            wait_for(|| self.0.try_lock())
        }

        /// As std's.
        pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError<MutexGuard<'_, T>>> {
            step();
            self.0.try_lock()
        }

        /// As std's.
        pub fn get_mut(&mut self) -> LockResult<&mut T> {
            self.0.get_mut()
        }
    }

    /// Std's, but who waits for it makes steps.
    #[derive(Debug, Default)]
    pub struct RwLock<T>(std::sync::RwLock<T>);

    impl<T> RwLock<T> {
        /// As std's.
        pub const fn new(value: T) -> RwLock<T> {
            RwLock(std::sync::RwLock::new(value))
        }

        /// As std's.
        pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
            wait_for(|| self.0.try_read())
        }

        /// As std's.
        pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
            wait_for(|| self.0.try_write())
        }
    }
}
