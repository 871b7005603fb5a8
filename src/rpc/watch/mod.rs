//! etcd's watches: many of them share a stream, and each resumes when its stream is lost.
//!
//! May import `transport`, `wire` and `error`.

mod cancel_status;
mod cluster_revision;
mod cursor;
mod inbox;
mod multiplexer;
mod open_watches;
mod requests;
mod spec;
mod subscription;
mod watcher;

pub use inbox::{Inbox, Stage};
pub use open_watches::OpenWatches;
pub use spec::{Notice, WatchSpec};
pub use watcher::{Beginning, Watcher};
