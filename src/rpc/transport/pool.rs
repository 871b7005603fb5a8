//! The connections to the members of the cluster: opens, watches and replaces them.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::options::Options;
use crate::rpc::connection::{ClusterIdentity, Connection, Draining, End, Event, Opening, Waiters};
use crate::rpc::error::{OtherCluster, Unreachable, WrongServer};
use crate::rpc::telemetry;
use crate::rpc::transport::backoff;
use crate::rpc::transport::peer::Peer;
use crate::rpc::transport::stats::Stats;

pub struct Pool {
    state: Mutex<State>,
    pub(super) changed: Notify,
    /// Calls that wait for a stream.
    pub(super) waiters: Arc<Waiters>,
    cluster: Arc<ClusterIdentity>,
    estranged: AtomicBool,
    /// Notified when a member is lost, or cannot be connected to.
    loss: Arc<Notify>,
    pub(super) options: Options,
    max_stream_id: u32,
    stats: Arc<Stats>,
    this: Weak<Self>,
}

pub(super) struct State {
    pub peers: Vec<Peer>,
    /// The endpoints that the program gave.
    given: Vec<Endpoint>,
    /// The member that calls go to while it is healthy.
    pub current: usize,
    /// Whether any call has gone to it.
    settled: bool,
}

impl State {
    fn index_of(&self, endpoint: &Arc<Endpoint>) -> Option<usize> {
        self.peers.iter().position(|peer| Arc::ptr_eq(&peer.endpoint, endpoint))
    }

    fn peer(&mut self, endpoint: &Arc<Endpoint>) -> Option<&mut Peer> {
        self.index_of(endpoint).map(|index| &mut self.peers[index])
    }
}

/// How many connections are open, and how many streams they have in all.
pub struct Counts {
    pub connections: u64,
    pub streams: u64,
}

