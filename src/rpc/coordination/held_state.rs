//! The state of something that is held: written by the task that holds it, read from any thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::rpc::lease::clock::Moment;
use crate::rpc::lease::lease_time::LeaseTime;

/// The reason of a loss when the runtime was stopped.
pub const STOPPED: &str = "the runtime was stopped";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Held,
    /// Released by its holder.
    Released,
    /// Lost, for that reason.
    Lost(Arc<str>),
}

pub struct HeldState {
    state: watch::Sender<State>,
    ends: Mutex<Ends>,
    /// Whether it ends with its context instead of its handle.
    adopted: AtomicBool,
}

/// What limits its time.
#[derive(Default)]
struct Ends {
    lease: Option<Arc<LeaseTime>>,
    /// Until when it may be held, and how long that is.
    limit: Option<(Moment, Duration)>,
}

impl Ends {
    fn passed(&self) -> Option<Arc<str>> {
        if let Some((end, limit)) = self.limit
            && Moment::now() >= end
        {
            return Some(format!("its time of {} s was over", limit.as_secs_f64()).into());
        }
        self.lease.as_ref()?.over()
    }
}

impl Default for HeldState {
    fn default() -> Self {
        Self {
            state: watch::Sender::new(State::Held),
            ends: Mutex::default(),
            adopted: AtomicBool::new(false),
        }
    }
}

impl HeldState {
    // No Python object is made, dropped or called under this lock.
    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets when it ends by itself.
    pub fn acquired(&self, lease: Option<&Arc<LeaseTime>>, limit: Option<(Moment, Duration)>) {
        *self.ends() = Ends { lease: lease.cloned(), limit };
    }

    /// From now on only its holder decides about its end.
    pub fn forget_clock(&self) {
        *self.ends() = Ends::default();
    }

    /// Until when it may be held.
    pub fn limit(&self) -> Option<Moment> {
        self.ends().limit.map(|(end, _)| end)
    }

    /// Limits it to that time from now on; fails with the reason if it is lost.
    pub fn extend(&self, limit: Duration) -> Result<Moment, Arc<str>> {
        let mut ends = self.ends();
        if let Some(why) = ends.passed() {
            drop(ends);
            self.set(State::Lost(Arc::clone(&why)));
            return Err(why);
        }
        let end = Moment::now().after(limit);
        ends.limit = Some((end, limit));
        Ok(end)
    }

    /// The state as of this moment.
    pub fn now(&self) -> State {
        let state = self.state.borrow().clone();
        if state != State::Held {
            return state;
        }
        let passed = self.ends().passed();
        match passed {
            Some(why) => {
                self.set(State::Lost(why));
                self.state.borrow().clone()
            }
            None => state,
        }
    }

    /// The time until it must be considered lost unless it is renewed; `None` if it is unknown.
    pub fn remaining(&self) -> Option<Duration> {
        if self.now() != State::Held {
            return Some(Duration::ZERO);
        }
        let ends = self.ends();
        let lease = ends.lease.as_ref().and_then(|lease| lease.expires());
        lease.into_iter().chain(ends.limit.map(|(end, _)| end)).min().map(Moment::left)
    }

    /// The time since the last confirmed grant or renewal was sent.
    pub fn since_confirmed(&self) -> Option<Duration> {
        self.ends().lease.as_ref()?.since_confirmed()
    }

    /// Ends it, unless it has ended before.
    pub fn set(&self, state: State) {
        self.state.send_if_modified(|now| {
            let held = *now == State::Held;
            if held {
                *now = state;
            }
            held
        });
    }

    /// Leaves it to its holder from now on; fails with the reason if it was lost before.
    pub fn let_go(&self) -> Result<(), Arc<str>> {
        self.now();
        self.set(State::Released);
        match &*self.state.borrow() {
            State::Lost(why) => Err(Arc::clone(why)),
            State::Held | State::Released => Ok(()),
        }
    }

    /// From now on it does not end with its handle. Nobody is woken: it matters when that is dropped.
    pub fn adopt(&self) {
        self.adopted.store(true, Ordering::Release);
    }

    pub fn is_adopted(&self) -> bool {
        self.adopted.load(Ordering::Acquire)
    }

    /// Whether it has ended because its holder released it or let it go.
    pub fn is_released(&self) -> bool {
        *self.state.borrow() == State::Released
    }

    /// Waits for its end, and returns how it ended.
    pub async fn over(&self) -> State {
        let mut state = self.state.subscribe();
        let over = state.wait_for(|state| *state != State::Held).await;
        // Cannot fail: `self` owns the sender.
        over.map_or(State::Released, |state| state.clone())
    }
}

/// Reports the loss if the task that holds it is dropped with its runtime.
pub struct Teller(pub Arc<HeldState>);

impl Drop for Teller {
    fn drop(&mut self) {
        self.0.set(State::Lost(STOPPED.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_has_passed_is_told_at_once() {
        let held = HeldState::default();
        assert_eq!((held.now(), held.remaining()), (State::Held, None));
        held.acquired(None, Some((Moment::now(), Duration::from_secs(1))));
        assert_eq!(held.now(), State::Lost("its time of 1 s was over".into()));
        assert_eq!(held.remaining(), Some(Duration::ZERO));
        // It stays lost.
        assert!(held.extend(Duration::from_secs(60)).is_err());
        held.set(State::Released);
        assert!(matches!(held.now(), State::Lost(_)));
    }

    #[test]
    fn a_limit_can_be_moved_while_it_is_held() {
        let held = HeldState::default();
        held.acquired(None, Some((Moment::now().after(Duration::from_secs(60)), Duration::ZERO)));
        held.extend(Duration::from_secs(600)).unwrap();
        assert!(held.remaining().unwrap() > Duration::from_secs(500));
    }

    #[test]
    fn a_lease_that_has_expired_is_told_at_once() {
        let held = HeldState::default();
        let sent = Moment::now().before(Duration::from_secs(2));
        held.acquired(Some(&Arc::new(LeaseTime::granted(2, sent))), None);
        assert!(matches!(held.now(), State::Lost(_)));
    }
}
