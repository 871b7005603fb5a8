//! Chooses the stream that a watch is on.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::rpc::transport::Transport;
use crate::rpc::watch::inbox::SHORT;
use crate::rpc::watch::subscription::Subscription;

/// How many ranges one stream carries. A watch with more has a stream of its own.
const MOST: usize = 2000;
/// A watch that starts more than this many revisions in the past does not share a stream with
/// current watches until it has caught up: a server sends the whole backlog at once.
pub const FAR: i64 = 100;
/// How many streams slow readers may have at most, and the fraction of the server's stream limit
/// that they may take if that is less.
const MOST_OWN: usize = 64;
const PART_OWN: usize = 4;

/// What the watches of a stream have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// They have caught up with the server.
    Present,
    /// They are catching up: the server sends them a lot, which would delay other watches.
    Behind,
    /// They wait for a future revision: until then the server answers no progress requests.
    Ahead,
    /// A single watch whose reader is slow: flow control holds the server back.
    Own,
}

/// A message to the task of a stream.
pub enum Order {
    Attach(Box<Subscription>),
    /// Move all watches to other streams.
    Dissolve,
}

struct Handle {
    number: u64,
    kind: Kind,
    orders: UnboundedSender<Order>,
    ranges: usize,
    /// The watch ids that programs have chosen.
    ids: Vec<i64>,
    dissolving: bool,
}

impl Handle {
    fn takes(&self, kind: Kind, subscription: &Subscription) -> bool {
        let id = subscription.watch_id;
        let fits = self.ranges == 0 || self.ranges + subscription.ranges() <= MOST;
        let is_free = id == 0 || !self.ids.contains(&id);
        !self.dissolving && self.kind == kind && kind != Kind::Own && fits && is_free
    }
}

/// What the task of a new stream needs.
pub struct Opening {
    pub number: u64,
    pub kind: Kind,
    pub multiplexer: Arc<Multiplexer>,
    pub transport: Arc<Transport>,
    pub orders: UnboundedReceiver<Order>,
}

/// The watch streams of a transport.
pub struct Multiplexer {
    state: Mutex<State>,
    /// The latest revision that a member has sent on any stream.
    heard: AtomicI64,
    /// Starts the task of a stream. Passed in, because that task in turn places watches on streams.
    run: fn(Opening),
}

#[derive(Default)]
struct State {
    /// In the order in which they were opened.
    streams: Vec<Handle>,
    last_number: u64,
    /// How many streams a member allows on a connection, if known.
    allowed: Option<usize>,
}

impl State {
    fn stream(&mut self, number: u64) -> Option<&mut Handle> {
        self.streams.iter_mut().find(|handle| handle.number == number)
    }

    fn has_room_apart(&self) -> bool {
        let most = self.allowed.map_or(MOST_OWN, |allowed| allowed / PART_OWN).clamp(1, MOST_OWN);
        self.streams.iter().filter(|handle| handle.kind == Kind::Own).count() < most
    }
}

impl Multiplexer {
    pub fn new(run: fn(Opening)) -> Self {
        Self { state: Mutex::default(), heard: AtomicI64::default(), run }
    }

    // No Python object is touched under this lock, and no other lock is taken.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Places a new watch on a stream.
    pub fn attach(self: &Arc<Self>, transport: &Arc<Transport>, subscription: Box<Subscription>) {
        let start = subscription.next_revision();
        let far = start > 0 && start.saturating_add(FAR) < self.heard.load(Ordering::Relaxed);
        let kind = if far { Kind::Behind } else { Kind::Present };
        self.place(transport, subscription, kind);
    }

    /// Places a watch on a stream with others of its kind, and opens one if there is none.
    pub fn place(
        self: &Arc<Self>,
        transport: &Arc<Transport>,
        subscription: Box<Subscription>,
        kind: Kind,
    ) {
        let mut state = self.state();
        // The newest stream that fits, because it has the newest token.
        let found = state.streams.iter().rposition(|handle| handle.takes(kind, &subscription));
        let index = found.unwrap_or_else(|| self.open(&mut state, transport, kind));
        give(&mut state.streams[index], subscription);
    }

