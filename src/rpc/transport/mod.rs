//! Making calls on a cluster: choosing connections, retries, deadlines, tokens.
//!
//! May import `connection`, `wire` and `error`.

pub mod backoff;
mod call_trace;
mod calls;
mod hedge;
mod open;
mod peer;
mod pick;
pub mod pool;
mod request;
pub mod resumable_stream;
mod retry;
mod services;
pub mod shared_transports;
pub mod stats;
mod stream_origin;
#[cfg(test)]
mod tests;
mod token;

pub use calls::{CallOptions, Deadline};
pub use open::Transport;
pub use request::Request;
pub use retry::conclude;
pub use stream_origin::StreamOrigin;
