//! A module in a file of its own, with nothing in it.