    /// Opens a stream and places the watches on it.
    pub fn place_on_new(
        self: &Arc<Self>,
        transport: &Arc<Transport>,
        subscriptions: impl IntoIterator<Item = Box<Subscription>>,
        kind: Kind,
    ) {
        let mut state = self.state();
        let index = self.open(&mut state, transport, kind);
        for subscription in subscriptions {
            give(&mut state.streams[index], subscription);
        }
    }

    /// Gives the watch of a slow reader a stream of its own. If there are too many of those
    /// already, the watch is on no stream until its reader has read most of its queue.
    pub fn place_apart(
        self: &Arc<Self>,
        transport: &Arc<Transport>,
        subscription: Box<Subscription>,
    ) {
        if self.has_room_apart() {
            return self.place_on_new(transport, [subscription], Kind::Own);
        }
        let (this, transport) = (Arc::clone(self), Arc::clone(transport));
        tokio::spawn(async move {
            subscription.inbox.falls_to(SHORT).await;
            if !subscription.inbox.is_over() {
                this.place(&transport, subscription, Kind::Behind);
            }
        });
    }

    pub fn has_room_apart(&self) -> bool {
        self.state().has_room_apart()
    }

    fn open(self: &Arc<Self>, state: &mut State, transport: &Arc<Transport>, kind: Kind) -> usize {
        state.last_number += 1;
        let number = state.last_number;
        let (sender, orders) = unbounded_channel();
        let (multiplexer, transport) = (Arc::clone(self), Arc::clone(transport));
        (self.run)(Opening { number, kind, multiplexer, transport, orders });
        let ids = Vec::new();
        let handle = Handle { number, kind, orders: sender, ranges: 0, ids, dissolving: false };
        state.streams.push(handle);
        state.streams.len() - 1
    }

    /// Notes that a watch has left a stream.
    pub fn left(&self, number: u64, subscription: &Subscription) {
        if let Some(handle) = self.state().stream(number) {
            handle.ranges = handle.ranges.saturating_sub(subscription.ranges());
            handle.ids.retain(|&id| id != subscription.watch_id);
        }
    }

    /// Removes a stream that has no watches, unless an order is already queued for it.
    pub fn retire(&self, number: u64, orders: &mut UnboundedReceiver<Order>) -> Option<Order> {
        let mut state = self.state();
        let order = orders.try_recv().ok();
        if order.is_none() {
            state.streams.retain(|handle| handle.number != number);
        }
        order
    }

    /// Changes the kind of a stream with a single watch. Returns false if the stream has other
    /// watches, or if another stream of that kind can take the watch.
    pub fn relabel(&self, number: u64, kind: Kind, subscription: &Subscription) -> bool {
        let mut state = self.state();
        let others = state.streams.iter().any(|handle| handle.takes(kind, subscription));
        if others || kind == Kind::Own && !state.has_room_apart() {
            return false;
        }
        match state.stream(number) {
            Some(handle) if handle.ranges == subscription.ranges() && !handle.dissolving => {
                handle.kind = kind;
                true
            }
            _ => false,
        }
    }

    /// Moves the watches of older streams, which still use the old token, to newer ones.
    pub fn dissolve_before(&self, number: u64) {
        for handle in &mut self.state().streams {
            if handle.number < number && handle.kind != Kind::Own && !handle.dissolving {
                handle.dissolving = true;
                // This fails if the stream has already ended.
                let _ = handle.orders.send(Order::Dissolve);
            }
        }
    }

    /// Notes a revision that a member has sent.
    pub fn hears(&self, revision: i64) {
        self.heard.fetch_max(revision, Ordering::Relaxed);
    }

    /// Notes how many streams a member allows.
    pub fn allows(&self, streams: usize) {
        self.state().allowed = Some(streams);
    }
}

fn give(handle: &mut Handle, subscription: Box<Subscription>) {
    handle.ranges += subscription.ranges();
    if subscription.watch_id != 0 {
        handle.ids.push(subscription.watch_id);
    }
    // This cannot fail: the receiving task removes the handle before it ends.
    let _ = handle.orders.send(Order::Attach(subscription));
}
