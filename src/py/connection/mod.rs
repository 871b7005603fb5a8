//! Where the members are and how to reach them.
//!
//! May import `py::support`.

pub mod endpoints;
pub mod options;
pub mod session;
pub mod stats;
