//! Asking the server how far it has come: one request, and one answer, for all watches of a stream.
//!
//! A server that is still catching up with one of them, or waits for a revision that is yet to
//! come, does not answer at all. So requests are repeated; and since one that was left without an
//! answer cannot be told from one whose answer is late, an answer counts for the oldest of them.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A server that catches up with nobody answers sooner.
const OVERDUE: Duration = Duration::from_millis(300);
/// How many requests may be without an answer; others are only sent when it is time again.
const MOST_UNANSWERED: usize = 16;

/// A request that may still be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub number: u64,
    /// The number of watches that the server had confirmed by then.
    pub confirmations: u64,
}

pub struct ProgressRequests {
    unanswered: VecDeque<Asked>,
    /// Since when there has been no answer.
    silent_since: Option<Instant>,
    last_number: u64,
    due: Option<Instant>,
    pause: Duration,
    /// Whether the server's answers can be relied on, as far as that is known.
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

    /// Forgets what concerns a stream that is gone.
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

    /// The number that the next request will have.
    pub fn next_number(&self) -> u64 {
        self.last_number + 1
    }

    /// Makes the next request due at once, unless the server is busy with others.
    pub fn ask_soon(&mut self) {
        if self.unanswered.len() < MOST_UNANSWERED {
            self.due = Some(Instant::now());
            self.pause = FIRST_PAUSE;
        } else {
            self.ask_in_time();
        }
    }

    /// Makes the next request due after a pause.
    pub fn ask_in_time(&mut self) {
        if self.due.is_none() {
            self.due = Some(Instant::now() + self.pause);
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// When the next request is to be sent.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether it is time for a request; it is taken as sent then.
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

    /// Whether it looks as if the server would not answer for long.
    pub fn is_overdue(&self) -> bool {
        self.silent_since.is_some_and(|since| since.elapsed() >= OVERDUE)
    }

    /// Forgets the request that is due.
    pub fn forget(&mut self) {
        self.due = None;
    }

    /// The request that an answer is to, or an older one.
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
        requests.ask_soon();
        assert!(!requests.is_time(1), "it has to wait");
        assert!(requests.due().is_some());
    }
}
