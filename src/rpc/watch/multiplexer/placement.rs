//! Which stream a watch is on.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::rpc::transport::Transport;
use crate::rpc::watch::subscription::Subscription;

/// How many ranges one stream carries; a watch of more has a stream for itself.
const MOST: usize = 2000;
/// A watch that begins so many revisions before the present is kept away from the others until it
/// has come there: a server sends all that it has to catch up with in one go.
pub const FAR: i64 = 100;
/// How many streams slow readers may have, where the server allows many, and the part of what it
/// allows where it does not.
const MOST_OWN: usize = 64;
const PART_OWN: usize = 4;

/// What the watches of a stream have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// They are at the present.
    Present,
    /// They still read the past: what they are sent is much, and delays the others.
    Behind,
    /// They wait for a revision that is yet to come: a server tells no progress until then.
    Ahead,
    /// It is only one, whose reader is slow: the server is held back.
    Own,
}

/// What a stream is told.
pub enum Order {
    Attach(Box<Subscription>),
    /// Give all watches to other streams.
    Dissolve,
}

struct Handle {
    number: u64,
    kind: Kind,
    orders: UnboundedSender<Order>,
    ranges: usize,
    /// The ids that programs have chosen.
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

/// What a new stream begins with.
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
    /// The latest revision that any stream has told of.
    heard: AtomicI64,
    /// Starts the task of a stream. Given, because that task places watches on other streams.
    run: fn(Opening),
}

#[derive(Default)]
struct State {
    /// In the order in which they were opened.
    streams: Vec<Handle>,
    last_number: u64,
    /// How many streams a member allows on a connection, where that is known.
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

    /// Puts a new watch on a stream.
    pub fn attach(self: &Arc<Self>, transport: &Arc<Transport>, subscription: Box<Subscription>) {
        let start = subscription.next_revision();
        let far = start > 0 && start.saturating_add(FAR) < self.heard.load(Ordering::Relaxed);
        let kind = if far { Kind::Behind } else { Kind::Present };
        self.place(transport, subscription, kind);
    }

    /// Puts a watch on a stream with others of its kind.
    pub fn place(
        self: &Arc<Self>,
        transport: &Arc<Transport>,
        subscription: Box<Subscription>,
        kind: Kind,
    ) {
        let mut state = self.state();
        // The newest has the newest token.
        let found = state.streams.iter().rposition(|handle| handle.takes(kind, &subscription));
        let index = found.unwrap_or_else(|| self.open(&mut state, transport, kind));
        give(&mut state.streams[index], subscription);
    }

    /// Puts watches on a stream that nobody else is on yet.
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

    /// Puts a watch whose reader is slow on a stream of its own. Where there are too many of those,
    /// it is on none until its reader has read what is there.
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
            subscription.inbox.falls_to(0).await;
            if !subscription.inbox.is_closed() {
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

    /// Notes that a watch is not on that stream any more.
    pub fn left(&self, number: u64, subscription: &Subscription) {
        if let Some(handle) = self.state().stream(number) {
            handle.ranges = handle.ranges.saturating_sub(subscription.ranges());
            handle.ids.retain(|&id| id != subscription.watch_id);
        }
    }

    /// Ends a stream that has no watch any more, unless one is on its way.
    pub fn retire(&self, number: u64, orders: &mut UnboundedReceiver<Order>) -> Option<Order> {
        let mut state = self.state();
        let order = orders.try_recv().ok();
        if order.is_none() {
            state.streams.retain(|handle| handle.number != number);
        }
        order
    }

    /// Makes a stream with a single watch one of another kind. False where it is not the only one,
    /// or where there is a stream of that kind for it.
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

    /// Gives the watches of streams that were opened with an older token to newer streams.
    pub fn dissolve_before(&self, number: u64) {
        for handle in &mut self.state().streams {
            if handle.number < number && handle.kind != Kind::Own && !handle.dissolving {
                handle.dissolving = true;
                // A stream that has ended has none.
                let _ = handle.orders.send(Order::Dissolve);
            }
        }
    }

    /// Notes a revision that a member has told of.
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
    // The task that receives it removes the handle before it ends.
    let _ = handle.orders.send(Order::Attach(subscription));
}
