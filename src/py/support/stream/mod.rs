//! Streams: what a task on the engine reads from a member, as an async iterator.
//!
//! May import `py::errors` and the rest of `py::support`.

pub mod end;
pub mod feed;
pub mod iterator;
pub mod moment;
