//! How results reach an event loop from the engine: pending calls, the queue, the wake-up.
//!
//! Files may import each other, `bridge::completion`, `bridge::fork` and `bridge::python_code`.

pub mod completion_queue;
pub mod futures;
pub mod known;
pub mod pending;
pub mod running;
pub mod wakeup;
