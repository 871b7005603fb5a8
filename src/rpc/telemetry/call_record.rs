//! The record of one RPC while it runs. Only clients with hooks keep one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::rpc::error::Error;
use crate::rpc::telemetry::caller::{self, Present};
use crate::rpc::telemetry::event::{Attempt, CallOutcome, Event, FinishedCall, How};
use crate::rpc::telemetry::mailbox::Mailbox;
use crate::rpc::wire::method::Method;

/// Tells of the call when the last part of it is over, however it ends.
pub struct CallRecord {
    events: Arc<Mailbox<Vec<Event>>>,
    method: &'static Method,
    is_stream: bool,
    caller: Present,
    started: (SystemTime, Instant),
    request_bytes: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Those in flight count as abandoned.
    attempts: Vec<Attempt>,
    outcome: Option<CallOutcome>,
}

impl CallRecord {
    pub fn new(
        events: &Arc<Mailbox<Vec<Event>>>,
        method: &'static Method,
        started: Instant,
        request_bytes: usize,
    ) -> Self {
        Self {
            events: Arc::clone(events),
            method,
            is_stream: false,
            caller: caller::present(),
            started: (SystemTime::now(), started),
            request_bytes,
            state: Mutex::default(),
        }
    }

    /// The same for a stream, which outlives the call of the program that opens it.
    #[must_use]
    pub fn of_stream(mut self) -> Self {
        self.is_stream = true;
        self.caller.takes_events = false;
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a new attempt, and returns its number.
    pub fn attempt(&self, endpoint: &str) -> usize {
        let mut state = self.state();
        state.attempts.push(Attempt {
            endpoint: endpoint.to_owned(),
            after: self.started.1.elapsed(),
            took: Duration::ZERO,
            how: How::Abandoned,
        });
        state.attempts.len() - 1
    }

    pub fn attempt_ended(&self, number: usize, how: How) {
        if let Some(attempt) = self.state().attempts.get_mut(number) {
            attempt.took = self.started.1.elapsed().saturating_sub(attempt.after);
            attempt.how = how;
        }
    }

    pub fn ended(&self, outcome: Result<usize, &Error>) {
        self.state().outcome = Some(match outcome {
            Ok(size) => CallOutcome::Answered(size),
            Err(error) => CallOutcome::Failed(error.clone()),
        });
    }
}

impl Drop for CallRecord {
    fn drop(&mut self) {
        let took = self.started.1.elapsed();
        let State { mut attempts, outcome } = std::mem::take(&mut *self.state());
        let taken = self.caller.takes_events && outcome.is_some();
        for attempt in attempts.iter_mut().filter(|attempt| attempt.how == How::Abandoned) {
            attempt.took = took.saturating_sub(attempt.after);
        }
        let call = FinishedCall {
            method: self.method,
            is_stream: self.is_stream,
            caller: self.caller.number,
            started: self.started.0,
            took,
            attempts,
            request_bytes: self.request_bytes,
            outcome: outcome.unwrap_or(CallOutcome::Cancelled),
        };
        self.events.add(|events| events.push(Event::CallEnded(Box::new(call))));
        if !taken {
            self.events.tell();
        }
    }
}
