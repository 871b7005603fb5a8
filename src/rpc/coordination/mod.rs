//! Locks and elections, which are places in a line of keys, and the leases that hold them.
//!
//! May import everything of `rpc` but `admin`.

pub mod acquired;
pub mod acquisition;
pub mod election;
pub mod held_lease;
pub mod held_state;
pub mod leftover;
pub mod lifetime;
pub mod lock;
pub mod turns;
pub mod waiting_line;
