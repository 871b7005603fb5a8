//! etcd over the messages of the `etcd-client` crate: connections, retries, leases, watches.
//!
//! Nothing here knows of Python. It runs inside a tokio runtime that the caller provides.

pub mod admin;
pub mod connection;
pub mod coordination;
pub mod discovery;
pub mod error;
pub mod keys;
pub mod kv;
pub mod lease;
pub mod range_stream;
pub mod telemetry;
pub mod transport;
pub mod watch;
pub mod wire;
