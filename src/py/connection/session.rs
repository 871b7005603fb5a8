//! Transports shared by all communicators with the same endpoints and options.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use crate::bridge::{Engine, LINGER, Messenger, PerProcess};
use crate::py::support::log;
use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::options::Options;
use crate::rpc::transport::Transport;
use crate::rpc::transport::stats::Listening;

/// What makes two communicators use the same connections.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) options: Options,
}

struct Shared {
    target: Target,
    engine: Weak<Engine>,
    transport: Arc<Transport>,
    users: usize,
    unused_since: Instant,
    reaper: bool,
}

/// All that are open. One lock for the list and what is in it: it is never held for long.
static SHARED: PerProcess<Mutex<Vec<Shared>>> = PerProcess::new();

fn all() -> MutexGuard<'static, Vec<Shared>> {
    SHARED.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// The use of a transport. When the last one ends, the connections stay for a moment.
pub(crate) struct Session {
    pub(crate) engine: Arc<Engine>,
    pub(crate) transport: Arc<Transport>,
    _logging: Listening,
}

impl Session {
    /// The transport to `target` on this engine, made where there is none yet. What it reports
    /// is logged by the loop that `messenger` leads to, or by that of another user.
    pub(crate) fn open(engine: Arc<Engine>, target: &Target, messenger: Messenger) -> Self {
        let transport = Self::transport(&engine, target);
        let logging = log::attach(&transport.stats, messenger);
        Self { engine, transport, _logging: logging }
    }

    fn transport(engine: &Arc<Engine>, target: &Target) -> Arc<Transport> {
        let mut all = all();
        all.retain(|shared| shared.engine.strong_count() > 0);
        for shared in all.iter_mut() {
            if shared.target == *target && shared.engine.as_ptr() == Arc::as_ptr(engine) {
                shared.users += 1;
                return Arc::clone(&shared.transport);
            }
        }
        let transport = Transport::new(target.endpoints.clone(), target.options.clone());
        all.push(Shared {
            target: target.clone(),
            engine: Arc::downgrade(engine),
            transport: Arc::clone(&transport),
            users: 1,
            unused_since: Instant::now(),
            reaper: false,
        });
        transport
    }
}

impl Session {
    /// Goes on with other endpoints, as do all that share the transport. Whoever connects to
    /// the old ones from now on gets another transport.
    pub(crate) fn retarget(&self, target: &Target) {
        let mut all = all();
        let shared = all.iter_mut().find(|shared| Arc::ptr_eq(&shared.transport, &self.transport));
        if let Some(shared) = shared {
            shared.target = target.clone();
        }
        self.transport.pool.set_endpoints(target.endpoints.clone());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut all = all();
        let shared = all.iter_mut().find(|shared| Arc::ptr_eq(&shared.transport, &self.transport));
        let Some(shared) = shared else { return };
        shared.users -= 1;
        if shared.users > 0 {
            return;
        }
        shared.unused_since = Instant::now();
        if !shared.reaper {
            shared.reaper = true;
            self.engine.submit(reap(Arc::downgrade(&self.transport)));
        }
    }
}

/// Lets go of a transport once it has been unused for a while.
async fn reap(transport: Weak<Transport>) {
    loop {
        tokio::time::sleep(LINGER).await;
        let mut all = all();
        let position = all.iter().position(|shared| shared.transport_is(&transport));
        let Some(position) = position else { return };
        let shared = &mut all[position];
        if shared.users > 0 {
            shared.reaper = false;
            return;
        }
        if shared.unused_since.elapsed() >= LINGER {
            let unused = all.swap_remove(position);
            drop(all);
            drop(unused);
            return;
        }
    }
}

impl Shared {
    fn transport_is(&self, transport: &Weak<Transport>) -> bool {
        std::ptr::eq(Arc::as_ptr(&self.transport), transport.as_ptr())
    }
}
