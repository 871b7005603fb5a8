//! etcd over the messages of the `etcd-client` crate: connections, retries, leases, watches.
//!
//! Nothing here knows of Python. It runs inside a tokio runtime that the caller provides.

pub mod auth;
pub mod backoff;
pub mod cluster;
pub mod connection;
#[cfg(test)]
mod connection_tests;
pub mod dial;
pub mod discovery;
pub mod election;
pub mod endpoint;
pub mod error;
pub mod history;
pub mod holding;
pub mod keeper;
pub mod keys;
pub mod kv;
pub mod lease;
pub mod lock;
pub mod maintenance;
pub mod member;
pub mod messages;
pub mod method;
pub mod options;
pub mod pool;
pub mod progress;
pub mod pulse;
pub mod queue;
pub mod range_reply;
pub mod request;
pub mod resumable;
pub mod server_error;
pub mod stats;
pub mod status;
pub mod tls;
pub mod token;
pub mod transport;
pub mod version;
pub mod watch;
pub mod watched;
pub mod wire;
