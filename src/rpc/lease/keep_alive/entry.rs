//! One lease that is kept alive: which renewals are in flight, and what to do next.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::rpc::error::Error;
use crate::rpc::lease::clock::Moment;
use crate::rpc::lease::keep_alive::news::News;
use crate::rpc::lease::lease_time::LeaseTime;
use crate::rpc::transport::backoff;
use crate::rpc::wire::messages::LeaseKeepAliveResponse;

/// The TTL to assume while it is unknown.
const USUAL_TTL: Duration = Duration::from_secs(10);
/// How long to wait for an answer, at least and at most, before another member is tried as well.
/// Longer if answers are known to take longer.
const LEAST_PATIENCE: Duration = Duration::from_millis(250);
const MOST_PATIENCE: Duration = Duration::from_secs(2);
/// Opening a stream may include fetching a token, which is slow on a slow network.
const LEAST_TO_OPEN: Duration = Duration::from_secs(1);
/// Spreads the renewals of clients that start at the same time.
const JITTER: f64 = 0.05;

pub struct Entry {
    pub time: Arc<LeaseTime>,
    pub news: watch::Sender<News>,
    pub holders: usize,
    /// How long the last answer took.
    pub round_trip: Duration,
    /// The renewals in flight: on which stream, and when they were sent.
    asked: Vec<(u64, Moment)>,
    renew_at: Moment,
    /// When to look at the lease again.
    pub due: Moment,
    /// Whether a holder waits for a renewal that has not been sent yet.
    pub urgent: bool,
    /// Until when the lease has to last; `None` to renew it until its holders leave.
    pub until: Option<Moment>,
    /// Whether a renewal has failed since the last answer.
    failed: bool,
}

/// The streams on which a lease may be renewed, the preferred one first.
pub struct StreamView<'a> {
    pub streams: &'a [u64],
    /// Whether another stream may be opened.
    pub may_open: bool,
    /// When another stream may be opened; `None` for now.
    pub open_at: Option<Moment>,
}

/// What to do for a lease.
pub struct Next {
    pub renew_on: Vec<u64>,
    /// Streams on which an answer is overdue.
    pub silent: Vec<u64>,
    /// Whether to open another stream and renew the lease on it, and how long opening may take.
    pub open: Option<Duration>,
    pub due: Moment,
    /// How many of these renewals are retries.
    pub repeats: u64,
}

impl Entry {
    pub fn new(time: LeaseTime) -> Self {
        let now = Moment::now();
        // A lease whose expiry is unknown is renewed when a holder asks for it.
        let known = time.expires().is_some();
        let round_trip = time.since_confirmed().unwrap_or_default();
        let mut entry = Self {
            time: Arc::new(time),
            news: watch::Sender::default(),
            holders: 1,
            round_trip,
            asked: Vec::new(),
            renew_at: now,
            due: now,
            urgent: false,
            until: None,
            failed: false,
        };
        if known {
            entry.renew_at = now.after(entry.pause().saturating_sub(round_trip));
            entry.due = entry.renew_at;
        }
        entry
    }

    fn ttl(&self) -> Duration {
        let ttl = self.time.ttl();
        if ttl.is_zero() { USUAL_TTL } else { ttl }
    }

    /// The interval between renewals: a third of the TTL, or less if answers are so slow that they
    /// would come too late.
    fn interval(&self) -> Duration {
        let ttl = self.ttl();
        if self.round_trip <= ttl / 2 {
            return ttl / 3;
        }
        (ttl.saturating_sub(self.round_trip) / 3).max(ttl / 20)
    }

    /// The interval, with jitter.
    fn pause(&self) -> Duration {
        let interval = self.interval();
        interval.saturating_add(interval.mul_f64(JITTER * backoff::random_fraction()))
    }

    fn patience(&self) -> Duration {
        let ttl = self.ttl();
        let usual = (ttl / 8).min(MOST_PATIENCE).max(self.round_trip.saturating_mul(2));
        usual.min(ttl / 3).max(LEAST_PATIENCE)
    }

