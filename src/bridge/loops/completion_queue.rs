//! The queue through which finished calls reach their event loop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, ThreadId};

use pyo3::prelude::*;

use crate::bridge::loops::wakeup::{ThreadWakeup, Wakeup};

/// What a call came to; turned into Python objects on the loop's thread.
pub(crate) trait Outcome: Send {
    fn into_python(self: Box<Self>, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

/// Builds the error of a call whose task went away without an outcome.
pub(crate) type Lost = fn() -> PyErr;

pub(crate) enum Completion {
    Finished(Box<dyn Outcome>),
    /// A stream has something to read, or its end.
    Readable,
    Lost(Lost),
}

/// The slot of a pending call; a reused slot has another generation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// Something to do on the loop's thread that no call waits for.
pub(crate) type Errand = Box<dyn FnOnce(Python<'_>) + Send>;

pub(crate) struct CompletionQueue {
    items: Mutex<Vec<(Ticket, Completion)>>,
    errands: Mutex<Vec<Errand>>,
    /// Whether the loop has been told of what is in `items`.
    armed: AtomicBool,
    dead: AtomicBool,
    retirement_offered: AtomicBool,
    notifier: Notifier,
    /// The thread of the loop.
    home: ThreadId,
}

/// How the loop is told: by a descriptor it watches, or by a thread that calls into it.
pub(crate) enum Notifier {
    Descriptor(Wakeup),
    Thread(Arc<ThreadWakeup>),
}

impl CompletionQueue {
    /// A queue for the loop that runs on this thread.
    pub(crate) fn new(notifier: Notifier) -> Self {
        Self {
            items: Mutex::default(),
            errands: Mutex::default(),
            armed: AtomicBool::new(false),
            dead: AtomicBool::new(false),
            retirement_offered: AtomicBool::new(false),
            notifier,
            home: thread::current().id(),
        }
    }

    pub(crate) fn is_at_home(&self) -> bool {
        self.home == thread::current().id()
    }

    pub(crate) fn descriptor(&self) -> Option<i32> {
        match &self.notifier {
            Notifier::Descriptor(wakeup) => Some(wakeup.descriptor()),
            Notifier::Thread(_) => None,
        }
    }

    pub(crate) fn push(&self, ticket: Ticket, completion: Completion) {
        if self.dead.load(Ordering::Acquire) {
            return;
        }
        self.items.lock().unwrap_or_else(PoisonError::into_inner).push((ticket, completion));
        self.notify();
    }

    /// Wakes the loop to drain the queue, once for all that is pushed until then.
    pub(crate) fn notify(&self) {
        if self.armed.swap(true, Ordering::AcqRel) {
            return;
        }
        match &self.notifier {
            Notifier::Descriptor(wakeup) => wakeup.raise(),
            Notifier::Thread(wakeup) => wakeup.raise(),
        }
    }

    /// Takes what has been pushed. The order matters: a push that sees the flag still set must
    /// be seen by the take that follows.
    pub(crate) fn take(&self) -> Vec<(Ticket, Completion)> {
        if let Notifier::Descriptor(wakeup) = &self.notifier {
            wakeup.clear();
        }
        self.armed.store(false, Ordering::Release);
        std::mem::take(&mut *self.items.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn take_errands(&self) -> Vec<Errand> {
        std::mem::take(&mut *self.errands.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells the loop that it may drop its bridge, if it has no use for it any more.
    pub(crate) fn offer_retirement(&self) {
        self.retirement_offered.store(true, Ordering::Release);
        self.notify();
    }

    pub(crate) fn take_retirement_offer(&self) -> bool {
        self.retirement_offered.swap(false, Ordering::AcqRel)
    }

    /// Refuses further completions: their loop is gone.
    pub(crate) fn kill(&self) {
        self.dead.store(true, Ordering::Release);
        self.items.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.take_errands();
        if let Notifier::Thread(wakeup) = &self.notifier {
            wakeup.close();
        }
    }
}

/// Sends errands to an event loop, for as long as that is there.
#[derive(Clone)]
pub(crate) struct Messenger(pub(crate) Weak<CompletionQueue>);

impl Messenger {
    /// Runs `errand` on the loop's thread soon; false when the loop is gone.
    pub(crate) fn send(&self, errand: impl FnOnce(Python<'_>) + Send + 'static) -> bool {
        let Some(queue) = self.0.upgrade().filter(|queue| !queue.dead.load(Ordering::Acquire))
        else {
            return false;
        };
        queue.errands.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(errand));
        queue.notify();
        true
    }
}

impl Ticket {
    /// That of no call.
    pub(crate) const NONE: Self = Self { index: u32::MAX, generation: 0 };
}

/// The right and the duty to finish one pending call.
pub(crate) struct Completer {
    queue: Arc<CompletionQueue>,
    ticket: Ticket,
    lost: Option<Lost>,
}

impl Completer {
    pub(crate) fn new(queue: Arc<CompletionQueue>, ticket: Ticket, lost: Lost) -> Self {
        Self { queue, ticket, lost: Some(lost) }
    }

    pub(crate) fn finish(mut self, outcome: Box<dyn Outcome>) {
        self.lost = None;
        self.queue.push(self.ticket, Completion::Finished(outcome));
    }

    /// Gives the right back: the call has been given up.
    pub(crate) fn withdraw(mut self) {
        self.lost = None;
    }

    pub(crate) fn is_for(&self, ticket: Ticket) -> bool {
        self.ticket == ticket
    }

    pub(crate) fn wake(mut self) {
        self.lost = None;
        self.queue.push(self.ticket, Completion::Readable);
    }
}

impl Drop for Completer {
    /// A call whose task is gone (the runtime was stopped, or a defect made it panic) ends with
    /// an error. Where the caller went away first, its slot is free and this is ignored.
    fn drop(&mut self) {
        if let Some(lost) = self.lost.take() {
            self.queue.push(self.ticket, Completion::Lost(lost));
        }
    }
}
