//! The connections to the members of the cluster, and the choice between them.
//!
//! Calls stay with one healthy member. They move on at once when its connection breaks, when
//! it is silent, or when it says that it knows no leader, and come back to it when that is the
//! best there is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::options::Options;
use crate::rpc::connection::{Connection, End};
use crate::rpc::error::Unreachable;
use crate::rpc::transport::backoff;
use crate::rpc::transport::peer::{LinkState, Peer};
use crate::rpc::transport::stats::Stats;

/// How long one peer may take to accept a connection before the next is tried as well.
const STAGGER: Duration = Duration::from_millis(200);
/// How long to wait where nothing is known that would happen earlier.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

pub struct Pool {
    state: Mutex<State>,
    changed: Notify,
    options: Options,
    stats: Arc<Stats>,
    this: Weak<Self>,
}

struct State {
    peers: Vec<Peer>,
    /// Where calls go while nothing speaks against it.
    current: usize,
    /// Whether any call has gone there.
    settled: bool,
}

impl State {
    fn peer(&mut self, endpoint: &Arc<Endpoint>) -> Option<&mut Peer> {
        self.peers.iter_mut().find(|peer| Arc::ptr_eq(&peer.endpoint, endpoint))
    }

    fn peer_with(&mut self, connection: &Arc<Connection>) -> Option<&mut Peer> {
        self.peers
            .iter_mut()
            .find(|peer| peer.open().is_some_and(|open| Arc::ptr_eq(open, connection)))
    }
}

/// What to do when no healthy connection is at hand.
enum Plan {
    Use(Arc<Connection>),
    /// Wait for a change, or until then.
    Wait(Instant),
}

/// Which connection a call had better not use.
#[derive(Clone, Copy)]
pub enum Avoid<'a> {
    Nothing,
    /// Unless there is no other.
    IfPossible(&'a Arc<Connection>),
    Always(&'a Arc<Connection>),
}

impl Avoid<'_> {
    fn allows(self, connection: &Arc<Connection>) -> bool {
        match self {
            Self::Nothing => true,
            Self::IfPossible(other) | Self::Always(other) => !Arc::ptr_eq(other, connection),
        }
    }
}

