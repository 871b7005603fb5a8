//! The watches of a stream, and the requests that are still to be sent for them.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc::UnboundedSender;

use crate::rpc::watch::inbox::{Holder, Word};
use crate::rpc::watch::multiplexer::creates::{Creates, OutOfOrder, RangeOf};
use crate::rpc::watch::multiplexer::number_map::NumberMap;
use crate::rpc::watch::requests;
use crate::rpc::watch::subscription::Subscription;
use crate::rpc::wire::messages::WatchResponse;

/// How many bytes of requests are given to the connection at once.
const BURST: usize = 1 << 16;

pub struct Members {
    words: UnboundedSender<Word>,
    subscriptions: NumberMap<u64, Box<Subscription>>,
    /// By the watch ids of the current stream.
    routes: NumberMap<i64, RangeOf>,
    creates: Creates,
    cancels: VecDeque<i64>,
    last_key: u64,
    /// How many ranges the server has confirmed on the current stream.
    confirmations: u64,
}

/// What an answer to a create request means.
pub enum Answer {
    /// The watch is not wanted any more, or nothing was requested.
    Nothing,
    /// One range of the watch is created; others are still to come.
    Part,
    /// All ranges of the watch are created.
    Created(u64),
    /// The server has refused to create the watch.
    Refused(u64),
}

impl Members {
    /// No watches yet. Their readers will send their words to `words`.
    pub fn new(words: UnboundedSender<Word>) -> Self {
        Self {
            words,
            subscriptions: NumberMap::default(),
            routes: NumberMap::default(),
            creates: Creates::new(),
            cancels: VecDeque::new(),
            last_key: 0,
            confirmations: 0,
        }
    }

    /// Adds a watch, to be created on the current stream or the next one. Gives the watch back if
    /// its reader is gone.
    pub fn add(&mut self, mut subscription: Box<Subscription>) -> Result<u64, Box<Subscription>> {
        self.last_key += 1;
        let key = self.last_key;
        subscription.begin_again();
        subscription.wish = None;
        let holder = Holder { words: self.words.clone(), key };
        let Some(wishes) = subscription.inbox.held_by(holder) else { return Err(subscription) };
        subscription.wish = wishes.then_some(0);
        self.want(key, &subscription);
        self.subscriptions.insert(key, subscription);
        Ok(key)
    }

    fn want(&mut self, key: u64, subscription: &Subscription) {
        (0..subscription.ranges()).for_each(|index| self.creates.want(RangeOf { key, index }));
    }

    /// Removes a watch; its cancel requests are queued.
    pub fn remove(&mut self, key: u64) -> Option<Box<Subscription>> {
        let subscription = self.subscriptions.remove(&key)?;
        for id in subscription.ids() {
            self.routes.remove(&id);
            self.cancels.push_back(id);
        }
        Some(subscription)
    }

    /// Prepares to create all watches on a new stream.
    pub fn begin_again(&mut self) {
        self.routes.clear();
        self.cancels.clear();
        self.creates.begin_again();
        self.confirmations = 0;
        for (&key, subscription) in &mut self.subscriptions {
            subscription.begin_again();
            subscription.wish = subscription.wish.map(|_| 0);
            let ranges = 0..subscription.ranges();
            ranges.for_each(|index| self.creates.want(RangeOf { key, index }));
        }
    }

    /// The requests that may be sent now; `None` if there are none.
    pub fn requests(&mut self) -> Option<Bytes> {
        let mut frames = BytesMut::new();
        while let Some(id) = self.cancels.pop_front() {
            frames.extend_from_slice(&requests::cancel(id));
        }
        while frames.len() < BURST
            && let Some(range) = self.creates.next()
        {
            // The watch may have left while its request was queued.
            let Some(subscription) = self.subscriptions.get(&range.key) else { continue };
            let id = self.creates.sent(range, subscription.watch_id);
            if let Some(frame) = subscription.create_request(range.index, id) {
                frames.extend_from_slice(&frame);
            }
        }
        (!frames.is_empty()).then(|| frames.freeze())
    }

    /// Handles an answer to a create request.
    pub fn answered(&mut self, response: &WatchResponse) -> Result<Answer, OutOfOrder> {
        let (id, refused) = (response.watch_id, response.canceled);
        let Some(range) = self.creates.answered(id, refused)? else { return Ok(Answer::Nothing) };
        if refused {
            let wanted = self.subscriptions.contains_key(&range.key);
            return Ok(if wanted { Answer::Refused(range.key) } else { Answer::Nothing });
        }
        let Some(subscription) = self.subscriptions.get_mut(&range.key) else {
            self.cancels.push_back(id);
            return Ok(Answer::Nothing);
        };
        self.routes.insert(id, range);
        self.confirmations += 1;
        let header = response.header.unwrap_or_default();
        let complete = subscription.created(range.index, id, &header, self.confirmations);
        Ok(if complete { Answer::Created(range.key) } else { Answer::Part })
    }

    /// The range that has this watch id on the current stream.
    pub fn range_of(&self, id: i64) -> Option<RangeOf> {
        self.routes.get(&id).copied()
    }

    pub fn get(&mut self, key: u64) -> Option<&mut Subscription> {
        self.subscriptions.get_mut(&key).map(|subscription| &mut **subscription)
    }

    pub fn iter(&self) -> impl Iterator<Item = (u64, &Subscription)> {
        self.subscriptions.iter().map(|(&key, subscription)| (key, &**subscription))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Subscription> {
        self.subscriptions.values_mut().map(|subscription| &mut **subscription)
    }

    pub fn keys(&self) -> Vec<u64> {
        self.subscriptions.keys().copied().collect()
    }

    pub fn count(&self) -> usize {
        self.subscriptions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    /// The watch, if there is exactly one.
    pub fn only(&self) -> Option<(u64, &Subscription)> {
        if self.count() == 1 { self.iter().next() } else { None }
    }

    pub fn confirmations(&self) -> u64 {
        self.confirmations
    }

    pub fn ids_are_honored(&self) -> bool {
        self.creates.ids_are_honored()
    }
}
