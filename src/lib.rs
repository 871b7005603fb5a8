//! The native module of `etcd_client`: an etcd v3 client on one tokio thread.
//!
//! Imports go downward only: `py` (thin pyclasses) over `rpc` (etcd, no Python) and `bridge`
//! (tokio and Python, no etcd).

pub mod rpc;

#[cfg(feature = "python")]
mod bridge;
#[cfg(feature = "python")]
mod py;
