//! A communicator's use of a shared transport, while its engine runs.

use std::sync::Arc;

use crate::bridge::{Engine, LINGER, Messenger, PerProcess};
use crate::py::support::log;
use crate::rpc::admin::member_sync::{MemberSync, follow_members};
use crate::rpc::transport::Transport;
use crate::rpc::transport::shared_transports::{SharedTransports, Target};
use crate::rpc::transport::stats::Listening;

static TRANSPORTS: PerProcess<SharedTransports<Engine>> = PerProcess::new();

/// When the last one of a transport ends, the connections stay open for a moment.
pub(crate) struct Session {
    pub(crate) engine: Arc<Engine>,
    pub(crate) transport: Arc<Transport>,
    _logging: Listening,
}

impl Session {
    /// The transport to `target` on this engine. Its reports are logged on the loop of `messenger`,
    /// or on that of another user of the transport.
    pub(crate) fn open(engine: Arc<Engine>, target: &Target, messenger: Messenger) -> Self {
        let transport = TRANSPORTS.get().take(&engine, target);
        let logging = log::attach(&transport.stats, messenger);
        if let Some(interval) = target.options.sync_interval
            && transport.service::<MemberSync>().starts()
        {
            engine.submit(follow_members(Arc::downgrade(&transport), interval));
        }
        Self { engine, transport, _logging: logging }
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
