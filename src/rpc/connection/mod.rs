//! One connection to one member: dialling, TLS, HTTP/2, and whether the member is alive.
//!
//! May import `wire`, `error` and `telemetry`.

mod cluster_identity;
mod dial;
pub mod endpoint;
mod frame_scan;
mod handshake;
mod happy_eyeballs;
mod health;
mod http2;
mod observed_io;
pub mod options;
mod patient_pongs;
mod pinging;
mod resets;
mod server_version;
mod slots;
mod state;
mod stream;
#[cfg(test)]
mod tests;
pub mod tls;

pub use cluster_identity::ClusterIdentity;
pub use http2::{Connection, MAX_STREAM_ID, Metadata, Opening};
pub use slots::{Waiters, Waiting};
pub use state::{Draining, End, Event, StreamSlot};
pub use stream::Stream;
