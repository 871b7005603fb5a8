//! The native module of `etcd_client`: an etcd v3 client on one tokio thread.
//!
//! Imports point downward only: `py` (thin pyclasses) builds on `rpc` (etcd, no Python) and
//! `bridge` (tokio and Python, no etcd).

pub mod rpc;

/// Requests are allocated on one thread and freed on another, for which this allocator is fast.
#[cfg(feature = "python")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(feature = "python")]
mod bridge;
#[cfg(feature = "python")]
mod py;