impl Pool {
    pub fn new(
        endpoints: Vec<Endpoint>,
        options: Options,
        stats: Arc<Stats>,
        max_stream_id: u32,
    ) -> Arc<Self> {
        let peers: Vec<_> = endpoints.iter().cloned().map(Peer::new).collect();
        let current = any_of(peers.len());
        Arc::new_cyclic(|this| Self {
            state: Mutex::new(State { peers, given: endpoints, current, settled: false }),
            changed: Notify::new(),
            waiters: Arc::default(),
            cluster: Arc::default(),
            estranged: AtomicBool::new(false),
            loss: Arc::default(),
            options,
            max_stream_id,
            stats,
            this: this.clone(),
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn endpoints(&self) -> Vec<Endpoint> {
        self.state().peers.iter().map(|peer| Endpoint::clone(&peer.endpoint)).collect()
    }

    pub fn has_several_peers(&self) -> bool {
        self.state().peers.len() > 1
    }

    /// Whether there is a healthy connection for a call right now.
    pub fn is_connected(&self) -> bool {
        let state = self.state();
        let current = state.peers.get(state.current);
        current.is_some_and(|peer| peer.healthy(tokio::time::Instant::now).next().is_some())
    }

    pub fn counts(&self) -> Counts {
        let all: Vec<_> = self.state().peers.iter().flat_map(Peer::all).collect();
        let streams: usize = all.iter().map(|connection| connection.open_streams()).sum();
        Counts { connections: all.len() as u64, streams: streams as u64 }
    }

    /// Notified when a member is lost, or cannot be connected to.
    pub fn loss(&self) -> Arc<Notify> {
        Arc::clone(&self.loss)
    }

    /// The endpoints that the program gave, whichever are in use.
    pub fn given_endpoints(&self) -> Vec<Endpoint> {
        self.state().given.clone()
    }

    /// Replaces the endpoints that the program gave, and the members with them.
    pub fn give_endpoints(&self, endpoints: Vec<Endpoint>) {
        self.state().given.clone_from(&endpoints);
        self.set_endpoints(endpoints);
    }

    /// Replaces the members. Connections to members that stay are kept. Other connections close
    /// when the calls in flight on them are done, and their watches move to other members.
    pub fn set_endpoints(&self, endpoints: Vec<Endpoint>) {
        let mut state = self.state();
        let current = state.peers.get(state.current).map(|peer| Arc::clone(&peer.endpoint));
        let mut old = std::mem::take(&mut state.peers);
        for endpoint in endpoints {
            let known = old.iter().position(|peer| *peer.endpoint == endpoint);
            let peer = known.map_or_else(|| Peer::new(endpoint), |index| old.swap_remove(index));
            state.peers.push(peer);
        }
        let kept = current.and_then(|current| state.index_of(&current));
        state.current = kept.unwrap_or_else(|| any_of(state.peers.len()));
        drop(state);
        for connection in old.iter().flat_map(Peer::all) {
            connection.retire();
        }
        self.changed.notify_waiters();
    }

    /// Why the members cannot be reached, for an error message.
    pub fn last_errors(&self) -> String {
        let state = self.state();
        let of = |peer: &Peer| {
            let error = peer.last_error.clone();
            error.unwrap_or_else(|| format!("{}: {}", peer.endpoint.name, peer.fault()))
        };
        state.peers.iter().map(of).collect::<Vec<_>>().join("; ")
    }

    pub(super) fn move_to(&self, state: &mut State, index: usize) {
        if state.settled && state.current != index {
            Stats::count(&self.stats.failovers);
            if let Some(from) = state.peers.get(state.current) {
                let to = state.peers[index].endpoint.name.clone();
                let (from, why) = (from.endpoint.name.clone(), from.fault());
                self.stats.report(format!("calls move from {from} to {to}: {why}"));
                self.stats.tell(|| telemetry::Event::CallsMoved { from, to, why });
            }
        }
        state.current = index;
        state.settled = true;
    }

    pub(super) fn dial(&self, state: &mut State, index: usize) {
        let peer = &mut state.peers[index];
        let Some(pool) = self.this.upgrade() else { return };
        peer.dialing = true;
        self.stats.debug(|| format!("connecting to {}", peer.endpoint.name));
        let opening = Opening {
            extra: peer.is_open(),
            attempts: peer.failures,
            ping_factor: peer.ping_factor,
            max_stream_id: self.max_stream_id,
            waiters: Arc::clone(&self.waiters),
            cluster: Arc::clone(&self.cluster),
        };
        let endpoint = Arc::clone(&peer.endpoint);
        tokio::spawn(async move { Dialing { pool, endpoint, over: false }.run(opening).await });
    }

    /// Connects to a member.
    async fn open(
        &self,
        endpoint: &Arc<Endpoint>,
        opening: Opening,
    ) -> Result<Arc<Connection>, Unreachable> {
        let weak = self.this.clone();
        let of = Arc::clone(endpoint);
        let events = move |event| {
            if let Some(pool) = weak.upgrade() {
                match event {
                    Event::Draining(draining) => pool.draining(&of, &draining),
                    Event::Closed(end) => pool.closed(&of, &end),
                }
            }
        };
        Connection::open(endpoint, &self.options, opening, events).await
    }

    fn opened(&self, endpoint: &Arc<Endpoint>, outcome: Result<Arc<Connection>, Unreachable>) {
        let mut state = self.state();
        if let Some(peer) = state.peer(endpoint) {
            match outcome {
                Ok(connection) => {
                    Stats::count(&self.stats.connects);
                    let again = peer.connected_before && peer.all().is_empty();
                    let name = &endpoint.name;
                    if again {
                        Stats::count(&self.stats.reconnects);
                        self.stats.report(format!("connected to {name} again"));
                    } else {
                        self.stats.debug(|| format!("connected to {name}"));
                    }
                    self.stats
                        .tell(|| telemetry::Event::Connected { endpoint: name.clone(), again });
                    peer.connected(connection);
                }
                Err(error) => {
                    let (name, why) = (&endpoint.name, &error.why);
                    self.stats.debug(|| format!("no connection to {why}"));
                    self.stats.tell(|| telemetry::Event::ConnectFailed {
                        endpoint: name.clone(),
                        why: why.clone(),
                    });
                    peer.failed(error);
                    self.loss.notify_one();
                }
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Replaces a connection that takes no new calls, if it is in use.
    fn draining(&self, endpoint: &Arc<Endpoint>, event: &Draining) {
        let mut state = self.state();
        if let Some(index) = state.index_of(endpoint) {
            let is_current = index == state.current;
            let peer = &mut state.peers[index];
            peer.drained(event);
            if event.too_many_pings {
                self.stats.report(format!("{} wants fewer pings", endpoint.name));
            }
            let in_use = is_current || !peer.all().is_empty();
            let now = tokio::time::Instant::now();
            if in_use && !event.unneeded && peer.may_be_dialed(now) {
                self.dial(&mut state, index);
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    fn closed(&self, endpoint: &Arc<Endpoint>, end: &End) {
        let mut state = self.state();
        if let Some(peer) = state.peer(endpoint) {
            peer.disconnected(end);
            if end.too_many_pings {
                self.stats.report(format!("{} wants fewer pings", endpoint.name));
            }
            let End { why, expected, .. } = end;
            if *expected {
                self.stats.debug(|| format!("closed the connection to {}: {why}", endpoint.name));
            } else {
                self.stats.report(format!("lost the connection to {}: {why}", endpoint.name));
                self.loss.notify_one();
            }
            self.stats.tell(|| telemetry::Event::Disconnected {
                endpoint: endpoint.name.clone(),
                why: why.clone(),
                expected: *expected,
            });
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Avoids a server that is not a member of the cluster. Returns whether any endpoint may still
    /// be one.
    pub fn refuse(&self, connection: &Connection, server: &WrongServer) -> bool {
        let mut state = self.state();
        if let Some(peer) = state.peer(connection.endpoint())
            && peer.refuse(server)
        {
            self.stats.report(server.message().to_owned());
        }
        let others = state.peers.iter().any(|peer| !peer.is_wrong());
        if state.peers.iter().all(|peer| peer.other_cluster().is_some()) {
            self.estranged.store(true, Ordering::Release);
        }
        drop(state);
        self.changed.notify_waiters();
        others
    }

    /// The other cluster, if all endpoints belong to another one.
    pub fn other_cluster(&self) -> Option<OtherCluster> {
        let state = self.state();
        let mut others = state.peers.iter().map(Peer::other_cluster);
        let first = others.next()??.clone();
        others.all(|other| other.is_some()).then_some(first)
    }

    /// Whether at some time all endpoints belonged to another cluster.
    pub fn is_estranged(&self) -> bool {
        self.estranged.load(Ordering::Acquire)
    }

    /// Accepts whichever cluster answers next as the right one.
    pub fn forget_cluster(&self) {
        self.cluster.forget();
        self.estranged.store(false, Ordering::Release);
    }

    /// Prefers other members for a while, because of how this one failed a call.
    pub fn shun(&self, connection: &Connection, why: &str, period: Duration) {
        if let Some(peer) = self.state().peer(connection.endpoint()) {
            peer.shun(why, period);
        }
    }
}

/// A random index, which spreads the clients over the members of the cluster.
fn any_of(count: usize) -> usize {
    let count = u64::try_from(count.max(1)).unwrap_or(1);
    usize::try_from(backoff::random() % count).unwrap_or(0)
}

/// An attempt to connect. Its outcome is reported to the pool even if the task panics.
struct Dialing {
    pool: Arc<Pool>,
    endpoint: Arc<Endpoint>,
    over: bool,
}

impl Dialing {
    async fn run(self, opening: Opening) {
        let pool = Arc::clone(&self.pool);
        let endpoint = Arc::clone(&self.endpoint);
        self.ends_as(pool.open(&endpoint, opening)).await;
    }

    async fn ends_as(
        mut self,
        connecting: impl Future<Output = Result<Arc<Connection>, Unreachable>>,
    ) {
        let outcome = connecting.await;
        self.over = true;
        self.pool.opened(&self.endpoint, outcome);
    }
}

impl Drop for Dialing {
    fn drop(&mut self) {
        if !self.over {
            let why = format!("{}: the attempt to connect broke off", self.endpoint.name);
            self.pool.opened(&self.endpoint, Err(why.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_that_panics_is_one_that_failed() {
        let endpoint = Endpoint::parse("127.0.0.1:1", false).unwrap();
        let pool = Pool::new(vec![endpoint], Options::default(), Arc::default(), u32::MAX);
        let endpoint = Arc::clone(&pool.state().peers[0].endpoint);
        pool.state().peers[0].dialing = true;
        let dialing = Dialing { pool: Arc::clone(&pool), endpoint, over: false };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let panics = dialing.ends_as(async { panic!("as the resolver does without threads") });
        assert!(runtime.block_on(async { tokio::spawn(panics).await }).is_err());
        assert!(!pool.state().peers[0].dialing);
        assert!(pool.last_errors().contains("broke off"), "{}", pool.last_errors());
    }
}
