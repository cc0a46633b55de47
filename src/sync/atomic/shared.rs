//! What all atomic types have: the newtype over std's, its conversions, and the operations that know nothing of the value.
//!
//! The operations that compute with the value are listed by each type, see [`updates`].

/// Declares the atomic type `name` over std's type of that name, for values of the type `value`.
macro_rules! atomic {
    ($name:ident $(<$parameter:ident>)?, $value:ty) => {
        #[doc = concat!("[`std::sync::atomic::", stringify!($name), "`], watched.")]
        #[repr(transparent)]
        pub struct $name $(<$parameter>)? (std::sync::atomic::$name $(<$parameter>)?);

        impl $(<$parameter>)? $name $(<$parameter>)? {
            /// A variable that holds `value`.
            #[inline]
            pub const fn new(value: $value) -> Self {
                Self(std::sync::atomic::$name::new(value))
            }

            /// The variable at `pointer`.
            ///
            /// # Safety
            /// As for std's: aligned, valid for all of the lifetime, and not accessed otherwise in conflict.
            #[inline]
            pub const unsafe fn from_ptr<'a>(pointer: *mut $value) -> &'a Self {
                // SAFETY: transparent over std's type, which has the layout of the value; the rest is the caller's.
                unsafe { &*pointer.cast::<Self>() }
            }

            /// The value, exclusively.
            #[inline]
            pub const fn get_mut(&mut self) -> &mut $value {
                // SAFETY: the exclusive borrow passes to the result.
                unsafe { &mut *self.as_ptr() }
            }

            /// The value.
            #[inline]
            pub const fn into_inner(self) -> $value {
                self.0.into_inner()
            }

            /// The pointer to the value, for whoever else accesses it.
            #[inline]
            pub const fn as_ptr(&self) -> *mut $value {
                self.0.as_ptr()
            }

            #[inline]
            fn variable(&self) -> Variable {
                Variable::of(self.as_ptr())
            }

            /// Loads the value.
            ///
            /// # Panics
            /// When the ordering is `Release` or `AcqRel`.
            #[inline]
            pub fn load(&self, order: Ordering) -> $value {
                self.variable().load(order, || self.0.load(order))
            }

            /// Stores `value`.
            ///
            /// # Panics
            /// When the ordering is `Acquire` or `AcqRel`.
            #[inline]
            pub fn store(&self, value: $value, order: Ordering) {
                self.variable().store(order, || self.0.store(value, order));
            }

            /// Stores `new` if the value is `current`, and returns what it was.
            #[inline]
            #[deprecated(note = "Use `compare_exchange` or `compare_exchange_weak` instead")]
            pub fn compare_and_swap(&self, current: $value, new: $value, order: Ordering) -> $value {
                let failure = match order {
                    Ordering::Release => Ordering::Relaxed,
                    Ordering::AcqRel => Ordering::Acquire,
                    other => other,
                };
                let (Ok(old) | Err(old)) = self.compare_exchange(current, new, order, failure);
                old
            }

            /// Stores `new` if the value is `current`.
            ///
            /// # Errors
            /// The value, when it was another.
            ///
            /// # Panics
            /// When the failure ordering is `Release` or `AcqRel`.
            #[inline]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.variable().exchange(success, failure, || {
                    self.0.compare_exchange(current, new, success, failure)
                })
            }

            /// [`compare_exchange`](Self::compare_exchange) that may fail for no reason.
            ///
            /// # Errors
            /// The value.
            ///
            /// # Panics
            /// When the failure ordering is `Release` or `AcqRel`.
            #[inline]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.variable().exchange(success, failure, || {
                    self.0.compare_exchange_weak(current, new, success, failure)
                })
            }

            /// Stores what `update` makes of the value, unless that is nothing.
            ///
            /// # Errors
            /// The value that `update` made nothing of.
            ///
            /// # Panics
            /// When the fetch ordering is `Release` or `AcqRel`.
            #[inline]
            pub fn fetch_update<F>(&self, set: Ordering, fetch: Ordering, update: F) -> Result<$value, $value>
            where
                F: FnMut($value) -> Option<$value>,
            {
                self.try_update(set, fetch, update)
            }

            /// Stores what `update` makes of the value, unless that is nothing.
            ///
            /// # Errors
            /// The value that `update` made nothing of.
            ///
            /// # Panics
            /// When the fetch ordering is `Release` or `AcqRel`.
            #[inline]
            pub fn try_update(
                &self,
                set: Ordering,
                fetch: Ordering,
                mut update: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut old = self.load(fetch);
                while let Some(new) = update(old) {
                    match self.compare_exchange_weak(old, new, set, fetch) {
                        Ok(old) => return Ok(old),
                        Err(present) => old = present,
                    }
                }
                Err(old)
            }

            /// Stores what `update` makes of the value, and returns what it was.
            ///
            /// # Panics
            /// When the fetch ordering is `Release` or `AcqRel`.
            #[inline]
            pub fn update(
                &self,
                set: Ordering,
                fetch: Ordering,
                mut update: impl FnMut($value) -> $value,
            ) -> $value {
                let (Ok(old) | Err(old)) = self.try_update(set, fetch, |value| Some(update(value)));
                old
            }

            updates!($value:
                "Stores `operand`" swap($value),
            );
        }

        impl $(<$parameter>)? From<$value> for $name $(<$parameter>)? {
            fn from(value: $value) -> Self {
                Self::new(value)
            }
        }

        impl $(<$parameter>)? fmt::Debug for $name $(<$parameter>)? {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.load(Ordering::Relaxed), formatter)
            }
        }
    };
}

/// Declares operations that take an operand, always store, and return what the value was.
macro_rules! updates {
    ($value:ty: $($what:literal $method:ident($operand:ty),)*) => {
        $(
            #[doc = concat!($what, " and returns what the value was.")]
            #[inline]
            pub fn $method(&self, operand: $operand, order: Ordering) -> $value {
                self.variable().update(order, || self.0.$method(operand, order))
            }
        )*
    };
}

pub(super) use {atomic, updates};
