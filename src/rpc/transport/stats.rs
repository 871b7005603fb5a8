//! Counters and log reports of the transport.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    reports: Mutex<Reports>,
}

/// How many different reports are kept for the listener; further ones are only counted.
const MOST_REPORTS: usize = 64;

/// Called when there are reports to take; returns whether it will take them.
type Listener = Box<dyn Fn() -> bool + Send>;

#[derive(Default)]
struct Reports {
    /// Each with its number of occurrences.
    waiting: Vec<(String, u64)>,
    omitted: u64,
    listeners: Vec<(u64, Listener)>,
    next_listener: u64,
    /// The listener that will take the reports.
    told: Option<u64>,
}

impl Reports {
    fn tell(&mut self) {
        if self.told.is_none() && !self.waiting.is_empty() {
            self.told = self.listeners.iter().find(|(_, tell)| tell()).map(|(id, _)| *id);
        }
    }
}

impl Stats {
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn reports(&self) -> MutexGuard<'_, Reports> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a report for the log.
    pub fn report(&self, message: String) {
        let mut reports = self.reports();
        if let Some((_, count)) = reports.waiting.iter_mut().find(|(known, _)| *known == message) {
            *count += 1;
        } else if reports.waiting.len() < MOST_REPORTS {
            reports.waiting.push((message, 1));
        } else {
            reports.omitted += 1;
        }
        reports.tell();
    }

    /// Takes the reports since the last call.
    pub fn take_reports(&self) -> Vec<String> {
        let mut reports = self.reports();
        reports.told = None;
        let omitted = std::mem::take(&mut reports.omitted);
        let waiting = std::mem::take(&mut reports.waiting);
        drop(reports);
        let mut taken: Vec<String> = waiting
            .into_iter()
            .map(|(message, count)| match count {
                1 => message,
                _ => format!("{message} ({count} times)"),
            })
            .collect();
        if omitted > 0 {
            taken.push(format!("{omitted} further events like these"));
        }
        taken
    }

    /// Calls `listener` when there are reports to take, while the result lives. Of several
    /// listeners, the first one that is willing takes them.
    pub fn listen(self: &Arc<Self>, listener: impl Fn() -> bool + Send + 'static) -> Listening {
        let mut reports = self.reports();
        let id = reports.next_listener;
        reports.next_listener += 1;
        reports.listeners.push((id, Box::new(listener)));
        reports.tell();
        drop(reports);
        Listening { stats: Arc::clone(self), id }
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

pub struct Listening {
    stats: Arc<Stats>,
    id: u64,
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut reports = self.stats.reports();
        reports.listeners.retain(|(id, _)| *id != self.id);
        if reports.told == Some(self.id) {
            reports.told = None;
            reports.tell();
        }
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn equal_reports_are_one() {
        let stats = Stats::default();
        stats.report("gone".into());
        stats.report("back".into());
        stats.report("gone".into());
        assert_eq!(stats.take_reports(), ["gone (2 times)", "back"]);
        assert!(stats.take_reports().is_empty());
    }

    #[test]
    fn reports_do_not_pile_up() {
        let stats = Stats::default();
        for number in 0..1000 {
            stats.report(number.to_string());
        }
        let taken = stats.take_reports();
        assert_eq!(taken.len(), MOST_REPORTS + 1);
        assert_eq!(taken[MOST_REPORTS], "936 further events like these");
    }

    #[test]
    fn a_listener_is_told_once_until_the_reports_are_taken() {
        let stats = Arc::<Stats>::default();
        let told = Arc::<AtomicU64>::default();
        let counter = Arc::clone(&told);
        let _listening = stats.listen(move || {
            Stats::count(&counter);
            true
        });
        stats.report("one".into());
        stats.report("two".into());
        assert_eq!(told.load(Ordering::Relaxed), 1);
        stats.take_reports();
        stats.report("three".into());
        assert_eq!(told.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_listener_takes_over_from_one_that_is_gone() {
        let stats = Arc::<Stats>::default();
        let first = stats.listen(|| true);
        stats.report("one".into());
        let told = Arc::<AtomicBool>::default();
        let flag = Arc::clone(&told);
        let _second = stats.listen(move || {
            flag.store(true, Ordering::Relaxed);
            true
        });
        assert!(!told.load(Ordering::Relaxed));
        drop(first);
        assert!(told.load(Ordering::Relaxed));
    }
}
