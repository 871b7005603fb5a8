//! Which call of a program an RPC belongs to.

use std::future::Future;
use std::sync::Arc;

use crate::rpc::telemetry::event::Event;
use crate::rpc::telemetry::mailbox::Mailbox;

tokio::task_local! {
    static PRESENT: Present;
}

/// What an RPC has to know of its caller.
#[derive(Clone, Copy, Default)]
pub struct Present {
    /// The caller's number; `None` if there are no contexts, or the client makes it for itself.
    pub number: Option<u64>,
    /// Whether the caller takes the events, so that no listener has to be told.
    pub takes_events: bool,
}

/// The caller of the running task.
pub fn present() -> Present {
    PRESENT.try_with(|present| *present).unwrap_or_default()
}

/// A call of a program. When it is over, that is told too.
pub struct Caller {
    present: Present,
    events: Arc<Mailbox<Vec<Event>>>,
    is_over: bool,
}

impl Caller {
    pub fn new(number: Option<u64>, events: &Arc<Mailbox<Vec<Event>>>) -> Self {
        let present = Present { number, takes_events: false };
        Self { present, events: Arc::clone(events), is_over: false }
    }

    /// The events of a caller that takes them itself when it has the outcome.
    pub fn takes_events(&mut self) -> Arc<Mailbox<Vec<Event>>> {
        self.present.takes_events = true;
        Arc::clone(&self.events)
    }

    /// Runs a task whose RPCs belong to this caller.
    pub async fn makes<F: Future>(mut self, task: F) -> F::Output {
        let outcome = PRESENT.scope(self.present, task).await;
        self.is_over = true;
        outcome
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        if let Some(number) = self.present.number {
            self.events.add(|events| events.push(Event::CallerLeft(number)));
        }
        if !(self.present.takes_events && self.is_over) {
            self.events.tell();
        }
    }
}
