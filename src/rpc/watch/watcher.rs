//! The reader's end of a watch.

use std::sync::Arc;

use crate::rpc::error::Error;
use crate::rpc::transport::Transport;
use crate::rpc::watch::inbox::{Inbox, ProgressRequest};
use crate::rpc::watch::multiplexer::Multiplexer;
use crate::rpc::watch::spec::{Notice, WatchSpec};
use crate::rpc::watch::subscription::Subscription;

/// A watch that survives the loss of its stream: it yields every event once, in order, or an error.
pub struct Watcher {
    transport: Arc<Transport>,
    /// Until the first call of `next` places it on a stream.
    subscription: Option<Box<Subscription>>,
    inbox: Arc<Inbox>,
}

impl Watcher {
    pub fn new(transport: Arc<Transport>, spec: WatchSpec) -> Self {
        let inbox = Arc::default();
        let subscription = Some(Subscription::new(spec, &inbox, &transport.stats));
        Self { transport, subscription, inbox }
    }

    /// The next notice. Cancel safe.
    pub async fn next(&mut self) -> Result<Notice, Error> {
        if let Some(subscription) = self.subscription.take() {
            self.transport.service::<Multiplexer>().attach(&self.transport, subscription);
        }
        self.inbox.take().await
    }

    pub fn progress_request(&self) -> ProgressRequest {
        ProgressRequest::new(&self.inbox)
    }

    /// The last error that has kept the watch from being confirmed.
    pub fn trouble(&self) -> Option<Arc<str>> {
        self.inbox.trouble()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.inbox.close();
    }
}
