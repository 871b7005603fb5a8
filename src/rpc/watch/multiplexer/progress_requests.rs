//! Progress requests: one request, and one answer, covers all watches of a stream.
//!
//! A server that is still catching up with one of the watches, or that waits for a future revision,
//! does not answer at all. So requests are repeated. An unanswered request cannot be told apart
//! from one whose answer is late, so an answer is taken to be for the oldest request.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A server that is not busy catching up answers sooner than this.
const OVERDUE: Duration = Duration::from_millis(300);
/// How many unanswered requests are recorded. Beyond that, a request waits for its backoff.
const MOST_UNANSWERED: usize = 16;

/// A request that may still be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub number: u64,
    /// How many confirmations the server had sent before this request.
    pub confirmations: u64,
}

pub struct ProgressRequests {
    unanswered: VecDeque<Asked>,
    /// When the first request was sent that has had no answer; `None` after an answer.
    silent_since: Option<Instant>,
    last_number: u64,
    due: Option<Instant>,
    pause: Duration,
    /// Whether the server's answers can be trusted, if known.
    trusted: Option<bool>,
}

impl ProgressRequests {
    pub fn new() -> Self {
        Self {
            unanswered: VecDeque::new(),
            silent_since: None,
            last_number: 0,
            due: None,
            pause: FIRST_PAUSE,
            trusted: None,
        }
    }

    /// Forgets what belongs to the old stream.
    pub fn begin_again(&mut self) {
        self.unanswered.clear();
        self.silent_since = None;
        self.trusted = None;
        self.pause = FIRST_PAUSE;
    }

    pub fn trusted(&self) -> Option<bool> {
        self.trusted
    }

    pub fn set_trusted(&mut self, trusted: bool) {
        self.trusted = Some(trusted);
    }

    /// The number of the next request.
    pub fn next_number(&self) -> u64 {
        self.last_number + 1
    }

    /// Makes the next request due now, unless too many are unanswered.
    pub fn ask_soon(&mut self) {
        if self.unanswered.len() < MOST_UNANSWERED {
            self.due = Some(Instant::now());
            self.pause = FIRST_PAUSE;
        } else {
            self.ask_in_time();
        }
    }

    /// Makes the next request due after the backoff.
    pub fn ask_in_time(&mut self) {
        if self.due.is_none() {
            self.due = Some(Instant::now() + self.pause);
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// When the next request is due.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether a request is due. If so, it is recorded as sent.
    pub fn is_time(&mut self, confirmations: u64) -> bool {
        if self.trusted != Some(true) || self.due.is_none_or(|due| due > Instant::now()) {
            return false;
        }
        self.due = None;
        self.silent_since.get_or_insert_with(Instant::now);
        self.last_number += 1;
        if self.unanswered.len() < MOST_UNANSWERED {
            self.unanswered.push_back(Asked { number: self.last_number, confirmations });
        }
        true
    }

    /// Whether the server has taken so long that it may not answer for a while.
    pub fn is_overdue(&self) -> bool {
        self.silent_since.is_some_and(|since| since.elapsed() >= OVERDUE)
    }

    /// Drops the request that is due.
    pub fn forget(&mut self) {
        self.due = None;
    }

    /// The request that an answer is for, or an older one.
    pub fn answered(&mut self) -> Option<Asked> {
        self.pause = FIRST_PAUSE;
        self.silent_since = None;
        self.unanswered.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(requests: &mut ProgressRequests, confirmations: u64) {
        requests.ask_soon();
        assert!(requests.is_time(confirmations));
    }

    #[test]
    fn nothing_is_asked_of_a_server_that_is_not_trusted() {
        let mut requests = ProgressRequests::new();
        requests.ask_soon();
        assert!(!requests.is_time(1));
        requests.set_trusted(false);
        assert!(!requests.is_time(1));
        requests.set_trusted(true);
        assert!(requests.is_time(1));
        assert!(!requests.is_time(1), "it was sent already");
    }

    #[test]
    fn an_answer_counts_for_the_oldest_request() {
        let mut requests = ProgressRequests::new();
        requests.set_trusted(true);
        ask(&mut requests, 1);
        ask(&mut requests, 2);
        assert_eq!(requests.answered(), Some(Asked { number: 1, confirmations: 1 }));
        assert_eq!(requests.answered(), Some(Asked { number: 2, confirmations: 2 }));
        assert_eq!(requests.answered(), None);
    }

    #[test]
    fn requests_that_are_not_answered_become_rare() {
        let mut requests = ProgressRequests::new();
        requests.set_trusted(true);
        (0..MOST_UNANSWERED).for_each(|_| ask(&mut requests, 1));
        let asked = Instant::now();
        requests.ask_soon();
        assert!(requests.due().unwrap() >= asked + FIRST_PAUSE, "it has to wait");
    }
}
