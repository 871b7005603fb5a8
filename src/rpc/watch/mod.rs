//! etcd's watches: many of them share a stream, and each resumes when its stream is lost.
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
