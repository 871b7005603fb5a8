//! The engine's side of a watch.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::time::timeout_at;

use crate::py::namespace::Inside;
use crate::py::support::stream::feed::StreamSource;
use crate::rpc::error::Error;
use crate::rpc::transport::Deadline;
use crate::rpc::watch::{Notice, Watcher};

/// Receives the notices of a watch, and removes the namespace's prefix from the keys.
pub(crate) struct WatchSource {
    pub(crate) watcher: Watcher,
    pub(crate) inside: Inside,
    /// The revision after which the watch begins, once that is known.
    pub(crate) begins_behind: Arc<AtomicI64>,
    /// The deadline for the confirmation; `None` once it has come, or if there is none.
    pub(crate) unconfirmed_until: Deadline,
}

impl WatchSource {
    async fn next_notice(&mut self) -> Result<Notice, Error> {
        let Some(deadline) = self.unconfirmed_until else { return self.watcher.next().await };
        let Ok(notice) = timeout_at(deadline, self.watcher.next()).await else {
            let trouble = self.watcher.trouble().map(|why| format!(": {why}"));
            return Err(Error::Timeout(format!(
                "the watch was not confirmed within the deadline{}",
                trouble.unwrap_or_default()
            )));
        };
        notice
    }
}

impl StreamSource for WatchSource {
    type Item = Notice;
    const NAME: &'static str = "watch";
    /// In bytes; three times as much may be buffered before the watch's stream is slowed down.
    const LIMIT: usize = 1 << 18;

    async fn next(&mut self) -> Result<Option<(Notice, usize)>, Error> {
        let mut notice = self.next_notice().await?;
        match &mut notice {
            Notice::Created { revision } => {
                self.unconfirmed_until = None;
                self.begins_behind.store(*revision, Ordering::Release);
            }
            Notice::Events { events, .. } => {
                for event in events {
                    self.inside.strip_all(event.kv.iter_mut().chain(&mut event.prev_kv));
                }
            }
            Notice::Progress { .. } => {}
        }
        let weight = notice.weight();
        Ok(Some((notice, weight)))
    }

    fn begins_with(notice: &Notice) -> bool {
        matches!(notice, Notice::Created { .. })
    }
}
