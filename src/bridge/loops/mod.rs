//! What reaches an event loop from the engine: pending calls, completions, the wake-up.
//!
//! May import what is beside it, and `bridge::fork`.

pub mod completion_queue;
pub mod known;
pub mod pending;
pub mod wakeup;
