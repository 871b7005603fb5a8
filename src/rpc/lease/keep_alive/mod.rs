//! Keeping leases alive: all those of a transport over one stream, and a second one in need.
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
