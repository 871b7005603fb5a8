//! What Python awaits: one call, one step of an iterator, and the channel that feeds it.
//!
//! May import all of `bridge` but `shutdown`.

pub mod call;
pub mod channel;
pub mod drive;
pub mod pending;
pub mod step;
pub mod waiting_steps;
