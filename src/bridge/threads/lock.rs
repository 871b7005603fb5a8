//! A lock that a thread may have several times over, and that it can leave for a while.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Lock {
    state: Mutex<State>,
    free: Condvar,
}

#[derive(Default)]
struct State {
    owner: Option<ThreadId>,
    /// The only one who may take it from now on.
    keeper: Option<ThreadId>,
}

/// The outcome of an attempt to take the lock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Now,
    /// This thread has it already.
    Before,
    Not,
}

impl State {
    fn is_of_another(&self, own: ThreadId) -> bool {
        [self.owner, self.keeper].into_iter().flatten().any(|other| other != own)
    }
}

impl Lock {
    /// Takes the lock if that needs no waiting.
    pub(crate) fn try_take(&self) -> Taken {
        let own = thread::current().id();
        let Ok(mut state) = self.state.try_lock() else { return Taken::Not };
        if state.owner == Some(own) {
            Taken::Before
        } else if state.is_of_another(own) {
            Taken::Not
        } else {
            state.owner = Some(own);
            Taken::Now
        }
    }

    /// Waits for the lock and takes it; false if this thread has it already.
    pub(crate) fn take(&self) -> bool {
        let own = thread::current().id();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.owner != Some(own) && state.is_of_another(own) {
            state = self.free.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.owner.replace(own).is_none()
    }

    /// Leaves the lock; false if this thread does not have it, as in a forked child, or keeps it.
    pub(crate) fn leave(&self) -> bool {
        let own = thread::current().id();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = state.keeper;
        let had = kept != Some(own) && state.owner.take_if(|owner| *owner == own).is_some();
        drop(state);
        if had {
            match kept {
                None => self.free.notify_one(),
                // Those who wait for it too would sleep on.
                Some(_) => self.free.notify_all(),
            }
        }
        had
    }

    /// Takes the lock for good; takes it away from an owner that does not leave it within `limit`.
    pub(crate) fn keep(&self, limit: Duration) {
        let own = thread::current().id();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.keeper = Some(own);
        let (mut state, _) = self
            .free
            .wait_timeout_while(state, limit, |state| state.owner.is_some_and(|owner| owner != own))
            .unwrap_or_else(PoisonError::into_inner);
        state.owner = Some(own);
    }
}
