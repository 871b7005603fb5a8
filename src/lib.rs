//! The native module of `etcd_client`: an etcd v3 client on one tokio thread.
//!
//! Imports go downward only: `py` (thin pyclasses) over `rpc` (etcd, no Python) and `bridge`
//! (tokio and Python, no etcd).

pub mod rpc;

/// Requests are allocated on one thread and freed on the other, which is what it is good at.
#[cfg(feature = "python")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(feature = "python")]
mod bridge;
#[cfg(feature = "python")]
mod py;
