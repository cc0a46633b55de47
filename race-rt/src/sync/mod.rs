//! The edges between threads.
//!
//! [`atomics`] serves operations on memory, which are found by address, with the release sequences and fences of C++20 and
//! what a thread remembers of those it comes back to ([`own_variables`]); [`object`] serves synchronisation objects that know
//! themselves (the wrapper tier's locks, channels and so on); [`addressed`] those of the program's own making, which it names
//! by an address, [`permits`] semaphores among them; [`descriptors`] what goes through the kernel.

pub mod addressed;
pub mod atomic_cell;
pub mod atomics;
pub mod descriptors;
pub mod object;
mod own_operation;
pub mod own_variables;
pub mod permits;
mod recording;
mod unlocked_load;
