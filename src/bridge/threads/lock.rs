//! A lock that a thread may have several times over, and that it can leave for a while.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, ThreadId};

#[derive(Default)]
pub(crate) struct Lock {
    owner: Mutex<Option<ThreadId>>,
    free: Condvar,
}

/// The outcome of an attempt to take the lock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Now,
    /// This thread has it already.
    Before,
    Not,
}

impl Lock {
    /// Takes the lock if that needs no waiting.
    pub(crate) fn try_take(&self) -> Taken {
        let own = thread::current().id();
        let Ok(mut owner) = self.owner.try_lock() else { return Taken::Not };
        match *owner {
            None => {
                *owner = Some(own);
                Taken::Now
            }
            Some(other) if other == own => Taken::Before,
            Some(_) => Taken::Not,
        }
    }

    /// Waits for the lock and takes it; false if this thread has it already.
    pub(crate) fn take(&self) -> bool {
        let own = thread::current().id();
        let mut owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        while owner.is_some_and(|owner| owner != own) {
            owner = self.free.wait(owner).unwrap_or_else(PoisonError::into_inner);
        }
        owner.replace(own).is_none()
    }

    /// Leaves the lock; false if this thread does not have it, as in a forked child.
    pub(crate) fn leave(&self) -> bool {
        let own = thread::current().id();
        let mut owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        let had = owner.take_if(|owner| *owner == own).is_some();
        drop(owner);
        if had {
            self.free.notify_one();
        }
        had
    }
}
