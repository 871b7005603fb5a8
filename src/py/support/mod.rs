//! What all Python classes share: arguments, records, streams.
//!
//! May import `py::errors`.

pub mod args;
pub mod log;
pub mod record;
pub mod stream;
pub mod to_python;
