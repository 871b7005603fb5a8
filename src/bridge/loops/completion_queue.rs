//! The queue through which finished calls reach their event loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ThreadId};

use crate::bridge::completion::{Completion, Errand, Ticket};
use crate::bridge::loops::wakeup::{ThreadWakeup, Wakeup};
use crate::bridge::mutex::Mutex;

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

    /// Runs `errand` on the loop's thread soon; false if the loop is gone.
    pub(crate) fn send_errand(&self, errand: Errand) -> bool {
        if self.dead.load(Ordering::Acquire) {
            return false;
        }
        self.errands.with(|errands| errands.push(errand));
        self.notify();
        true
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
