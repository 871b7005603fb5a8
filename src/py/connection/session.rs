//! The use of a shared transport by a communicator, for as long as its engine runs.

use std::sync::Arc;

use crate::bridge::{Engine, LINGER, Messenger, PerProcess};
use crate::py::support::log;
use crate::rpc::transport::Transport;
use crate::rpc::transport::shared_transports::{SharedTransports, Target};
use crate::rpc::transport::stats::Listening;

static TRANSPORTS: PerProcess<SharedTransports<Engine>> = PerProcess::new();

/// When the last one of a transport ends, the connections stay for a moment.
pub(crate) struct Session {
    pub(crate) engine: Arc<Engine>,
    pub(crate) transport: Arc<Transport>,
    _logging: Listening,
}

impl Session {
    /// The transport to `target` on this engine. What it reports is logged by the loop that
    /// `messenger` leads to, or by that of another user.
    pub(crate) fn open(engine: Arc<Engine>, target: &Target, messenger: Messenger) -> Self {
        let transport = TRANSPORTS.get().take(&engine, target);
        let logging = log::attach(&transport.stats, messenger);
        Self { engine, transport, _logging: logging }
    }

    /// Goes on with other endpoints.
    pub(crate) fn retarget(&self, target: &Target) {
        TRANSPORTS.get().retarget(&self.transport, target);
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
