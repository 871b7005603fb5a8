//! Locks, elections, and what is held for Python in the background.
//!
//! May import everything of `py` but `admin`.

pub mod election;
pub mod held_lease;
pub mod lock;
