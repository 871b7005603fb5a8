//! Transports that are shared by all clients with the same endpoints and options.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::options::Options;
use crate::rpc::transport::open::Transport;

/// Two clients with equal targets share a transport.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    pub endpoints: Vec<Endpoint>,
    pub options: Options,
}

/// All open transports, each on a runtime of type `R`.
pub struct SharedTransports<R> {
    /// One lock for the list and its entries; it is only held briefly.
    open: Mutex<Vec<Entry<R>>>,
}

struct Entry<R> {
    target: Target,
    runtime: Weak<R>,
    transport: Arc<Transport>,
    users: usize,
    unused_since: Instant,
    /// Whether `close_unused` is running for it.
    closing: bool,
}

impl<R> Default for SharedTransports<R> {
    fn default() -> Self {
        Self { open: Mutex::default() }
    }
}

impl<R> SharedTransports<R> {
    fn open(&self) -> MutexGuard<'_, Vec<Entry<R>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The transport to `target` on this runtime, created if there is none. The caller has to pass
    /// it to `give_back` when it is done.
    pub fn take(&self, runtime: &Arc<R>, target: &Target) -> Arc<Transport> {
        let mut open = self.open();
        open.retain(|entry| entry.runtime.strong_count() > 0);
        for entry in open.iter_mut() {
            let fits = entry.target == *target && entry.runtime.as_ptr() == Arc::as_ptr(runtime);
            // After all members have been replaced by another cluster, new clients connect to that
            // one.
            if fits && !entry.transport.pool.is_estranged() {
                entry.users += 1;
                return Arc::clone(&entry.transport);
            }
        }
        let transport = Transport::new(target.endpoints.clone(), target.options.clone());
        open.push(Entry {
            target: target.clone(),
            runtime: Arc::downgrade(runtime),
            transport: Arc::clone(&transport),
            users: 1,
            unused_since: Instant::now(),
            closing: false,
        });
        transport
    }

    /// Switches a transport to other endpoints. If it has other users, does nothing and returns
    /// false.
    #[must_use]
    pub fn retarget(&self, transport: &Arc<Transport>, target: &Target) -> bool {
        let mut open = self.open();
        if let Some(entry) = open.iter_mut().find(|entry| entry.holds(transport)) {
            if entry.users > 1 {
                return false;
            }
            entry.target = target.clone();
        }
        transport.pool.forget_cluster();
        transport.pool.give_endpoints(target.endpoints.clone());
        true
    }

    /// Ends the use of a transport. Returns whether the caller has to run `close_unused` for it.
    pub fn give_back(&self, transport: &Arc<Transport>) -> bool {
        let mut open = self.open();
        let Some(entry) = open.iter_mut().find(|entry| entry.holds(transport)) else {
            return false;
        };
        entry.users -= 1;
        if entry.users > 0 {
            return false;
        }
        entry.unused_since = Instant::now();
        !std::mem::replace(&mut entry.closing, true)
    }

    /// Closes a transport once it has been unused for `linger`.
    pub async fn close_unused(&self, transport: Weak<Transport>, linger: Duration) {
        loop {
            tokio::time::sleep(linger).await;
            let mut open = self.open();
            let position = open
                .iter()
                .position(|entry| std::ptr::eq(Arc::as_ptr(&entry.transport), transport.as_ptr()));
            let Some(position) = position else { return };
            let entry = &mut open[position];
            if entry.users > 0 {
                entry.closing = false;
                return;
            }
            if entry.unused_since.elapsed() >= linger {
                let unused = open.swap_remove(position);
                drop(open);
                drop(unused);
                return;
            }
        }
    }
}

impl<R> Entry<R> {
    fn holds(&self, transport: &Arc<Transport>) -> bool {
        Arc::ptr_eq(&self.transport, transport)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(endpoint: &str) -> Target {
        let endpoints = vec![Endpoint::parse(endpoint, false).unwrap()];
        Target { endpoints, options: Options::default() }
    }

    #[test]
    fn equal_targets_share_a_transport_on_one_runtime() {
        let transports = SharedTransports::default();
        let (runtime, other) = (Arc::new(1), Arc::new(2));
        let first = transports.take(&runtime, &target("a:1"));
        assert!(Arc::ptr_eq(&first, &transports.take(&runtime, &target("a:1"))));
        assert!(!Arc::ptr_eq(&first, &transports.take(&runtime, &target("b:1"))));
        assert!(!Arc::ptr_eq(&first, &transports.take(&other, &target("a:1"))));
    }

    #[test]
    fn a_transport_follows_its_only_user_to_other_endpoints() {
        let transports = SharedTransports::default();
        let runtime = Arc::new(());
        let transport = transports.take(&runtime, &target("a:1"));
        let shared = transports.take(&runtime, &target("a:1"));
        assert!(!transports.retarget(&transport, &target("b:1")));
        assert_eq!(transport.pool.endpoints(), target("a:1").endpoints);
        transports.give_back(&shared);
        assert!(transports.retarget(&transport, &target("b:1")));
        assert_eq!(transport.pool.endpoints(), target("b:1").endpoints);
        assert!(!Arc::ptr_eq(&transport, &transports.take(&runtime, &target("a:1"))));
    }

    #[test]
    fn an_unused_transport_is_closed_unless_it_is_taken_again() {
        let transports = SharedTransports::default();
        let runtime = Arc::new(());
        let transport = transports.take(&runtime, &target("a:1"));
        assert!(transports.give_back(&transport));
        let again = transports.take(&runtime, &target("a:1"));
        assert!(Arc::ptr_eq(&transport, &again));
        let close = |transport: &Arc<Transport>| {
            let closing = transports.close_unused(Arc::downgrade(transport), Duration::ZERO);
            let builder = tokio::runtime::Builder::new_current_thread().enable_time().build();
            builder.unwrap().block_on(closing);
        };
        close(&transport);
        assert!(Arc::ptr_eq(&transport, &transports.take(&runtime, &target("a:1"))));
        assert!(!transports.give_back(&transport));
        assert!(transports.give_back(&transport));
        close(&transport);
        assert!(!Arc::ptr_eq(&transport, &transports.take(&runtime, &target("a:1"))));
    }
}
