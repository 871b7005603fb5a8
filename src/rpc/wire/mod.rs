//! gRPC over one HTTP/2 stream: framing, messages, methods.
//!
//! May import `error` and `keys`.

pub mod fields;
mod framing;
#[cfg(test)]
mod fuzz;
mod incoming;
pub mod messages;
pub mod method;
pub mod range_reply;
mod watch_reply;

pub use framing::{Frame, LARGE, decode, frame, protocol_error};
pub use incoming::{Incoming, broken};
