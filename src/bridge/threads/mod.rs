//! Calls that threads wait for without an event loop: a slot for the outcome of each call, and a
//! parker for each thread.
//!
//! May import `bridge::completion`, `bridge::fork`, `bridge::mutex` and `bridge::python_code`.

pub mod errands;
pub mod future;
pub mod leaving;
pub mod lock;
pub mod parker;
pub mod shield;
pub mod sleep;
pub mod slot;
pub mod steps;
