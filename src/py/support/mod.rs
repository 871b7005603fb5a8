//! What all Python classes are made with: arguments, records, streams of answers.
//!
//! May import `py::errors` and `py::communicator`.

pub mod answers;
pub mod args;
pub mod log;
pub mod record;
pub mod responses;
