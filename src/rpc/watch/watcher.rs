//! The reader's end of a watch.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use crate::rpc::error::Error;
use crate::rpc::transport::Transport;
use crate::rpc::watch::inbox::Inbox;
use crate::rpc::watch::multiplexer::Multiplexer;
use crate::rpc::watch::open_watches::OpenWatches;
use crate::rpc::watch::spec::{Notice, WatchSpec};
use crate::rpc::watch::subscription::Subscription;

/// A watch that survives the loss of its stream: it yields every event once, in order, or an error.
/// It ends when this is dropped.
pub struct Watcher {
    inbox: Arc<Inbox>,
    /// The other watches of its context, if it belongs to one.
    context: Option<Arc<OpenWatches>>,
}

/// The beginning of a watch, which is on no stream yet. If it is dropped, the watch ends with an
/// error.
pub struct Beginning {
    transport: Arc<Transport>,
    subscription: Box<Subscription>,
}

impl Watcher {
    fn new(transport: &Arc<Transport>, spec: WatchSpec) -> (Self, Beginning) {
        let inbox = Arc::default();
        let subscription = Subscription::new(spec, &inbox, &transport.stats);
        let transport = Arc::clone(transport);
        (Self { inbox, context: None }, Beginning { transport, subscription })
    }

    /// A watch that begins at once. To be called on the engine.
    pub fn begin(transport: &Arc<Transport>, spec: WatchSpec) -> Self {
        let (watcher, beginning) = Self::new(transport, spec);
        beginning.place();
        watcher
    }

    /// A watch that ends with its context, and has yet to begin on the engine.
    pub fn of_context(
        transport: &Arc<Transport>,
        spec: WatchSpec,
        context: &Arc<OpenWatches>,
    ) -> (Self, Beginning) {
        let (mut watcher, beginning) = Self::new(transport, spec);
        context.add(&watcher.inbox);
        watcher.context = Some(Arc::clone(context));
        (watcher, beginning)
    }

    pub fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// The next notice. Cancel safe.
    pub async fn next(&mut self) -> Result<Notice, Error> {
        self.inbox.take().await
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if let Some(context) = &self.context {
            context.remove(&self.inbox);
        }
        self.inbox.close();
    }
}

impl Beginning {
    /// Places the watch on a stream.
    pub fn place(self) {
        let Self { transport, subscription } = self;
        transport.service::<Multiplexer>().attach(&transport, subscription);
    }

    /// Places the watch on a stream, and ends it unless the server confirms it in time.
    pub async fn place_until(self, deadline: Instant) {
        let inbox = Arc::clone(&self.subscription.inbox);
        self.place();
        if timeout_at(deadline, inbox.begun()).await.is_err() {
            let trouble = inbox.trouble().map(|why| format!(": {why}")).unwrap_or_default();
            let message = format!("the watch was not confirmed within the deadline{trouble}");
            inbox.stop(Error::Timeout(message));
        }
    }
}
