//! Tells the hooks of one communicator what has happened, on its loop's thread.

use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;

use crate::bridge::{Messenger, call, call_method, import, or_exception};
use crate::py::telemetry::events::to_python;
use crate::py::telemetry::hooks::Hooks;
use crate::py::telemetry::source::StatsSource;
use crate::rpc::telemetry::caller::Caller;
use crate::rpc::telemetry::{Event, Listening, Mailbox};

pub(crate) struct Dispatcher {
    /// A `Dispatcher` of the Python package.
    object: Py<PyAny>,
    /// Whether there is a hook for the context of calls.
    keeps_contexts: bool,
}

impl Dispatcher {
    pub(crate) fn new(py: Python<'_>, hooks: &Hooks) -> PyResult<Self> {
        let class = import(py, "etcd_client.telemetry._dispatcher")?.getattr("Dispatcher")?;
        let object = call(&class, (hooks.object(),), None)?;
        let keeps_contexts = object.getattr("keeps_contexts")?.is_truthy()?;
        Ok(Self { object: object.unbind(), keeps_contexts })
    }

    /// The `Dispatcher` of the Python package.
    pub(crate) fn object(&self, py: Python<'_>) -> Py<PyAny> {
        self.object.clone_ref(py)
    }

    /// Says where to ask what the communicator has open.
    pub(crate) fn attach(&self, py: Python<'_>, source: StatsSource) -> PyResult<()> {
        let attach = self.object.getattr(py, intern!(py, "attach"))?;
        call(attach.bind(py), (source,), None).map(drop)
    }

    /// Tells the events of a transport on the thread of an event loop, while the result lives and
    /// the loop exists.
    pub(crate) fn listen(
        self: &Arc<Self>,
        events: &Arc<Mailbox<Vec<Event>>>,
        messenger: Messenger,
    ) -> Listening<Vec<Event>> {
        // Weak, because the transport owns its listeners, and the engine no Python objects.
        let (mailbox, this) = (Arc::downgrade(events), Arc::downgrade(self));
        events.listen(move || {
            let (mailbox, this) = (mailbox.clone(), this.clone());
            messenger.send(move |py| {
                let (Some(mailbox), Some(this)) = (mailbox.upgrade(), this.upgrade()) else {
                    return;
                };
                this.tell(py, mailbox.take());
            })
        })
    }

    pub(crate) fn tell(&self, py: Python<'_>, events: Vec<Event>) {
        for event in events {
            let told = or_exception(|| {
                let (hook, arguments) = to_python(py, event)?;
                let tell = self.object.getattr(py, intern!(py, "tell"))?;
                call(tell.bind(py), (hook, arguments), None)
            });
            if let Err(error) = told {
                error.write_unraisable(py, None);
            }
        }
    }

    /// The call that begins now. Keeps the running context for its RPCs, if there is a hook for
    /// that.
    pub(crate) fn caller(
        &self,
        py: Python<'_>,
        events: &Arc<Mailbox<Vec<Event>>>,
    ) -> PyResult<Caller> {
        let number = if self.keeps_contexts {
            Some(call_method(intern!(py, "enter"), [self.object.bind(py)])?.extract()?)
        } else {
            None
        };
        Ok(Caller::new(number, events))
    }
}
