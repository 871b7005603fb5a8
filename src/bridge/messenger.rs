//! Running something in Python that no call waits for.

use std::sync::{Arc, Weak};

use pyo3::prelude::*;

use crate::bridge::loops::completion_queue::CompletionQueue;
use crate::bridge::threads::errands;

/// Sends errands to an event loop while it exists, or to a thread.
#[derive(Clone)]
pub(crate) enum Messenger {
    Loop(Weak<CompletionQueue>),
    Threads,
}

impl Messenger {
    pub(crate) fn of_loop(queue: &Arc<CompletionQueue>) -> Self {
        Self::Loop(Arc::downgrade(queue))
    }

    /// A number that no messenger to another loop has at the same time.
    pub(crate) fn number(&self) -> usize {
        match self {
            Self::Loop(queue) => queue.as_ptr().addr(),
            Self::Threads => 0,
        }
    }

    /// Drops a Python object soon, where it may be freed.
    pub(crate) fn give_back(&self, object: impl Send + 'static) {
        match self {
            Self::Loop(_) => drop(self.send(move |_| drop(object))),
            // `PyO3` frees it when a thread next attaches, as the one that waits for the call does.
            Self::Threads => drop(object),
        }
    }

    /// Runs `errand` soon; false if the loop is gone.
    pub(crate) fn send(&self, errand: impl FnOnce(Python<'_>) + Send + 'static) -> bool {
        match self {
            Self::Loop(queue) => {
                queue.upgrade().is_some_and(|queue| queue.send_errand(Box::new(errand)))
            }
            Self::Threads => {
                errands::send(Box::new(errand));
                true
            }
        }
    }
}
