//! Decides when each lease is renewed, and on which stream. The task carries the orders out.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::rpc::error::Error;
use crate::rpc::lease::clock::Moment;
use crate::rpc::lease::keep_alive::entry::{Entry, Next, StreamView};
use crate::rpc::lease::keep_alive::news::News;
use crate::rpc::lease::lease_time::{Confirmation, LeaseTime};
use crate::rpc::transport::backoff;
use crate::rpc::wire::messages::LeaseKeepAliveResponse;

/// Renewals that are due within this time are sent together.
const COALESCED: Duration = Duration::from_millis(10);
const LEAST_PAUSE: Duration = Duration::from_millis(1);
/// A lease is renewed on at most this many streams at once, each to another member.
const MOST_STREAMS: usize = 3;
/// How long an unneeded stream is kept open.
const IDLE: Duration = Duration::from_secs(10);
/// An answer that has not come by then is not expected any more.
const LATEST_ANSWER: Duration = Duration::from_secs(60);
/// How many streams may fail in a row before an error that may be transient is reported.
const PASSING_ERRORS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What the task is to do with its streams.
#[derive(Debug, PartialEq, Eq)]
pub enum Order {
    /// Open a stream within that time, on another member than the one of `not_on`.
    Open {
        stream: u64,
        within: Duration,
        not_on: Option<u64>,
    },
    /// Renew these leases.
    Renew {
        stream: u64,
        ids: Vec<i64>,
    },
    /// The member leaves renewals unanswered.
    Silent {
        stream: u64,
    },
    Close {
        stream: u64,
    },
}

struct Stream {
    number: u64,
    /// Whether the stream has been opened.
    open: bool,
    unanswered: usize,
    /// Whether the answer to a renewal has been overdue since the last answer.
    silent: bool,
    /// Whether no more renewals go out on it, because its connection is being retired.
    leaving: bool,
    last_used: Moment,
}

/// How a stream ended.
pub struct StreamEnd {
    pub why: String,
    /// The error to report to the holders if retrying does not help.
    pub refusal: Option<Error>,
    /// Whether trying again would give the same error.
    pub lasting: bool,
    /// Whether the next stream uses a new token.
    pub token_renewed: bool,
}

#[derive(Default)]
pub struct Schedule {
    leases: HashMap<i64, Entry>,
    due: BTreeSet<(Moment, i64)>,
    /// In order of preference.
    streams: Vec<Stream>,
    streams_made: u64,
    /// How many streams have ended since the last answer.
    failures: u32,
    token_renewed: bool,
    /// The backoff: no stream is opened before.
    open_at: Option<Moment>,
    /// When renewals were last sent.
    sent_at: Option<Moment>,
    /// Whether a holder waits for a renewal.
    urgent: bool,
    /// How many renewals were retries.
    pub repeated: u64,
}

impl Schedule {
    pub fn leases(&self) -> usize {
        self.leases.len()
    }

    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Whether any stream is open.
    pub fn is_open(&self) -> bool {
        self.streams.iter().any(|stream| stream.open)
    }

    /// Notes that a stream was opened.
    pub fn opened(&mut self, number: u64) {
        if let Some(stream) = self.stream(number) {
            stream.open = true;
        }
    }

    /// Keeps a lease alive. A lease that is kept alive already gets another holder.
    pub fn add(&mut self, id: i64, time: LeaseTime) -> (Arc<LeaseTime>, watch::Receiver<News>) {
        if let Some(entry) = self.leases.get_mut(&id) {
            entry.holders += 1;
            entry.until = None;
            return (Arc::clone(&entry.time), entry.news.subscribe());
        }
        let entry = Entry::new(time);
        let (time, news) = (Arc::clone(&entry.time), entry.news.subscribe());
        self.due.insert((entry.due, id));
        self.leases.insert(id, entry);
        (time, news)
    }

    /// Removes a holder. Without holders, the lease is not renewed any more.
    pub fn remove(&mut self, id: i64, time: &Arc<LeaseTime>) {
        let Some(entry) = self.entry(id, time) else { return };
        entry.holders -= 1;
        if entry.holders == 0 {
            self.drop_lease(id);
        }
    }

    /// Notes how long the grant took, before there is a renewal to measure.
    pub fn answers_take(&mut self, id: i64, time: &Arc<LeaseTime>, took: Duration) {
        if let Some(entry) = self.entry(id, time) {
            entry.round_trip = took;
        }
    }

