//! What the engine is seen to find, whoever plays the execution to it.

use race_rt::access::AccessKind;

use crate::execution::{Lane, Site};
use crate::oracle::Event;

/// A race that the engine found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The step that completed it.
    pub event: Event,
    /// What the engine says that the step did.
    pub kind: AccessKind,
    /// The racy bytes.
    pub bytes: Vec<usize>,
    /// Where the step stands, to the engine.
    pub site: Site,
    /// Where the earlier access stands; `None` where that cannot be told.
    pub other_site: Option<Site>,
    /// What the earlier access did.
    pub other_kind: AccessKind,
    /// Whose the earlier access was; `None` for nobody's in this execution.
    pub other_lane: Option<Lane>,
}
