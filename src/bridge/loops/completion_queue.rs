//! The queue through which finished calls reach their event loop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{self, ThreadId};

use pyo3::prelude::*;

use crate::bridge::loops::wakeup::{ThreadWakeup, Wakeup};
use crate::bridge::mutex::Mutex;

/// The outcome of a call; turned into Python objects on the loop's thread.
pub(crate) trait Outcome: Send {
    fn into_python(self: Box<Self>, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

/// Makes the error of a call whose task ended without an outcome.
pub(crate) type Lost = fn() -> PyErr;

pub(crate) enum Completion {
    Finished(Box<dyn Outcome>),
    /// A stream has an item, or has ended.
    Readable,
    Lost(Lost),
}

/// The slot of a pending call; a slot that is reused has another generation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// A function to run on the loop's thread, which no call waits for.
pub(crate) type Errand = Box<dyn FnOnce(Python<'_>) + Send>;

pub(crate) struct CompletionQueue {
    items: Mutex<Vec<(Ticket, Completion)>>,
    errands: Mutex<Vec<Errand>>,
    /// Whether the loop has been notified of what is in `items`.
    armed: AtomicBool,
    dead: AtomicBool,
    retirement_offered: AtomicBool,
    notifier: Notifier,
    /// The loop's thread.
    home: ThreadId,
}

/// How the loop is notified: by a descriptor that it watches, or by a thread that calls it.
pub(crate) enum Notifier {
    Descriptor(Wakeup),
    Thread(Arc<ThreadWakeup>),
}

impl CompletionQueue {
    /// A queue for the loop of the current thread.
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
        self.items.with(|items| items.push((ticket, completion)));
        self.notify();
    }

    /// Wakes the loop to drain the queue, only once for all that is pushed until it does.
    pub(crate) fn notify(&self) {
        if self.armed.swap(true, Ordering::AcqRel) {
            return;
        }
        match &self.notifier {
            Notifier::Descriptor(wakeup) => wakeup.raise(),
            Notifier::Thread(wakeup) => wakeup.raise(),
        }
    }

    /// Takes what has been pushed. The order matters: an item whose push found the flag still set
    /// must be seen by this take, because its push did not wake the loop.
    pub(crate) fn take(&self) -> Vec<(Ticket, Completion)> {
        if let Notifier::Descriptor(wakeup) = &self.notifier {
            wakeup.clear();
        }
        self.armed.store(false, Ordering::Release);
        self.items.with(std::mem::take)
    }

    pub(crate) fn take_errands(&self) -> Vec<Errand> {
        self.errands.with(std::mem::take)
    }

    /// Tells the loop that it may drop its bridge if it no longer needs it.
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
        drop((self.items.with(std::mem::take), self.take_errands()));
        if let Notifier::Thread(wakeup) = &self.notifier {
            wakeup.close();
        }
    }
}

/// Sends errands to an event loop while it exists.
#[derive(Clone)]
pub(crate) struct Messenger(pub(crate) Weak<CompletionQueue>);

impl Messenger {
    /// Runs `errand` on the loop's thread soon; false if the loop is gone.
    pub(crate) fn send(&self, errand: impl FnOnce(Python<'_>) + Send + 'static) -> bool {
        let Some(queue) = self.0.upgrade().filter(|queue| !queue.dead.load(Ordering::Acquire))
        else {
            return false;
        };
        queue.errands.with(|errands| errands.push(Box::new(errand)));
        queue.notify();
        true
    }
}

impl Ticket {
    /// The ticket of no call.
    pub(crate) const NONE: Self = Self { index: u32::MAX, generation: 0 };
}

/// Finishes one pending call, at the latest when it is dropped.
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

    /// Leaves the call unfinished, because it was cancelled.
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
    /// A call whose task is gone (the runtime was stopped, or the task panicked) fails. If it was
    /// cancelled before, its slot is free and this is ignored.
    fn drop(&mut self) {
        if let Some(lost) = self.lost.take() {
            self.queue.push(self.ticket, Completion::Lost(lost));
        }
    }
}
