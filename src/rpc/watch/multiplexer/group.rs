//! The watches of one stream, and when they move to another one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::Instant;

use crate::rpc::error::Error;
use crate::rpc::transport::Transport;
use crate::rpc::watch::inbox::Word;
use crate::rpc::watch::multiplexer::members::Members;
use crate::rpc::watch::multiplexer::placement::{FAR, Kind, Multiplexer, Opening, Order};
use crate::rpc::watch::multiplexer::progress_requests::ProgressRequests;
use crate::rpc::watch::subscription::Subscription;

/// How long a slow reader keeps a stream of its own at least. Doubled each time it is slow again.
const LEAST_STAY: Duration = Duration::from_secs(1);
const MOST_DOUBLINGS: u32 = 6;

pub struct Group {
    pub number: u64,
    pub kind: Kind,
    pub multiplexer: Arc<Multiplexer>,
    pub transport: Arc<Transport>,
    pub orders: UnboundedReceiver<Order>,
    pub words: UnboundedReceiver<Word>,
    pub members: Members,
    pub progress: ProgressRequests,
    /// A slow reader keeps its own stream at least until then.
    stays_until: Instant,
}

impl Group {
    pub fn new(opening: Opening) -> Self {
        let Opening { number, kind, multiplexer, transport, orders } = opening;
        let (sender, words) = unbounded_channel();
        Self {
            number,
            kind,
            multiplexer,
            transport,
            orders,
            words,
            members: Members::new(sender),
            progress: ProgressRequests::new(),
            stays_until: Instant::now(),
        }
    }

    /// Prepares for a new stream.
    pub fn begin_again(&mut self) {
        self.members.begin_again();
        self.progress.begin_again();
    }

    pub fn obey(&mut self, order: Order) {
        match order {
            Order::Attach(subscription) => {
                let moves = subscription.moves;
                match self.members.add(subscription) {
                    Ok(_) if self.kind == Kind::Own => self.stay(moves),
                    Ok(_) => {}
                    Err(unread) => self.multiplexer.left(self.number, &unread),
                }
            }
            Order::Dissolve => {
                for key in self.members.keys() {
                    if let Some(subscription) = self.take(key) {
                        self.multiplexer.place(&self.transport, subscription, self.kind);
                    }
                }
            }
        }
    }

    pub fn hear(&mut self, word: Word) {
        match word {
            Word::Leave(key) => drop(self.take(key)),
            Word::Progress(key) => {
                let number = self.progress.next_number();
                if let Some(subscription) = self.members.get(key) {
                    subscription.wish = Some(number);
                    // Until the watch is created, an answer might not cover it.
                    if subscription.is_created() {
                        self.progress.ask_soon();
                    }
                }
            }
        }
    }

    /// Takes a watch off this stream.
    pub fn take(&mut self, key: u64) -> Option<Box<Subscription>> {
        let subscription = self.members.remove(key)?;
        self.multiplexer.left(self.number, &subscription);
        subscription.inbox.released(subscription.wish.is_some());
        Some(subscription)
    }

    /// Ends a watch with an error.
    pub fn end(&mut self, key: u64, error: Error) {
        if let Some(subscription) = self.take(key) {
            subscription.inbox.end(error);
        }
    }

    /// Ends all watches with an error.
    pub fn end_all(&mut self, error: &Error) {
        for key in self.members.keys() {
            self.end(key, error.clone());
        }
    }

    /// Moves half of the watches to a new stream.
    pub fn split(&mut self) {
        let mut keys = self.members.keys();
        keys.truncate(keys.len() / 2);
        let half: Vec<_> = keys.into_iter().filter_map(|key| self.take(key)).collect();
        self.multiplexer.place_on_new(&self.transport, half, self.kind);
    }

    /// Moves a watch that has just been created, if its revision belongs on another kind of stream.
    pub fn place_created(&mut self, key: u64) {
        let Some(subscription) = self.members.get(key) else { return };
        if subscription.wish.is_some() {
            self.progress.ask_soon();
        }
        let (next, revision) = (subscription.next_revision(), subscription.confirmation.revision);
        let settled = std::mem::replace(&mut subscription.settled, true);
        if std::mem::take(&mut subscription.token_renewed) {
            // The old token was refused for this watch, and the older streams still use it.
            self.multiplexer.dissolve_before(self.number);
        }
        match (self.kind, revision) {
            (Kind::Present, Some(revision)) if !settled && next > revision.saturating_add(1) => {
                self.move_to(key, Kind::Ahead);
            }
            (Kind::Present, Some(revision)) if !settled && next.saturating_add(FAR) < revision => {
                self.move_to(key, Kind::Behind);
            }
            _ => {}
        }
        if matches!(self.kind, Kind::Behind | Kind::Own) {
            self.progress.ask_in_time();
            self.review(key);
        }
    }

    /// Moves a watch that has caught up to the streams of current watches.
    pub fn review(&mut self, key: u64) {
        if self.kind == Kind::Behind
            && self.members.get(key).is_some_and(|watch| watch.is_at_present())
        {
            self.move_to(key, Kind::Present);
        }
    }

    /// Moves the watch of a slow reader back to a shared stream once the reader keeps up again.
    pub fn review_own(&mut self) {
        let Some((key, subscription)) = self.members.only() else { return };
        let keeps_up = subscription.inbox.is_short() && subscription.is_at_present();
        let idle = subscription.wish.is_none() && Instant::now() >= self.stays_until;
        if self.kind == Kind::Own && keeps_up && idle {
            self.move_to(key, Kind::Present);
        }
    }

    /// Schedules another progress request for the case that this one is not answered. If the answer
    /// is overdue, moves the watches that wait for it to streams of their own, because other
    /// watches on this stream may be what delays it.
    pub fn await_progress(&mut self) {
        // A proxy does not answer progress requests.
        if !self.members.ids_are_honored() {
            return;
        }
        let mut waiting = Vec::new();
        let mut others = false;
        for (key, subscription) in self.members.iter() {
            if subscription.wish.is_some() {
                waiting.push(key);
            }
            let arrives = matches!(self.kind, Kind::Behind | Kind::Own);
            others |= arrives && !subscription.is_at_present();
        }
        if others || !waiting.is_empty() {
            self.progress.ask_in_time();
        }
        if self.progress.is_overdue() && self.members.count() > 1 {
            for key in waiting {
                if self.multiplexer.has_room_apart() {
                    self.move_apart(key);
                }
            }
        }
    }

    pub fn move_to(&mut self, key: u64, kind: Kind) {
        if let Some((_, only)) = self.members.only()
            && self.multiplexer.relabel(self.number, kind, only)
        {
            self.kind = kind;
        } else if let Some(subscription) = self.take(key) {
            self.multiplexer.place(&self.transport, subscription, kind);
        }
    }

    /// Moves a watch to a stream of its own.
    pub fn move_apart(&mut self, key: u64) {
        if let Some(subscription) = self.members.get(key) {
            subscription.moves += 1;
        }
        if let Some((_, only)) = self.members.only()
            && self.multiplexer.relabel(self.number, Kind::Own, only)
        {
            let moves = only.moves;
            self.kind = Kind::Own;
            self.stay(moves);
        } else if let Some(subscription) = self.take(key) {
            self.multiplexer.place_apart(&self.transport, subscription);
        }
    }

    fn stay(&mut self, moves: u32) {
        let doublings = moves.saturating_sub(1).min(MOST_DOUBLINGS);
        self.stays_until = Instant::now() + LEAST_STAY * (1 << doublings);
    }
}