    /// Renews a lease at once.
    pub fn renew_now(&mut self, id: i64, time: &Arc<LeaseTime>) {
        let Some(entry) = self.entry(id, time) else { return };
        entry.urgent = true;
        self.urgent = true;
        self.set_due(id, Moment::now());
    }

    /// Stops renewing a lease once it lasts until `end`.
    pub fn last_until(&mut self, id: i64, time: &Arc<LeaseTime>, end: Moment) {
        let Some(entry) = self.entry(id, time) else { return };
        entry.until = Some(end);
        if entry.time.expires().is_none_or(|expires| expires < end) {
            self.set_due(id, Moment::now());
        }
    }

    /// Ends a lease and notifies its holders.
    pub fn end(&mut self, id: i64, time: &Arc<LeaseTime>, why: &str) {
        time.end(why);
        if let Some(entry) = self.entry(id, time) {
            entry.tell_over(false);
            self.drop_lease(id);
        }
    }

    fn entry(&mut self, id: i64, time: &Arc<LeaseTime>) -> Option<&mut Entry> {
        self.leases.get_mut(&id).filter(|entry| Arc::ptr_eq(&entry.time, time))
    }

    fn drop_lease(&mut self, id: i64) {
        if let Some(entry) = self.leases.remove(&id) {
            self.due.remove(&(entry.due, id));
        }
    }

    fn set_due(&mut self, id: i64, due: Moment) {
        if let Some(entry) = self.leases.get_mut(&id) {
            self.due.remove(&(entry.due, id));
            entry.due = due;
            self.due.insert((due, id));
        }
    }

    /// When the next lease is due; `None` if there are no leases.
    pub fn wake_at(&self) -> Option<Moment> {
        let (due, _) = *self.due.first()?;
        let coalesced = self.sent_at.filter(|_| !self.urgent).map(|sent| sent.after(COALESCED));
        Some(coalesced.map_or(due, |coalesced| due.max(coalesced)))
    }

    /// The orders that are due now. `elsewhere` says whether there is more than one member.
    pub fn act(&mut self, now: Moment, elsewhere: bool) -> Vec<Order> {
        let mut orders = Vec::new();
        if self.wake_at().is_some_and(|wake| now >= wake) {
            self.urgent = false;
            let mut batches: HashMap<u64, Vec<i64>> = HashMap::new();
            while let Some(&(due, id)) = self.due.first()
                && due <= now
            {
                self.attend(id, now, elsewhere, &mut orders, &mut batches);
            }
            if !batches.is_empty() {
                self.sent_at = Some(now);
            }
            let renewals = batches.into_iter().map(|(stream, ids)| Order::Renew { stream, ids });
            orders.extend(renewals);
        }
        self.close_unused(now, &mut orders);
        orders
    }

    /// Handles a lease that is due.
    fn attend(
        &mut self,
        id: i64,
        now: Moment,
        elsewhere: bool,
        orders: &mut Vec<Order>,
        batches: &mut HashMap<u64, Vec<i64>>,
    ) {
        let Some(entry) = self.leases.get_mut(&id) else { return };
        if entry.time.over().is_some() {
            entry.tell_over(false);
            return self.drop_lease(id);
        }
        let streams: Vec<u64> =
            self.streams.iter().filter(|stream| !stream.leaving).map(|s| s.number).collect();
        let may_open = streams.len() < if elsewhere { MOST_STREAMS } else { 1 };
        let wait = self.open_at.filter(|&at| at > now);
        let view = StreamView { streams: &streams, may_open, open_at: wait };
        let Next { renew_on, silent, open, due, repeats } = entry.next(now, &view);
        self.repeated += repeats;
        for number in silent {
            self.silence(number, orders);
        }
        for number in renew_on {
            self.note_request(number, now);
            batches.entry(number).or_default().push(id);
        }
        if let Some(within) = open {
            let number = self.open(within, streams.last().copied(), now, orders);
            if let Some(entry) = self.leases.get_mut(&id) {
                entry.asked_on(number, now);
            }
            self.note_request(number, now);
            batches.entry(number).or_default().push(id);
        }
        self.set_due(id, due.max(now.after(LEAST_PAUSE)));
    }

    fn open(
        &mut self,
        within: Duration,
        not_on: Option<u64>,
        now: Moment,
        orders: &mut Vec<Order>,
    ) -> u64 {
        self.streams_made += 1;
        let number = self.streams_made;
        let stream = Stream {
            number,
            open: false,
            unanswered: 0,
            silent: false,
            leaving: false,
            last_used: now,
        };
        self.streams.push(stream);
        orders.push(Order::Open { stream: number, within, not_on });
        number
    }

