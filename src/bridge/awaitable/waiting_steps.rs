//! The steps of an iterator that wait for something to take.

use std::sync::Arc;
use std::task::Wake;

use crate::bridge::completer::Completer;
use crate::bridge::completion::Ticket;
use crate::bridge::mutex::Mutex;

/// The steps that wait for an item of a stream.
pub(crate) trait WaitingSteps {
    /// Wakes `step` when there is something to take; at once if there already is.
    fn add(&self, step: Completer);

    /// Forgets a step that no longer waits.
    fn withdraw(&self, step: Ticket);
}

/// Waiting steps: mostly one at most, and there may be many streams.
#[derive(Default)]
pub(super) struct StepList {
    first: Option<Completer>,
    more: Vec<Completer>,
}

impl StepList {
    pub(super) fn push(&mut self, step: Completer) {
        match &self.first {
            None => self.first = Some(step),
            Some(_) => self.more.push(step),
        }
    }

    /// Takes a step out, if it is there.
    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<Completer> {
        if let Some(first) = self.first.take_if(|step| step.is_for(ticket)) {
            self.first = self.more.pop();
            return Some(first);
        }
        let index = self.more.iter().position(|step| step.is_for(ticket))?;
        Some(self.more.swap_remove(index))
    }

    /// Takes all out.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Completer> + '_ {
        self.first.take().into_iter().chain(self.more.drain(..))
    }
}

/// Steps that the engine wakes, all at once, by a waker of Rust.
#[derive(Default)]
pub(crate) struct Steps(Mutex<StepList>);

impl Steps {
    pub(crate) fn add(&self, step: Completer) {
        self.0.with(|steps| steps.push(step));
    }

    pub(crate) fn withdraw(&self, ticket: Ticket) {
        let withdrawn = self.0.with(|steps| steps.remove(ticket));
        withdrawn.into_iter().for_each(Completer::withdraw);
    }

    pub(crate) fn wake_all(&self) {
        let mut steps = self.0.with(std::mem::take);
        steps.drain().for_each(Completer::wake);
    }
}

impl Wake for Steps {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}
