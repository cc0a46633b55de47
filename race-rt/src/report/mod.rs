//! From a conflict that the shadow found to the text a person reads: the data ([`model`]), its symbols and one
//! renderer per format.
//!
//! [`model::Report`] holds bare addresses. [`symbol`] turns each into [`frame::Frame`]s, [`trim`] takes away those that
//! belong to std or to this library, and [`text`] prints what is left; [`sink`] brings the text to stderr or a file.
//! [`dedupe`] decides beforehand whether a race is worth all that, [`benign`] whether the program wants it reported,
//! [`suppression`] whether it is one that nobody wants to be told of, [`attribution`] which test it is charged to, and
//! [`listener`] tells the program. Everything here is cold and must not panic: it runs inside the program that is being
//! watched, at any moment, even before `main`.

pub mod attribution;
pub mod benign;
pub mod counted;
pub mod dedupe;
pub mod exit;
pub mod frame;
pub mod gather;
pub mod library;
pub mod listener;
pub mod model;
pub mod module;
pub mod name;
pub mod process_lock;
pub mod ranges;
pub mod sink;
pub mod suppression;
pub mod symbol;
pub mod text;
pub mod trim;