    fn stream(&mut self, number: u64) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|stream| stream.number == number)
    }

    fn note_request(&mut self, number: u64, now: Moment) {
        if let Some(stream) = self.stream(number) {
            stream.unanswered += 1;
            stream.last_used = now;
        }
    }

    fn silence(&mut self, number: u64, orders: &mut Vec<Order>) {
        if let Some(stream) = self.stream(number)
            && !std::mem::replace(&mut stream.silent, true)
        {
            orders.push(Order::Silent { stream: number });
        }
    }

    /// Closes idle streams. One stream is kept, and the others stay until their answers have come.
    fn close_unused(&mut self, now: Moment, orders: &mut Vec<Order>) {
        let mut index = 0;
        while index < self.streams.len() {
            let stream = &self.streams[index];
            let unused = now.since(stream.last_used);
            let close = match (index, stream.leaving, stream.unanswered) {
                (_, true, 0) => true,
                (0, false, _) => false,
                (_, false, 0) => unused >= IDLE,
                (_, _, _) => unused >= LATEST_ANSWER,
            };
            if close {
                orders.push(Order::Close { stream: stream.number });
                self.streams.remove(index);
            } else {
                index += 1;
            }
        }
    }

    /// How much time an answer has left the lease, of which TTL; `None` if the lease is over or its
    /// expiry is not known.
    pub fn margin(&self, response: &LeaseKeepAliveResponse) -> Option<(Duration, Duration)> {
        let entry = self.leases.get(&response.id).filter(|_| response.ttl > 0)?;
        let margin = entry.time.expires()?.left();
        (!margin.is_zero()).then(|| (margin, entry.time.ttl()))
    }

    /// Handles the answer to a renewal that was sent at `sent`.
    pub fn answered(
        &mut self,
        number: u64,
        sent: Moment,
        response: LeaseKeepAliveResponse,
        now: Moment,
    ) {
        self.failures = 0;
        self.token_renewed = false;
        if let Some(index) = self.streams.iter().position(|stream| stream.number == number) {
            let stream = &mut self.streams[index];
            stream.silent = false;
            stream.unanswered = stream.unanswered.saturating_sub(1);
            // Streams that answer are preferred to silent ones.
            if !stream.leaving && self.streams[0].silent {
                self.streams[..=index].rotate_right(1);
            }
        }
        let id = response.id;
        let Some(entry) = self.leases.get_mut(&id) else { return };
        entry.forget_request(number);
        if response.ttl <= 0 {
            // A TTL of 0 is how the server reports that it does not know the lease.
            entry.time.end("it expired or was revoked");
            entry.tell_over(true);
            return self.drop_lease(id);
        }
        match entry.time.renewed(sent, response.ttl) {
            Confirmation::Over => {
                entry.tell_over(false);
                self.drop_lease(id);
            }
            Confirmation::TooLate => {
                entry.urgent = true;
                self.set_due(id, now);
            }
            Confirmation::Counts => {
                let due = entry.renewed(sent, response, now);
                // A holder that has asked since then waits for a renewal of its own.
                let due = if entry.urgent { now } else { due };
                self.set_due(id, due);
            }
        }
    }

    /// Notes that no more renewals are to be sent on a stream.
    pub fn leave(&mut self, number: u64) {
        if let Some(stream) = self.stream(number) {
            stream.leaving = true;
        }
    }

    /// Notes the end of a stream: its unanswered renewals are sent again.
    pub fn ended(&mut self, number: u64, end: &StreamEnd, now: Moment) {
        self.streams.retain(|stream| stream.number != number);
        let again = end.token_renewed && !std::mem::replace(&mut self.token_renewed, true);
        if !again {
            if self.failures > 0 {
                let pause = backoff::delay(self.failures - 1, FIRST_PAUSE, LONGEST_PAUSE);
                self.open_at = Some(now.after(pause));
            }
            self.failures += 1;
        }
        let final_answer = !again && (end.lasting || self.failures > PASSING_ERRORS);
        let mut concerned = Vec::new();
        for (&id, entry) in &mut self.leases {
            if entry.lose_stream(number, now) {
                entry.time.troubled(&end.why);
                if let Some(refusal) = end.refusal.as_ref().filter(|_| final_answer) {
                    entry.tell_refusal(now, refusal);
                }
                concerned.push(id);
            }
        }
        for id in concerned {
            self.set_due(id, now);
        }
    }
}
