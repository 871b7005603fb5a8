//! Leases: granting, revoking, renewing.
//!
//! May import `py::communicator`, `py::namespace`, `py::kv` and `py::support`.

pub mod calls;
pub mod keep_alives;
pub mod records;
