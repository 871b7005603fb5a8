//! The engine's side of a stream: reads from a member as fast as the program takes it.

use std::future::Future;

use tokio::sync::watch;

use crate::bridge::{self, Receiver, Sender};
use crate::py::support::stream::end::End;
use crate::py::support::stream::moment::StreamState;
use crate::rpc::error::Error;

/// Where the items of a stream come from.
pub(crate) trait StreamSource: Send + 'static {
    type Item: Send + 'static;

    /// What errors call it.
    const NAME: &'static str;

    /// The weight of the items that may wait for their reader, beyond which the member is held
    /// back, or else the oldest are dropped.
    const LIMIT: usize;

    /// Whether new items push out the oldest, because the source waits for nobody.
    const DROPS_OLDEST: bool = false;

    /// The next item and its weight; `None` at the end.
    fn next(
        &mut self,
    ) -> impl Future<Output = Result<Option<(Self::Item, usize)>, Error>> + Send + '_;

    /// Whether the stream has begun with this item.
    fn begins_with(_item: &Self::Item) -> bool {
        true
    }
}

/// Both ends of a stream that is about to begin.
pub(crate) struct Ends<T> {
    pub(crate) feed: Feed<T>,
    pub(crate) items: Receiver<T, End>,
    pub(crate) state: watch::Receiver<StreamState>,
}

pub(crate) struct Feed<T> {
    sender: Sender<T, End>,
    state: watch::Sender<StreamState>,
    closing: watch::Receiver<bool>,
}

/// The ends of a stream that ends at the latest when its context closes.
pub(crate) fn ends<S: StreamSource>(closing: watch::Receiver<bool>) -> Ends<S::Item> {
    let (sender, items) = bridge::channel(S::LIMIT, || End::stopped(S::NAME));
    let (told, state) = watch::channel(StreamState::default());
    Ends { feed: Feed { sender, state: told, closing }, items, state }
}

impl<T: Send> Feed<T> {
    /// Passes on items until the source ends, nobody reads any more, or the context closes.
    pub(crate) async fn run<S: StreamSource<Item = T>>(mut self, mut source: S) {
        let end = tokio::select! {
            biased;
            () = self.sender.closed() => End::Finished,
            () = closed(&mut self.closing) => End::Failed(Error::Closed),
            end = pass_on(&mut source, &self.sender, &self.state) => end,
        };
        self.state.send_modify(|state| state.end = Some(end.clone()));
        self.sender.end(end);
    }
}

/// Completes when the context closes.
async fn closed(closing: &mut watch::Receiver<bool>) {
    // The sender goes away with the last view of the context.
    let _ = closing.wait_for(|closing| *closing).await;
}

async fn pass_on<S: StreamSource>(
    source: &mut S,
    sender: &Sender<S::Item, End>,
    state: &watch::Sender<StreamState>,
) -> End {
    let mut begun = false;
    loop {
        let (item, weight) = match source.next().await {
            Ok(Some(next)) => next,
            Ok(None) => return End::Finished,
            Err(error) => return End::Failed(error),
        };
        if !begun && S::begins_with(&item) {
            begun = true;
            state.send_modify(|state| state.begun = true);
        }
        if S::DROPS_OLDEST {
            sender.send_newest(item, weight);
        } else if !sender.send(item, weight).await {
            return End::Finished;
        }
    }
}
