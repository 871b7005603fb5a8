//! Streams: async iterators over what a task on the engine reads from a member.
//!
//! May import `py::errors` and the rest of `py::support`.

pub mod end;
pub mod feed;
pub mod iterator;
pub mod moment;