    pub fn asked_on(&mut self, stream: u64, now: Moment) {
        self.asked.push((stream, now));
    }

    pub fn forget_request(&mut self, stream: u64) {
        if let Some(index) = self.asked.iter().position(|(other, _)| *other == stream) {
            self.asked.remove(index);
        }
    }

    /// Forgets the renewals in flight on a stream that is gone. Returns whether there were any.
    pub fn lose_stream(&mut self, stream: u64, now: Moment) -> bool {
        let before = self.asked.len();
        self.asked.retain(|(other, _)| *other != stream);
        let lost = self.asked.len() < before;
        if lost {
            self.failed = true;
            self.renew_at = now;
        }
        lost
    }

    /// What to do now. Renewals on the given streams are recorded as sent.
    pub fn next(&mut self, now: Moment, view: &StreamView<'_>) -> Next {
        let expires = self.time.expires();
        let mut next = Next {
            renew_on: Vec::new(),
            silent: Vec::new(),
            open: None,
            // A lease whose expiry is unknown is looked at from time to time.
            due: expires.unwrap_or_else(|| now.after(USUAL_TTL)),
            repeats: 0,
        };
        let lasts = self.until.is_some_and(|end| expires.is_some_and(|expires| expires >= end));
        if !self.urgent && lasts {
            return next;
        }
        if !self.urgent && now < self.renew_at {
            next.due = next.due.min(self.renew_at);
            return next;
        }
        let first = self.asked.is_empty() && !self.failed;
        self.choose(now, view, &mut next);
        let requests = next.renew_on.len() + usize::from(next.open.is_some());
        if requests > 0 {
            self.urgent = false;
        }
        next.repeats = requests.saturating_sub(usize::from(first)) as u64;
        next
    }

    /// Goes through the streams, up to the first one on which the answer is not overdue.
    fn choose(&mut self, now: Moment, view: &StreamView<'_>, next: &mut Next) {
        let (interval, patience) = (self.interval(), self.patience());
        for (place, &stream) in view.streams.iter().enumerate() {
            let mut on = self.asked.iter().filter(|(other, _)| *other == stream);
            let oldest = on.next().map(|(_, at)| *at);
            let latest = on.next_back().map(|(_, at)| *at).or(oldest);
            let again_at = latest.map_or(now, |at| at.after(interval));
            if again_at <= now || self.urgent && place == 0 {
                self.asked_on(stream, now);
                next.renew_on.push(stream);
                next.due = next.due.min(now.after(interval));
            } else {
                next.due = next.due.min(again_at);
            }
            let patient_until = oldest.unwrap_or(now).after(patience);
            if now < patient_until {
                next.due = next.due.min(patient_until);
                return;
            }
            next.silent.push(stream);
        }
        match view.open_at {
            _ if !view.may_open => {}
            Some(at) => next.due = next.due.min(at),
            None => {
                next.open = Some((self.ttl() / 3).max(LEAST_TO_OPEN));
                next.due = next.due.min(now.after(patience.min(interval)));
            }
        }
    }

    /// Notes a successful renewal; returns when the next one is due.
    pub fn renewed(
        &mut self,
        sent: Moment,
        response: LeaseKeepAliveResponse,
        now: Moment,
    ) -> Moment {
        self.failed = false;
        self.round_trip = now.since(sent);
        self.renew_at = sent.after(self.pause());
        self.news.send_modify(|news| {
            news.renewed = Some((sent, response));
            news.refused = None;
        });
        self.renew_at
    }

    pub fn tell_refusal(&self, now: Moment, refusal: &Error) {
        self.news.send_modify(|news| news.refused = Some((now, refusal.clone())));
    }

    pub fn tell_over(&self, not_found: bool) {
        self.news.send_modify(|news| {
            news.over = true;
            news.not_found = not_found;
        });
    }
}
