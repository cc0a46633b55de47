//! Kinds of accesses that the crate announces, the same for every form of the engine. The linked runtime knows them by
//! their order.

/// A kind of access.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Touch {
    /// A plain load.
    Read,
    /// A plain store.
    Write,
    /// A volatile load.
    VolatileRead,
    /// A volatile store.
    VolatileWrite,
    /// Lets others in where somebody may be waiting for all to be through: many may do so at once, but not while
    /// somebody does [`Touch::Await`].
    Admit,
    /// Waits for all to be through: many may wait at once, but not while somebody does [`Touch::Admit`].
    Await,
}
