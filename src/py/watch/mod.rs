//! Watches: their calls, events and iterators.
//!
//! May import `py::communicator`, `py::namespace`, `py::kv` and `py::support`.

pub mod calls;
mod course;
pub mod event;
pub mod event_setter;
pub mod iterator;
pub mod options;
pub mod reader;
