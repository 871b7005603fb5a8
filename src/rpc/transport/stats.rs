//! Counters of the transport, its log, and the events for hooks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::rpc::telemetry::{Event, Level, Mailbox, Report, Reports};

/// What has happened on the connections that a set of communicators shares.
#[derive(Default)]
pub struct Stats {
    /// Calls that were started, watches excluded.
    pub requests: AtomicU64,
    /// Attempts of calls after the first one.
    pub retries: AtomicU64,
    pub connects: AtomicU64,
    /// Connections to a member that had been connected to before.
    pub reconnects: AtomicU64,
    /// How often calls moved to another member.
    pub failovers: AtomicU64,
    /// Streams of watches and the like that were resumed.
    pub resumes: AtomicU64,
    /// Calls that are in flight.
    pub in_flight: AtomicU64,
    /// Watches that are open.
    pub watches: AtomicU64,
    /// Streams that carry watches.
    pub watch_streams: AtomicU64,
    /// Leases that are kept alive now, and the streams that their renewals share.
    pub leases_kept: AtomicU64,
    pub keep_alive_streams: AtomicU64,
    /// What the hooks are told; `None` if there are none.
    pub events: Option<Arc<Mailbox<Vec<Event>>>>,
    pub reports: Arc<Mailbox<Reports>>,
    /// Whether the log takes details.
    detailed: AtomicBool,
}

impl Stats {
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// For a client with hooks.
    pub fn with_events() -> Self {
        Self { events: Some(Arc::default()), ..Self::default() }
    }

    /// Adds a warning to the log.
    pub fn report(&self, message: String) {
        self.reports.post(|reports| reports.add(Report { level: Level::Warning, message }));
    }

    /// Adds a detail to the log, if it takes details.
    pub fn debug(&self, message: impl FnOnce() -> String) {
        if self.detailed.load(Ordering::Relaxed) {
            let report = Report { level: Level::Debug, message: message() };
            self.reports.post(|reports| reports.add(report));
        }
    }

    /// Makes the log take details from now on.
    pub fn take_details(&self) {
        self.detailed.store(true, Ordering::Relaxed);
    }

    /// Tells the hooks, if there are any.
    pub fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(events) = &self.events {
            let event = event();
            events.post(|events| events.push(event));
        }
    }

    /// Tells the log and the hooks that a lease was lost.
    pub fn lease_lost(&self, lease: i64, why: &str) {
        self.report(format!("lease {lease:x} was lost: {why}"));
        self.tell(|| Event::LeaseLost { lease, why: why.to_owned() });
    }

    /// Counts something while the result lives.
    pub fn gauge(self: &Arc<Self>, of: fn(&Self) -> &AtomicU64) -> Gauge {
        of(self).fetch_add(1, Ordering::Relaxed);
        Gauge { stats: Arc::clone(self), of }
    }

    /// Counts a call as in flight while the result lives.
    pub fn in_flight(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }
}

pub struct Gauge {
    stats: Arc<Stats>,
    of: fn(&Stats) -> &AtomicU64,
}

impl Drop for Gauge {
    fn drop(&mut self) {
        (self.of)(&self.stats).fetch_sub(1, Ordering::Relaxed);
    }
}

pub struct InFlight<'a>(&'a Stats);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
