//! When which lease is renewed, and on which stream. Decides and remembers; does nothing itself.

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

/// Renewals that are due within that time go out together.
const COALESCED: Duration = Duration::from_millis(10);
const LEAST_PAUSE: Duration = Duration::from_millis(1);
/// A lease is renewed on so many streams at once at the most, each on another member.
const MOST_STREAMS: usize = 3;
/// How long a stream is kept that is not needed any more.
const IDLE: Duration = Duration::from_secs(10);
/// An answer that has not come by then does not come.
const LATEST_ANSWER: Duration = Duration::from_secs(60);
/// How often an error is taken for a passing one that may be.
const PASSING_ERRORS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What is to be done with the streams.
#[derive(Debug, PartialEq, Eq)]
pub enum Order {
    /// Open a stream, within that time and not on the member of that other one.
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
    /// The member leaves renewals without an answer.
    Silent {
        stream: u64,
    },
    Close {
        stream: u64,
    },
}

struct Stream {
    number: u64,
    /// Whether it has been opened.
    open: bool,
    unanswered: usize,
    /// Whether a lease has waited for too long on it since its last answer.
    silent: bool,
    /// Whether it is to be left, because its connection is.
    leaving: bool,
    last_used: Moment,
}

/// How a stream ended.
pub struct StreamEnd {
    pub why: String,
    /// What the server has answered instead.
    pub refusal: Option<Error>,
    /// Whether it would answer the same again.
    pub lasting: bool,
    /// Whether the next stream uses another token.
    pub token_renewed: bool,
}

#[derive(Default)]
pub struct Schedule {
    leases: HashMap<i64, Entry>,
    due: BTreeSet<(Moment, i64)>,
    /// Those before are preferred.
    streams: Vec<Stream>,
    streams_made: u64,
    /// How many streams have ended since the last answer.
    failures: u32,
    token_renewed: bool,
    /// No stream is opened before.
    open_at: Option<Moment>,
    /// When renewals went out last.
    sent_at: Option<Moment>,
    /// Whether somebody waits for a renewal.
    urgent: bool,
    /// Renewals that were not the first attempt.
    pub repeated: u64,
}

impl Schedule {
    pub fn leases(&self) -> usize {
        self.leases.len()
    }

    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Whether there is a member to talk to.
    pub fn is_open(&self) -> bool {
        self.streams.iter().any(|stream| stream.open)
    }

    /// Notes that a stream was opened.
    pub fn opened(&mut self, number: u64) {
        if let Some(stream) = self.stream(number) {
            stream.open = true;
        }
    }

    /// Begins to keep a lease alive, for one more holder where it is kept already.
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

    /// Ends what `add` has begun.
    pub fn remove(&mut self, id: i64, time: &Arc<LeaseTime>) {
        let Some(entry) = self.entry(id, time) else { return };
        entry.holders -= 1;
        if entry.holders == 0 {
            self.drop_lease(id);
        }
    }

    /// Notes how long an answer took before anything was renewed.
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

    /// Lets a lease end at that time rather than renew it further.
    pub fn last_until(&mut self, id: i64, time: &Arc<LeaseTime>, end: Moment) {
        let Some(entry) = self.entry(id, time) else { return };
        entry.until = Some(end);
        if entry.time.expires().is_none_or(|expires| expires < end) {
            self.set_due(id, Moment::now());
        }
    }

    /// Says that a lease is over; its holders are told.
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

    /// When there is something to do; `None` while there is nothing.
    pub fn wake_at(&self) -> Option<Moment> {
        let (due, _) = *self.due.first()?;
        let coalesced = self.sent_at.filter(|_| !self.urgent).map(|sent| sent.after(COALESCED));
        Some(coalesced.map_or(due, |coalesced| due.max(coalesced)))
    }

    /// What is to be done now. `elsewhere` says whether there is more than one member.
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

    /// Sees to a lease that is due.
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

    /// Keeps one stream; the others end once there is nothing to be waited for on them.
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

    /// Notes the answer to a renewal that went out at `sent`.
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
            // Those that answer come first.
            if !stream.leaving && self.streams[0].silent {
                self.streams[..=index].rotate_right(1);
            }
        }
        let id = response.id;
        let Some(entry) = self.leases.get_mut(&id) else { return };
        entry.forget_request(number);
        if response.ttl <= 0 {
            // So says the server of a lease that it does not know.
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
                self.set_due(id, due);
            }
        }
    }

    /// Notes that no further requests are to go out on a stream.
    pub fn leave(&mut self, number: u64) {
        if let Some(stream) = self.stream(number) {
            stream.leaving = true;
        }
    }

    /// Notes the end of a stream: what went out on it and was not answered goes out again.
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
