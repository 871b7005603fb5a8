//! Counters and reports of what the transport does.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

/// What has happened on the connections that a set of communicators shares.
#[derive(Default)]
pub struct Stats {
    pub requests: AtomicU64,
    pub retries: AtomicU64,
    pub connects: AtomicU64,
    pub reconnects: AtomicU64,
    pub resumes: AtomicU64,
    pub in_flight: AtomicU64,
    reports: Mutex<Vec<String>>,
}

/// How many reports wait for a reader before further ones are dropped.
const MOST_REPORTS: usize = 256;

impl Stats {
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes something that an operator would like to read in the log.
    pub fn report(&self, message: String) {
        let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        if reports.len() < MOST_REPORTS {
            reports.push(message);
        }
    }

    /// What was reported since the last time.
    pub fn take_reports(&self) -> Vec<String> {
        std::mem::take(&mut *self.reports.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts a call as in flight for as long as the result lives.
    pub fn in_flight(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }
}

pub struct InFlight<'a>(&'a Stats);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
