//! The engine's side of a stream: passes items on as fast as the program reads them.

use std::future::Future;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::bridge::{self, Receiver, Sender};
use crate::py::support::stream::end::End;
use crate::py::support::stream::moment::StreamState;
use crate::rpc::error::Error;

/// Where the items of a stream come from.
pub(crate) trait StreamSource: Send + 'static {
    type Item: Send + 'static;

    /// The name of the stream in errors.
    const NAME: &'static str;

    /// How much weight may be queued for the reader. Beyond that the source is held back, or the
    /// oldest items are dropped.
    const LIMIT: usize;

    /// Whether the oldest items are dropped, because the source cannot be held back.
    const DROPS_OLDEST: bool = false;

    /// The next item and its weight; `None` at the end.
    fn next(
        &mut self,
    ) -> impl Future<Output = Result<Option<(Self::Item, usize)>, Error>> + Send + '_;

    /// Whether this item shows that the stream has begun.
    fn begins_with(_item: &Self::Item) -> bool {
        true
    }
}

/// Both ends of a new stream.
pub(crate) struct Ends<T> {
    pub(crate) feed: Feed<T>,
    pub(crate) items: Receiver<T, End>,
    pub(crate) state: watch::Receiver<StreamState>,
}

pub(crate) struct Feed<T> {
    sender: Sender<T, End>,
    state: watch::Sender<StreamState>,
    closing: CancellationToken,
}

/// Makes a stream that ends when its context closes, if not before.
pub(crate) fn ends<S: StreamSource>(closing: CancellationToken) -> Ends<S::Item> {
    let (sender, items) = bridge::channel(S::LIMIT, || End::stopped(S::NAME));
    let (told, state) = watch::channel(StreamState::default());
    Ends { feed: Feed { sender, state: told, closing }, items, state }
}

impl<T: Send> Feed<T> {
    /// Passes items on until the source ends, the reader is gone, or the context closes.
    pub(crate) async fn run<S: StreamSource<Item = T>>(self, mut source: S) {
        let end = tokio::select! {
            biased;
            () = self.sender.closed() => End::Finished,
            () = self.closing.cancelled() => End::Failed(Error::Closed),
            end = pass_on(&mut source, &self.sender, &self.state) => end,
        };
        self.state.send_modify(|state| state.end = Some(end.clone()));
        self.sender.end(end);
    }
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
