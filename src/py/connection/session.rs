//! A communicator's use of a shared transport, while its engine runs.

use std::sync::Arc;

use pyo3::prelude::*;

use crate::bridge::{Engine, LINGER, Messenger, PerProcess};
use crate::py::support::log;
use crate::py::telemetry::dispatcher::Dispatcher;
use crate::rpc::admin::member_sync::{MemberSync, follow_members};
use crate::rpc::telemetry::caller::Caller;
use crate::rpc::telemetry::{Event, Listening, Reports};
use crate::rpc::transport::Transport;
use crate::rpc::transport::shared_transports::{SharedTransports, Target};

static TRANSPORTS: PerProcess<SharedTransports<Engine>> = PerProcess::new();

/// When the last one of a transport ends, the connections stay open for a moment.
pub(crate) struct Session {
    pub(crate) engine: Arc<Engine>,
    pub(crate) transport: Arc<Transport>,
    pub(crate) hooks: Option<Arc<Dispatcher>>,
    _logging: Listening<Reports>,
    _telling: Option<Listening<Vec<Event>>>,
}

impl Session {
    /// The transport to `target` on this engine. Its reports are logged on the loop of `messenger`,
    /// or on that of another user of the transport, and its events are told there to the hooks.
    pub(crate) fn open(
        engine: Arc<Engine>,
        target: &Target,
        messenger: Messenger,
        hooks: Option<Arc<Dispatcher>>,
    ) -> Self {
        let transport = TRANSPORTS.get().take(&engine, target);
        let told = hooks.as_ref().zip(transport.stats.events.as_ref());
        let telling = told.map(|(hooks, events)| hooks.listen(events, messenger.clone()));
        let logging = log::attach(&transport.stats, messenger);
        if let Some(interval) = target.options.sync_interval
            && transport.service::<MemberSync>().starts()
        {
            engine.submit(follow_members(Arc::downgrade(&transport), interval));
        }
        Self { engine, transport, hooks, _logging: logging, _telling: telling }
    }

    /// The call that begins now, for hooks; `None` if there are none.
    pub(crate) fn caller(&self, py: Python<'_>) -> PyResult<Option<Caller>> {
        match (&self.hooks, &self.transport.stats.events) {
            (Some(hooks), Some(events)) => hooks.caller(py, events).map(Some),
            _ => Ok(None),
        }
    }

    /// Switches to other endpoints; false where others use the same transport.
    #[must_use]
    pub(crate) fn retarget(&self, target: &Target) -> bool {
        TRANSPORTS.get().retarget(&self.transport, target)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let transports = TRANSPORTS.get();
        if transports.give_back(&self.transport) {
            let unused = Arc::downgrade(&self.transport);
            self.engine.submit(transports.close_unused(unused, LINGER));
        }
    }
}
