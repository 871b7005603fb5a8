//! One lease that is kept alive: what was asked for it, and what is to be asked next.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::rpc::error::Error;
use crate::rpc::lease::clock::Moment;
use crate::rpc::lease::keep_alive::news::News;
use crate::rpc::lease::lease_time::LeaseTime;
use crate::rpc::transport::backoff;
use crate::rpc::wire::messages::LeaseKeepAliveResponse;

/// What is taken for the TTL where it is not known.
const USUAL_TTL: Duration = Duration::from_secs(10);
/// How long an answer is waited for, at the least and the most, before another member is asked
/// as well; longer where answers are known to take longer.
const LEAST_PATIENCE: Duration = Duration::from_millis(250);
const MOST_PATIENCE: Duration = Duration::from_secs(2);
/// Opening a stream may need a token, which takes a while on a slow line.
const LEAST_TO_OPEN: Duration = Duration::from_secs(1);
/// Clients that begin together do not renew together for ever.
const JITTER: f64 = 0.05;

pub struct Entry {
    pub time: Arc<LeaseTime>,
    pub news: watch::Sender<News>,
    pub holders: usize,
    /// How long the last answer took.
    pub round_trip: Duration,
    /// What has not been answered yet: the stream, and since when.
    asked: Vec<(u64, Moment)>,
    renew_at: Moment,
    /// When it is to be looked at again.
    pub due: Moment,
    /// Whether somebody waits for a renewal that has still to be sent.
    pub urgent: bool,
    /// Until when it has to last; `None` for as long as it is kept.
    pub until: Option<Moment>,
    /// Whether an attempt has failed since the last answer.
    failed: bool,
}

/// The streams that a lease may be renewed on, the best first.
pub struct StreamView<'a> {
    pub streams: &'a [u64],
    /// Whether there may be one more.
    pub may_open: bool,
    /// From when on, where that is not now.
    pub open_at: Option<Moment>,
}

/// What is to be done for a lease.
pub struct Next {
    pub renew_on: Vec<u64>,
    /// Streams on which an answer is overdue.
    pub silent: Vec<u64>,
    /// Whether to open another stream and to renew on it, and how long that may take.
    pub open: Option<Duration>,
    pub due: Moment,
    /// How many of these requests are not the first attempt.
    pub repeats: u64,
}

impl Entry {
    pub fn new(time: LeaseTime) -> Self {
        let now = Moment::now();
        // Where nothing is known of its end, it is renewed when somebody asks for that.
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

    /// How often it is renewed: after a third of its TTL, and more often where an answer takes so
    /// long that it would come too late.
    fn interval(&self) -> Duration {
        let ttl = self.ttl();
        if self.round_trip <= ttl / 2 {
            return ttl / 3;
        }
        (ttl.saturating_sub(self.round_trip) / 3).max(ttl / 20)
    }

    /// The same with a bit of chance.
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

    /// Whether something was asked on that stream, which is gone.
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

    /// What is to be done now. What is to be asked on a known stream counts as asked.
    pub fn next(&mut self, now: Moment, view: &StreamView<'_>) -> Next {
        let expires = self.time.expires();
        let mut next = Next {
            renew_on: Vec::new(),
            silent: Vec::new(),
            open: None,
            // Where that is not known, it is looked at now and then.
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

    /// Goes through the streams until there is one on which an answer may still be expected.
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

    /// Notes a renewal that counts; returns when the next one is due.
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
