//! etcd's watches: many of them share a stream, and each goes on after the loss of its stream.
//!
//! May import `transport`, `wire` and `error`.

mod cancel_status;
mod cluster_revision;
mod cursor;
mod inbox;
mod multiplexer;
mod requests;
mod spec;
mod subscription;
mod watcher;

pub use inbox::ProgressRequest;
pub use spec::{Notice, WatchSpec};
pub use watcher::Watcher;
