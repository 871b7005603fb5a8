//! What all Python classes are made with: arguments, records, streams.
//!
//! May import `py::errors`.

pub mod args;
pub mod log;
pub mod record;
pub mod stream;
pub mod to_python;
