//! A reply before which the hooks are told of its call.

use std::sync::{Arc, Weak};

use pyo3::prelude::*;

use crate::bridge::Reply;
use crate::py::telemetry::dispatcher::Dispatcher;
use crate::rpc::telemetry::{Event, Mailbox};

/// Tells the hooks where the call is awaited, so that no other thread has to be woken for that.
pub(crate) struct Told<R> {
    /// `None` once it is taken.
    reply: Option<R>,
    hooks: Weak<Dispatcher>,
    events: Arc<Mailbox<Vec<Event>>>,
}

impl<R> Told<R> {
    pub(crate) fn new(reply: R, hooks: Weak<Dispatcher>, events: Arc<Mailbox<Vec<Event>>>) -> Self {
        Self { reply: Some(reply), hooks, events }
    }
}

impl<R: Reply> Reply for Told<R> {
    fn into_python(mut self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if let Some(hooks) = self.hooks.upgrade() {
            hooks.tell(py, self.events.take());
        }
        match self.reply.take() {
            Some(reply) => reply.into_python(py),
            None => Ok(py.None()),
        }
    }
}

impl<R> Drop for Told<R> {
    fn drop(&mut self) {
        if self.reply.is_some() {
            // Nobody awaits the call any more.
            self.events.tell();
        }
    }
}
