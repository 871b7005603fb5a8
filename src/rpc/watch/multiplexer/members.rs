//! The watches of a stream, and what is still to be sent for them.

use std::collections::{HashMap, VecDeque};

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc::UnboundedSender;

use crate::rpc::watch::inbox::{Holder, Word};
use crate::rpc::watch::multiplexer::creates::{Creates, OutOfOrder, RangeOf};
use crate::rpc::watch::requests;
use crate::rpc::watch::subscription::Subscription;
use crate::rpc::wire::messages::WatchResponse;

/// How many bytes of requests are handed to the connection at once.
const BURST: usize = 1 << 16;

pub struct Members {
    words: UnboundedSender<Word>,
    subscriptions: HashMap<u64, Box<Subscription>>,
    /// By the ids of the present stream.
    routes: HashMap<i64, RangeOf>,
    creates: Creates,
    cancels: VecDeque<i64>,
    last_key: u64,
    /// How many confirmations there were on the present stream.
    confirmations: u64,
}

/// What an answer to a create request says, and of which watch.
pub enum Answer {
    /// Of none that is still wanted.
    Nothing,
    /// One range of it; there are others to come.
    Part,
    /// All of it.
    Created(u64),
    /// It does not want it.
    Refused(u64),
}

impl Members {
    /// None yet; their readers will speak to `words`.
    pub fn new(words: UnboundedSender<Word>) -> Self {
        Self {
            words,
            subscriptions: HashMap::new(),
            routes: HashMap::new(),
            creates: Creates::new(),
            cancels: VecDeque::new(),
            last_key: 0,
            confirmations: 0,
        }
    }

    /// Takes a watch in, to be created on the present stream or on the next one. Gives it back
    /// where nobody reads it any more.
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

    /// Lets a watch go; the server is told to end it.
    pub fn remove(&mut self, key: u64) -> Option<Box<Subscription>> {
        let subscription = self.subscriptions.remove(&key)?;
        for id in subscription.ids() {
            self.routes.remove(&id);
            self.cancels.push_back(id);
        }
        Some(subscription)
    }

    /// Begins anew, on another stream.
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

    /// The requests that may be sent now; `None` where there are none.
    pub fn requests(&mut self) -> Option<Bytes> {
        let mut frames = BytesMut::new();
        while let Some(id) = self.cancels.pop_front() {
            frames.extend_from_slice(&requests::cancel(id));
        }
        while frames.len() < BURST
            && let Some(range) = self.creates.next()
        {
            // It may have left meanwhile.
            let Some(subscription) = self.subscriptions.get(&range.key) else { continue };
            let id = self.creates.sent(range, subscription.watch_id);
            if let Some(frame) = subscription.create_request(range.index, id) {
                frames.extend_from_slice(&frame);
            }
        }
        (!frames.is_empty()).then(|| frames.freeze())
    }

    /// Takes an answer to a create request.
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

    /// Whose id that is on the present stream.
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

    /// The only one there is.
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
