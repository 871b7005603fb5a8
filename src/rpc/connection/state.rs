//! The state that the users of a connection share with the task that runs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::rpc::connection::cluster_identity::ClusterIdentity;
use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::health::Health;
use crate::rpc::connection::resets::Resets;
use crate::rpc::connection::slots::Slots;
use crate::rpc::error::grpc_status::INTERNAL;
use crate::rpc::error::{Failure, GrpcStatus, OtherCluster, WrongServer};
use crate::rpc::wire::fields::cluster_id;
use crate::rpc::wire::method::Share;

/// What happens to a connection, reported to its owner.
pub enum Event {
    /// It takes no new streams; the open ones continue.
    Draining(Draining),
    /// It is closed.
    Closed(End),
}

pub struct Draining {
    pub why: String,
    /// Whether the server has complained about too many pings; reported once per connection.
    pub too_many_pings: bool,
    /// Whether the connection was given up because it was not needed.
    pub unneeded: bool,
    /// Whether the server has ever answered on it.
    pub useful: bool,
}

/// How a connection ended.
pub struct End {
    pub why: String,
    /// Whether the server has ever answered on it.
    pub useful: bool,
    /// Whether it was closed because nobody used it any more.
    pub expected: bool,
    pub too_many_pings: bool,
}

pub struct State {
    pub health: Health,
    pub slots: Slots,
    pub resets: Resets,
    endpoint: Arc<Endpoint>,
    cluster: Arc<ClusterIdentity>,
    /// Whether the member belongs to the cluster, or does not give its cluster.
    verified: AtomicBool,
    events: Box<dyn Fn(Event) + Send + Sync>,
}

impl State {
    pub fn new(
        endpoint: &Arc<Endpoint>,
        slots: Slots,
        cluster: Arc<ClusterIdentity>,
        events: impl Fn(Event) + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            health: Health::default(),
            slots,
            resets: Resets::default(),
            endpoint: Arc::clone(endpoint),
            cluster,
            verified: AtomicBool::new(false),
            events: Box::new(events),
        })
    }

    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// Whether the member has yet to be checked to belong to the cluster.
    pub fn is_to_be_verified(&self) -> bool {
        !self.verified.load(Ordering::Acquire) && self.cluster.is_known()
    }

    pub fn set_verified(&self) {
        self.verified.store(true, Ordering::Release);
    }

    /// Checks that a response is well-formed and comes from the cluster.
    pub fn check(&self, rpc: &'static str, response: &[u8]) -> Result<(), Failure> {
        let endpoint = &self.endpoint.name;
        let Ok(cluster_id) = cluster_id(response) else {
            let status = GrpcStatus::new(INTERNAL, "the server sent a malformed response");
            return Err(Failure::not_etcd(status, false).of(rpc, endpoint));
        };
        let Some(cluster_id) = cluster_id else { return Ok(()) };
        self.cluster.check(cluster_id).map_err(|expected| {
            let other = OtherCluster::new(endpoint, cluster_id, expected);
            Failure::WrongServer { server: WrongServer::OtherCluster(other), unsent: false }
        })?;
        self.set_verified();
        Ok(())
    }

    /// Takes no new calls from now on.
    pub fn drain(&self, why: impl Into<String>, too_many_pings: bool) {
        self.drain_as(why.into(), too_many_pings, false);
    }

    /// Takes no new calls from now on, because the other connections have room for them.
    pub fn give_up(&self) {
        self.drain_as("it is not needed any more".into(), false, true);
    }

    fn drain_as(&self, why: String, too_many_pings: bool, unneeded: bool) {
        if self.slots.drain() {
            let too_many_pings = too_many_pings && self.health.first_told_of_pings();
            let useful = self.health.is_useful();
            (self.events)(Event::Draining(Draining { why, too_many_pings, unneeded, useful }));
        }
    }

    /// Notes that the connection is closed.
    pub fn close(&self, why: String, too_many_pings: bool) {
        self.health.set_closed();
        (self.events)(Event::Closed(End {
            why,
            useful: self.health.is_useful(),
            expected: self.health.is_abandoned(),
            too_many_pings: too_many_pings && self.health.first_told_of_pings(),
        }));
    }
}

/// A stream of a connection that is taken; dropping it gives the stream back.
pub struct StreamSlot {
    state: Arc<State>,
    share: Share,
}

impl StreamSlot {
    /// Takes a stream if the connection has one for this purpose.
    pub fn take(state: &Arc<State>, share: Share) -> Option<Self> {
        state.slots.take(share).then(|| Self { state: Arc::clone(state), share })
    }

    /// Takes a stream beyond the limit; HTTP/2 may queue the request until one is free.
    pub fn force(state: &Arc<State>, share: Share) -> Self {
        state.slots.force(share);
        Self { state: Arc::clone(state), share }
    }

    pub fn state(&self) -> &State {
        &self.state
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        self.state.slots.give_back(self.share);
    }
}
