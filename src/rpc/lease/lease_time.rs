//! How long a lease lasts by what its members have confirmed; asked and told from any thread.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::rpc::lease::clock::Moment;

pub struct LeaseTime(Mutex<State>);

/// What the answer to a renewal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    Counts,
    /// It took longer than the lease lasts.
    TooLate,
    /// The lease was over before it came.
    Over,
}

struct State {
    ttl: Duration,
    /// When the grant or the renewal was sent that was confirmed last. The server's own idea of
    /// the end is later: it counts from when it got the request. `None` for a lease of another,
    /// of whose end nothing is known yet.
    confirmed: Option<Moment>,
    /// What has kept the lease from being renewed since then.
    trouble: Option<String>,
    over: Option<Arc<str>>,
}

impl State {
    fn expires(&self) -> Option<Moment> {
        self.confirmed.map(|sent| sent.after(self.ttl))
    }

    /// Once a lease was said to be over it stays over, whatever answers come.
    fn is_over(&mut self) -> bool {
        if self.over.is_none() && self.expires().is_some_and(|end| Moment::now() >= end) {
            let why = "it could not be renewed before it expired";
            self.over = Some(match &self.trouble {
                Some(trouble) => format!("{why}: {trouble}").into(),
                None => why.into(),
            });
        }
        self.over.is_some()
    }
}

impl LeaseTime {
    /// Of a lease whose grant was asked for at `sent`.
    pub fn granted(ttl: i64, sent: Moment) -> Self {
        Self::new(seconds(ttl), Some(sent))
    }

    /// Of a lease that is still to be renewed for the first time, because another has granted it
    /// or because the grant took too long. The TTL is zero where it is not known.
    pub fn unknown(ttl: i64) -> Self {
        Self::new(seconds(ttl), None)
    }

    fn new(ttl: Duration, confirmed: Option<Moment>) -> Self {
        Self(Mutex::new(State { ttl, confirmed, trouble: None, over: None }))
    }

    // Nothing of Python is ever made, dropped or called while this is held.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Zero where it is not known.
    pub fn ttl(&self) -> Duration {
        self.state().ttl
    }

    /// When the lease must be taken for gone; `None` where that is not known yet.
    pub fn expires(&self) -> Option<Moment> {
        self.state().expires()
    }

    /// How long ago the request was sent that was confirmed last.
    pub fn since_confirmed(&self) -> Option<Duration> {
        self.state().confirmed.map(|sent| Moment::now().since(sent))
    }

    /// Why the lease is over, by the clock of this very moment.
    pub fn over(&self) -> Option<Arc<str>> {
        let mut state = self.state();
        state.is_over();
        state.over.clone()
    }

    /// Notes the answer to a renewal that was sent at that time.
    pub fn renewed(&self, sent: Moment, ttl: i64) -> Confirmation {
        let mut state = self.state();
        if state.is_over() {
            return Confirmation::Over;
        }
        let ttl = seconds(ttl);
        // A lease of which nothing was known yet lives, but of its end nothing is known still.
        if state.confirmed.is_none() && Moment::now() >= sent.after(ttl) {
            return Confirmation::TooLate;
        }
        if state.confirmed.is_none_or(|before| sent >= before) {
            state.ttl = ttl;
            state.confirmed = Some(sent);
            state.trouble = None;
        }
        Confirmation::Counts
    }

    pub fn troubled(&self, why: &str) {
        self.state().trouble = Some(why.to_owned());
    }

    /// Ends the lease, unless it is over already.
    pub fn end(&self, why: &str) {
        let mut state = self.state();
        if !state.is_over() {
            state.over = Some(why.into());
        }
    }
}

/// A TTL as the server says it.
fn seconds(ttl: i64) -> Duration {
    Duration::from_secs(u64::try_from(ttl).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(seconds: u64) -> Moment {
        Moment::now().before(Duration::from_secs(seconds))
    }

    #[test]
    fn an_answer_counts_from_when_its_request_was_sent() {
        let time = LeaseTime::granted(1000, ago(900));
        assert_eq!(time.renewed(ago(800), 1000), Confirmation::Counts);
        let left = time.expires().map(Moment::left).unwrap();
        assert!(left <= Duration::from_secs(200) && left > Duration::from_secs(100));
        // One that was sent earlier and comes later takes nothing back.
        assert_eq!(time.renewed(ago(900), 1000), Confirmation::Counts);
        assert!(time.expires().map(Moment::left).unwrap() > Duration::from_secs(100));
    }

    #[test]
    fn what_is_over_stays_over() {
        let time = LeaseTime::granted(10, ago(11));
        time.troubled("nobody answered");
        let why = time.over().unwrap();
        assert!(why.contains("could not be renewed") && why.ends_with("nobody answered"));
        assert_eq!(time.renewed(Moment::now(), 10), Confirmation::Over);
        time.end("it was revoked");
        assert_eq!(time.over(), Some(why));
    }

    #[test]
    fn a_lease_of_another_is_not_over_before_anything_is_known() {
        let time = LeaseTime::unknown(0);
        assert_eq!((time.over(), time.expires()), (None, None));
        assert_eq!(time.renewed(ago(3), 2), Confirmation::TooLate);
        assert_eq!((time.over(), time.expires()), (None, None));
        assert_eq!(time.renewed(Moment::now(), i64::MAX), Confirmation::Counts);
        assert_eq!(time.over(), None);
    }
}