impl Pool {
    pub fn new(endpoints: Vec<Endpoint>, options: Options, stats: Arc<Stats>) -> Arc<Self> {
        let peers: Vec<_> = endpoints.into_iter().map(Peer::new).collect();
        // Spreads the clients of a cluster over its peers.
        let count = u64::try_from(peers.len().max(1)).unwrap_or(1);
        let current = usize::try_from(backoff::random() % count).unwrap_or(0);
        Arc::new_cyclic(|this| Self {
            state: Mutex::new(State { peers, current, settled: false }),
            changed: Notify::new(),
            options,
            stats,
            this: this.clone(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn endpoints(&self) -> Vec<Endpoint> {
        self.state().peers.iter().map(|peer| Endpoint::clone(&peer.endpoint)).collect()
    }

    pub fn has_several_peers(&self) -> bool {
        self.state().peers.len() > 1
    }

    /// Replaces the peers. Connections to those that stay are kept; those to the others end
    /// with the calls that are under way on them, and their watches move.
    pub fn set_endpoints(&self, endpoints: Vec<Endpoint>) {
        let mut state = self.state();
        let current = state.peers.get(state.current).map(|peer| Arc::clone(&peer.endpoint));
        let mut old = std::mem::take(&mut state.peers);
        for endpoint in endpoints {
            let known = old.iter().position(|peer| *peer.endpoint == endpoint);
            let peer = known.map_or_else(|| Peer::new(endpoint), |index| old.swap_remove(index));
            state.peers.push(peer);
        }
        let kept = current.and_then(|current| {
            state.peers.iter().position(|peer| Arc::ptr_eq(&peer.endpoint, &current))
        });
        state.current = kept.unwrap_or(0);
        drop(state);
        for connection in old.iter().filter_map(Peer::open) {
            connection.retire();
        }
        self.changed.notify_waiters();
    }

    /// Why the peers cannot be reached, for an error message.
    pub fn last_errors(&self) -> String {
        let state = self.state();
        let of = |peer: &Peer| {
            let error = peer.last_error.clone();
            error.unwrap_or_else(|| format!("{}: {}", peer.endpoint.name, peer.fault()))
        };
        state.peers.iter().map(of).collect::<Vec<_>>().join("; ")
    }

    /// The connection to use for a call. Waits until there is one, whatever that takes: the
    /// caller has the deadline. Fails only where no peer can be connected to before somebody
    /// changes a certificate.
    pub async fn pick(&self, avoid: Avoid<'_>) -> Result<Arc<Connection>, String> {
        if let Some(connection) = self.current().filter(|current| avoid.allows(current)) {
            return Ok(connection);
        }
        let since = Instant::now();
        let mut stagger_from = since;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            match self.plan(avoid, &mut stagger_from) {
                Plan::Use(connection) => return Ok(connection),
                Plan::Wait(_) if self.is_refused_since(since) => return Err(self.last_errors()),
                Plan::Wait(until) => {
                    tokio::select! {
                        () = changed => {}
                        () = sleep_until(until) => {}
                    }
                }
            }
        }
    }

    fn is_refused_since(&self, since: Instant) -> bool {
        self.state().peers.iter().all(|peer| peer.is_refused_since(since))
    }

    /// The connection that calls go to, if it is healthy.
    pub fn current(&self) -> Option<Arc<Connection>> {
        let state = self.state();
        state.peers.get(state.current)?.healthy(Instant::now).cloned()
    }

    /// A healthy peer; else another that can be connected to; else the best that is open.
    fn plan(&self, avoid: Avoid<'_>, stagger_from: &mut Instant) -> Plan {
        let now = Instant::now();
        let mut state = self.state();
        let count = state.peers.len();
        let order: Vec<usize> = (0..count).map(|offset| (state.current + offset) % count).collect();
        for &index in &order {
            let healthy = state.peers[index].healthy(|| now).filter(|link| avoid.allows(link));
            if let Some(connection) = healthy.cloned() {
                self.move_to(&mut state, index);
                return Plan::Use(connection);
            }
        }
        let dialing =
            order.iter().any(|&index| matches!(state.peers[index].link, LinkState::Dialing));
        let next = order.iter().find(|&&index| state.peers[index].may_be_dialed(now)).copied();
        let patient_until = *stagger_from + STAGGER;
        match next {
            Some(index) if !dialing || now >= patient_until => {
                *stagger_from = now;
                self.dial(&mut state, index);
                return Plan::Wait(now + STAGGER);
            }
            // After that a suspect is the better choice than a peer that does not accept.
            _ if dialing && now < patient_until => return Plan::Wait(patient_until),
            _ => {}
        }
        let open = || order.iter().filter_map(|&index| state.peers[index].open());
        let preferred = open().find(|connection| avoid.allows(connection));
        match (preferred, avoid) {
            (Some(connection), _) => return Plan::Use(Arc::clone(connection)),
            (None, Avoid::IfPossible(_)) => {
                if let Some(connection) = open().next() {
                    return Plan::Use(Arc::clone(connection));
                }
            }
            (None, Avoid::Nothing | Avoid::Always(_)) => {}
        }
        let retry = state.peers.iter().filter_map(Peer::dialed_next).min();
        Plan::Wait(retry.unwrap_or(now + LONGEST_WAIT).max(now))
    }

    fn move_to(&self, state: &mut State, index: usize) {
        if state.settled && state.current != index {
            Stats::count(&self.stats.failovers);
            if let Some(from) = state.peers.get(state.current) {
                let to = &state.peers[index].endpoint.name;
                let why = from.fault();
                self.stats.report(format!("calls move from {} to {to}: {why}", from.endpoint.name));
            }
        }
        state.current = index;
        state.settled = true;
    }

    fn dial(&self, state: &mut State, index: usize) {
        let peer = &mut state.peers[index];
        peer.link = LinkState::Dialing;
        let Some(pool) = self.this.upgrade() else { return };
        tokio::spawn(pool.open(Arc::clone(&peer.endpoint)));
    }

    /// Connects to a peer and notes what came of it.
    async fn open(self: Arc<Self>, endpoint: Arc<Endpoint>) {
        let weak = self.this.clone();
        let of = Arc::clone(&endpoint);
        let closed = move |end| {
            if let Some(pool) = weak.upgrade() {
                pool.closed(&of, &end);
            }
        };
        let outcome = Connection::open(&endpoint, &self.options, closed).await;
        self.opened(&endpoint, outcome);
    }

    fn opened(&self, endpoint: &Arc<Endpoint>, outcome: Result<Arc<Connection>, Unreachable>) {
        let mut state = self.state();
        if let Some(peer) = state.peer(endpoint) {
            match outcome {
                Ok(connection) => {
                    Stats::count(&self.stats.connects);
                    if peer.connected_before {
                        Stats::count(&self.stats.reconnects);
                        self.stats.report(format!("connected to {} again", endpoint.name));
                    }
                    peer.connected(connection);
                }
                Err(error) => peer.failed(error),
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    fn closed(&self, endpoint: &Arc<Endpoint>, end: &End) {
        let mut state = self.state();
        if let Some(peer) = state.peer(endpoint) {
            peer.disconnected(end);
            if !end.expected {
                self.stats.report(format!("lost the connection to {}: {}", endpoint.name, end.why));
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Has others preferred to a peer for a while, because of what it did to a call.
    pub fn shun(&self, connection: &Arc<Connection>, why: &str, period: Duration) {
        if let Some(peer) = self.state().peer_with(connection) {
            peer.shun(why, period);
        }
    }

    /// Connects for the first time; fails once every peer has failed.
    pub async fn connect(&self) -> Result<Arc<Connection>, String> {
        let since = Instant::now();
        let picking = self.pick(Avoid::Nothing);
        tokio::pin!(picking);
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.state().peers.iter().all(|peer| peer.has_failed_since(since)) {
                return Err(self.last_errors());
            }
            tokio::select! {
                biased;
                picked = &mut picking => return picked,
                () = changed => {}
            }
        }
    }

    /// The connection to one peer; opened for this where the endpoint is not one of the pool's.
    pub async fn connection_to(&self, endpoint: &Endpoint) -> Result<Arc<Connection>, String> {
        let since = Instant::now();
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut state = self.state();
                let known =
                    state.peers.iter().position(|peer| peer.endpoint.is_same_place(endpoint));
                let Some(index) = known else { break };
                let peer = &state.peers[index];
                if let Some(connection) = peer.open() {
                    return Ok(Arc::clone(connection));
                }
                if peer.has_failed_since(since) {
                    return Err(peer.fault());
                }
                // Who asks for this very peer does not want to wait for the pause to end.
                if !matches!(peer.link, LinkState::Dialing) {
                    self.dial(&mut state, index);
                }
            }
            changed.await;
        }
        Connection::open(endpoint, &self.options, |_| {}).await.map_err(|error| error.why)
    }
}
