//! What can be asked of a channel at either end.

use std::fmt;

use super::{Receiver, Sender};

macro_rules! questions {
    ($($end:ident)*) => {$(
        impl<T> $end<T> {
            /// How many messages wait to be received. Orders nothing.
            pub fn len(&self) -> usize {
                self.queue.len()
            }

            /// Whether no message waits to be received. Orders nothing.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// How many messages fit; `None` without bound. Orders nothing.
            pub fn capacity(&self) -> Option<usize> {
                self.queue.capacity()
            }
        }

        impl<T> fmt::Debug for $end<T> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.debug_struct(stringify!($end)).finish_non_exhaustive()
            }
        }
    )*};
}

questions!(Sender Receiver);
