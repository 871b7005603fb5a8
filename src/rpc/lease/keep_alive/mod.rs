//! Keeps leases alive: all leases of a transport share one stream, and others only if it is silent.
//!
//! May import `rpc::transport` and what that may import.

mod entry;
mod keep_alive_task;
mod kept_lease;
mod news;
mod schedule;
mod stream;
#[cfg(test)]
mod tests;

pub use kept_lease::{KeptLease, renew_once};
