//! TLS: which certificates are trusted and presented, and why a handshake fails.
//!
//! May import `rpc::error`.

mod config;
mod failure;
mod pem;
mod verifier;

pub use config::{ConfigCache, TlsOptions, check, connector, server_name};
pub use failure::{alert, describe};
pub use pem::Pem;
