//! Event loops: what is pending on each, and how completions reach it.
//!
//! May import what is beside it in `bridge`, nothing of `bridge::awaitable`.

pub mod completion_queue;
pub mod event_loop;
pub mod wakeup;
