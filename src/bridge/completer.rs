//! The engine's handle to one pending call.

use std::sync::Arc;

use crate::bridge::completion::{Completion, Lost, Outcome, Ticket};
use crate::bridge::loops::completion_queue::CompletionQueue;
use crate::bridge::threads::slot::Slot;

/// Where the completion of a call goes.
enum Destination {
    Loop(Arc<CompletionQueue>),
    Thread(Arc<Slot>),
}

/// Finishes one pending call, at the latest when it is dropped.
pub(crate) struct Completer {
    destination: Destination,
    ticket: Ticket,
    lost: Option<Lost>,
}

impl Completer {
    pub(crate) fn new(queue: Arc<CompletionQueue>, ticket: Ticket, lost: Lost) -> Self {
        Self { destination: Destination::Loop(queue), ticket, lost: Some(lost) }
    }

    /// For a call that threads wait for.
    pub(crate) fn of_slot(slot: Arc<Slot>, ticket: Ticket, lost: Lost) -> Self {
        Self { destination: Destination::Thread(slot), ticket, lost: Some(lost) }
    }

    fn complete(&self, completion: Completion) {
        match &self.destination {
            Destination::Loop(queue) => queue.push(self.ticket, completion),
            Destination::Thread(slot) => slot.complete(completion),
        }
    }

    pub(crate) fn finish(mut self, outcome: Box<dyn Outcome>) {
        self.lost = None;
        self.complete(Completion::Finished(outcome));
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
        self.complete(Completion::Readable);
    }
}

impl Drop for Completer {
    /// A call whose task is gone (the runtime was stopped, or the task panicked) fails. If it was
    /// cancelled before, its slot is free and this is ignored.
    fn drop(&mut self) {
        if let Some(lost) = self.lost.take() {
            self.complete(Completion::Lost(lost));
        }
    }
}
