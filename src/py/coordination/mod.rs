//! Locks, elections, and leases that the engine holds for Python.
//!
//! May import everything of `py` but `admin`.

pub mod election;
pub mod held_lease;
pub mod lock;
