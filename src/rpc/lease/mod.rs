//! Leases: the calls about them, and keeping them alive.
//!
//! May import `rpc::transport` and what that may import.

pub mod calls;
pub mod clock;
pub mod keep_alive;
pub mod lease_time;
