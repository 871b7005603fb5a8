//! The watches of one context of a program, which end with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::rpc::error::Error;
use crate::rpc::watch::inbox::Inbox;

#[derive(Default)]
pub struct OpenWatches(Mutex<State>);

#[derive(Default)]
struct State {
    /// By their addresses.
    inboxes: HashMap<usize, Weak<Inbox>>,
    closed: bool,
}

impl OpenWatches {
    // No Python object is touched under this lock, and no other lock is taken.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, inbox: &Arc<Inbox>) {
        let mut state = self.state();
        if state.closed {
            drop(state);
            return inbox.stop(Error::Closed);
        }
        state.inboxes.insert(Arc::as_ptr(inbox).addr(), Arc::downgrade(inbox));
    }

    pub(super) fn remove(&self, inbox: &Arc<Inbox>) {
        drop(self.state().inboxes.remove(&Arc::as_ptr(inbox).addr()));
    }

    /// Ends all watches, and those to come.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let inboxes = std::mem::take(&mut state.inboxes);
        drop(state);
        for inbox in inboxes.values().filter_map(Weak::upgrade) {
            inbox.stop(Error::Closed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_end_with_their_context() {
        let (context, before, after) = (OpenWatches::default(), Arc::default(), Arc::default());
        context.add(&before);
        assert!(!before.is_over());
        context.close();
        context.add(&after);
        assert!(before.is_over() && after.is_over());
    }

    #[test]
    fn one_that_was_removed_goes_on() {
        let (context, inbox) = (OpenWatches::default(), Arc::default());
        context.add(&inbox);
        context.remove(&inbox);
        context.close();
        assert!(!inbox.is_over());
    }
}
