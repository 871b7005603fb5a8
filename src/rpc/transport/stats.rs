//! Counters and reports of what the transport does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What has happened on the connections that a set of communicators shares.
#[derive(Default)]
pub struct Stats {
    /// Calls that were begun; watches are none.
    pub requests: AtomicU64,
    /// Further attempts of calls.
    pub retries: AtomicU64,
    pub connects: AtomicU64,
    /// Connects to a member that there was a connection to before.
    pub reconnects: AtomicU64,
    /// Moves of the calls to another member.
    pub failovers: AtomicU64,
    /// Streams of watches and the like that were replaced.
    pub resumes: AtomicU64,
    /// Calls that are under way.
    pub in_flight: AtomicU64,
    /// Watches that are open.
    pub watches: AtomicU64,
    /// Streams that carry them.
    pub watch_streams: AtomicU64,
    /// Leases that are kept alive now, and the streams that their renewals share.
    pub leases_kept: AtomicU64,
    pub keep_alive_streams: AtomicU64,
    reports: Mutex<Reports>,
}

/// How many different reports wait for a reader; further ones are only counted.
const MOST_REPORTS: usize = 64;

/// Told that there are reports to take; says whether it will.
type Listener = Box<dyn Fn() -> bool + Send>;

#[derive(Default)]
struct Reports {
    /// With how often each was made.
    waiting: Vec<(String, u64)>,
    omitted: u64,
    listeners: Vec<(u64, Listener)>,
    next_listener: u64,
    /// Who has said that it will take what waits.
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

    /// Notes something that an operator would like to read in the log.
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

    /// What was reported since the last time.
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

    /// Has `listener` told when there are reports to take, for as long as the result lives. Of
    /// several listeners the first that is willing is told.
    pub fn listen(self: &Arc<Self>, listener: impl Fn() -> bool + Send + 'static) -> Listening {
        let mut reports = self.reports();
        let id = reports.next_listener;
        reports.next_listener += 1;
        reports.listeners.push((id, Box::new(listener)));
        reports.tell();
        drop(reports);
        Listening { stats: Arc::clone(self), id }
    }

    /// Counts something as there for as long as the result lives.
    pub fn gauge(self: &Arc<Self>, of: fn(&Self) -> &AtomicU64) -> Gauge {
        of(self).fetch_add(1, Ordering::Relaxed);
        Gauge { stats: Arc::clone(self), of }
    }

    /// Counts a call as in flight for as long as the result lives.
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
