//! What Python awaits: one call, one step of an iterator, and the channel that feeds it.
//!
//! May import `bridge::loops` and what is beside it.

pub mod call;
pub mod channel;
pub mod step;
