//! The place where the engine leaves the completion of a call, and threads find it.

use std::sync::Arc;

use crate::bridge::completion::{Completion, Errand};
use crate::bridge::mutex::Mutex;
use crate::bridge::threads::errands;
use crate::bridge::threads::parker::Parker;

#[derive(Default)]
pub(crate) struct Slot(Mutex<State>);

#[derive(Default)]
struct State {
    stage: Stage,
    waiting: Vec<Arc<Parker>>,
    /// Runs when the call has ended.
    errand: Option<Errand>,
}

#[derive(Default)]
enum Stage {
    #[default]
    Pending,
    Ready(Completion),
    /// A thread makes Python objects of the completion.
    Taken,
    Ended,
}

impl State {
    fn has_ended(&self) -> bool {
        matches!(self.stage, Stage::Ready(_) | Stage::Ended)
    }
}

impl Slot {
    pub(crate) fn has_ended(&self) -> bool {
        self.0.with(|state| state.has_ended())
    }

    /// Whether the call has ended; if not, `parker` is woken when it does.
    pub(crate) fn has_ended_or_wakes(&self, parker: &Arc<Parker>) -> bool {
        self.0.with(|state| {
            if state.has_ended() {
                return true;
            }
            if !state.waiting.iter().any(|waiting| Arc::ptr_eq(waiting, parker)) {
                state.waiting.push(Arc::clone(parker));
            }
            false
        })
    }

    /// Leaves the completion, unless the call was cancelled.
    pub(crate) fn complete(&self, completion: Completion) {
        self.change(|stage| match stage {
            Stage::Pending => (Stage::Ready(completion), None),
            ended => (ended, Some(completion)),
        });
    }

    /// Takes the completion, which the caller makes Python objects of.
    pub(crate) fn take(&self) -> Option<Completion> {
        self.0.with(|state| match std::mem::replace(&mut state.stage, Stage::Taken) {
            Stage::Ready(completion) => Some(completion),
            other => {
                state.stage = other;
                None
            }
        })
    }

    /// Says that there is a result, or that there will be none.
    pub(crate) fn end(&self) {
        self.change(|stage| match stage {
            Stage::Ready(completion) => (Stage::Ended, Some(completion)),
            _ => (Stage::Ended, None),
        });
    }

    /// Runs `errand` on a thread of its own when the call has ended.
    pub(crate) fn when_ended(&self, errand: Errand) {
        let now = self.0.with(|state| {
            if state.has_ended() {
                return Some(errand);
            }
            state.errand.replace(errand)
        });
        if let Some(errand) = now {
            errands::send(errand);
        }
    }

    fn change(&self, change: impl FnOnce(Stage) -> (Stage, Option<Completion>) + Send) {
        let (dropped, waiting, errand) = self.0.with(|state| {
            let (stage, dropped) = change(std::mem::take(&mut state.stage));
            state.stage = stage;
            (dropped, std::mem::take(&mut state.waiting), state.errand.take())
        });
        for parker in waiting {
            parker.unpark();
        }
        if let Some(errand) = errand {
            errands::send(errand);
        }
        drop(dropped);
    }
}
