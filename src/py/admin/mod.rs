//! The administrative services: users and roles, members, maintenance.
//!
//! May import `py::communicator`, `py::kv` and `py::support`.

pub mod auth;
pub mod cluster;
pub mod maintenance;
pub mod snapshot;
