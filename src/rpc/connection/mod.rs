//! One connection to one member: dialling, TLS, HTTP/2, and whether the member is alive.
//!
//! May import `wire` and `error`.

mod dial;
pub mod endpoint;
mod handshake;
mod health;
mod http2;
mod observed_io;
pub mod options;
mod server_version;
mod stream;
#[cfg(test)]
mod tests;
pub mod tls;

pub use http2::{Connection, End, Metadata};
pub use stream::Stream;
