//! Workloads that mostly work on data: what plain accesses, calls and the heap cost.

pub mod bodies;
pub mod bytes;
pub mod calls;
pub mod heap;
pub mod image;
pub mod maps;
pub mod matrix;
pub mod pointers;
pub mod sorting;
pub mod text;
