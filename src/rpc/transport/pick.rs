//! Chooses the connection for a call.
//!
//! Calls stay with one healthy member. They fail over at once when its connection breaks, when it
//! is silent, or when it reports that it has no leader. They return to it if it is the best one
//! that is left. If its connection has no stream left, another connection to it is opened.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::{Connection, Opening};
use crate::rpc::transport::peer::{Peer, Reserved, reserve};
use crate::rpc::transport::pool::{Pool, State};
use crate::rpc::wire::method::Share;

/// How long one member may take to accept a connection before the next one is tried as well.
const STAGGER: Duration = Duration::from_millis(200);
/// How long the first connection is tried if every server hangs up at once. It may be a proxy whose
/// server is restarting, or no etcd at all.
const DOUBT_AFTER: Duration = Duration::from_secs(1);
/// How long to wait if nothing is known to happen earlier.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What to do for a call.
enum Plan {
    Use(Reserved),
    /// Wait for a change, at most until then.
    Wait(Instant),
}

/// Which connection a call should avoid.
#[derive(Clone, Copy)]
pub enum Avoid<'a> {
    Nothing,
    /// Unless there is no connection to another member, and no newer one to this member.
    IfPossible(&'a Arc<Connection>),
    /// All connections to the member of this connection.
    Always(&'a Arc<Connection>),
}

impl Avoid<'_> {
    /// Whether the connection to avoid is to that endpoint.
    fn is_to(self, endpoint: &Arc<Endpoint>) -> bool {
        match self {
            Self::Nothing => false,
            Self::IfPossible(other) | Self::Always(other) => {
                Arc::ptr_eq(other.endpoint(), endpoint)
            }
        }
    }

    fn allows(self, connection: &Arc<Connection>) -> bool {
        match self {
            Self::Nothing => true,
            Self::IfPossible(other) => {
                !self.is_to(connection.endpoint()) || connection.is_newer_than(other)
            }
            Self::Always(_) => !self.is_to(connection.endpoint()),
        }
    }
}

impl Pool {
    /// The connection for a call, with a stream that is taken on it. Waits as long as necessary:
    /// the caller applies the deadline. Fails only if no member can be reached until somebody fixes
    /// the configuration, such as a certificate; or, unless it is to wait for a member, if none can
    /// be reached now.
    pub async fn pick(
        &self,
        avoid: Avoid<'_>,
        share: Share,
        wait_for_ready: bool,
    ) -> Result<Reserved, String> {
        if let Some(reserved) = self.at_hand(avoid, share) {
            return Ok(reserved);
        }
        let since = Instant::now();
        let mut stagger_from = since;
        let mut waiting = None;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let freed = waiting.get_or_insert_with(|| self.waiters.enter(share)).freed();
            tokio::pin!(freed);
            freed.as_mut().enable();
            match self.plan(avoid, share, &mut stagger_from) {
                Plan::Use(reserved) => return Ok(reserved),
                Plan::Wait(_) if self.is_refused_since(since) => return Err(self.last_errors()),
                Plan::Wait(_) if !wait_for_ready && self.is_down_since(since) => {
                    return Err(self.last_errors());
                }
                Plan::Wait(until) => {
                    tokio::select! {
                        () = changed => {}
                        () = freed => {}
                        () = sleep_until(until) => {}
                    }
                }
            }
        }
    }

    /// A healthy connection to the current member, unless other calls already wait for a stream.
    fn at_hand(&self, avoid: Avoid<'_>, share: Share) -> Option<Reserved> {
        if self.waiters.any(share) {
            return None;
        }
        let state = self.state();
        let healthy = state.peers.get(state.current)?.healthy(Instant::now);
        reserve(healthy.filter(|connection| avoid.allows(connection)), share)
    }

    fn is_refused_since(&self, since: Instant) -> bool {
        self.state().peers.iter().all(|peer| peer.is_refused_since(since))
    }

    fn is_down_since(&self, since: Instant) -> bool {
        self.state().peers.iter().all(|peer| peer.is_down_since(since))
    }

    /// Uses a healthy member; otherwise dials another one; otherwise uses any open connection.
    fn plan(&self, avoid: Avoid<'_>, share: Share, stagger_from: &mut Instant) -> Plan {
        let now = Instant::now();
        let mut state = self.state();
        let count = state.peers.len();
        let mut order: Vec<usize> =
            (0..count).map(|offset| (state.current + offset) % count).collect();
        // The member to avoid comes last: if it breaks every connection, others must still get
        // calls.
        order.sort_by_key(|&index| avoid.is_to(&state.peers[index].endpoint));
        match self.use_healthy(&mut state, &order, avoid, share, now) {
            Found::Room(reserved) => return Plan::Use(reserved),
            Found::Full => return Plan::Wait(now + LONGEST_WAIT),
            Found::Nobody => {}
        }
        let dialing = order.iter().any(|&index| {
            let peer = &state.peers[index];
            peer.dialing && !peer.is_open()
        });
        let next = order.iter().find(|&&index| state.peers[index].may_be_dialed(now)).copied();
        let patient_until = *stagger_from + STAGGER;
        match next {
            Some(index) if !dialing || now >= patient_until => {
                *stagger_from = now;
                self.dial(&mut state, index);
                return Plan::Wait(now + STAGGER);
            }
            // By then a suspect connection is a better choice than a member that does not accept
            // one.
            _ if dialing && now < patient_until => return Plan::Wait(patient_until),
            _ => {}
        }
        let open = || order.iter().flat_map(|&index| state.peers[index].open());
        let mut reserved = reserve(open().filter(|connection| avoid.allows(connection)), share);
        if let Avoid::IfPossible(_) = avoid {
            reserved = reserved.or_else(|| reserve(open(), share));
        }
        if let Some(reserved) = reserved {
            return Plan::Use(reserved);
        }
        let retry = state.peers.iter().filter_map(Peer::dialed_next).min();
        Plan::Wait(retry.unwrap_or(now + LONGEST_WAIT).max(now))
    }

    /// Takes a stream on the first healthy member. If it has none left, another connection to it is
    /// opened, and the next members are used in the meantime.
    fn use_healthy(
        &self,
        state: &mut State,
        order: &[usize],
        avoid: Avoid<'_>,
        share: Share,
        now: Instant,
    ) -> Found {
        let mut full = None;
        for &index in order {
            let healthy = || state.peers[index].healthy(|| now).filter(|one| avoid.allows(one));
            if let Some(reserved) = reserve(healthy(), share) {
                if full.is_none() {
                    self.move_to(state, index);
                }
                return Found::Room(reserved);
            }
            if healthy().next().is_some() && full.is_none() {
                full = Some(index);
                if state.peers[index].may_grow(now) {
                    self.dial(state, index);
                }
            }
        }
        if full.is_some() { Found::Full } else { Found::Nobody }
    }

    /// Connects for the first time. Fails if no member is likely to become reachable soon.
    pub async fn connect(&self) -> Result<Reserved, String> {
        let since = Instant::now();
        let picking = self.pick(Avoid::Nothing, Share::Call, true);
        tokio::pin!(picking);
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if since.elapsed() >= DOUBT_AFTER
                && self.state().peers.iter().all(|peer| peer.is_doubtful_since(since))
            {
                return Err(self.last_errors());
            }
            tokio::select! {
                biased;
                picked = &mut picking => return picked,
                () = changed => {}
            }
        }
    }

    /// A connection to one member. Opened for this call if the endpoint is not in the pool.
    pub async fn connection_to(
        &self,
        endpoint: &Endpoint,
        share: Share,
    ) -> Result<Reserved, String> {
        let since = Instant::now();
        let mut waiting = None;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let freed = waiting.get_or_insert_with(|| self.waiters.enter(share)).freed();
            tokio::pin!(freed);
            freed.as_mut().enable();
            {
                let mut state = self.state();
                let known =
                    state.peers.iter().position(|peer| peer.endpoint.is_same_place(endpoint));
                let Some(index) = known else { break };
                let peer = &state.peers[index];
                if let Some(reserved) = reserve(peer.open(), share) {
                    return Ok(reserved);
                }
                if peer.has_failed_since(since) {
                    return Err(peer.fault());
                }
                // The caller wants this very member, so the backoff is not waited for.
                let dial = if peer.is_open() { peer.may_grow(since) } else { !peer.dialing };
                if dial {
                    self.dial(&mut state, index);
                }
            }
            tokio::select! {
                () = changed => {}
                () = freed => {}
            }
        }
        let endpoint = Arc::new(endpoint.clone());
        let opened = Connection::open(&endpoint, &self.options, Opening::default(), |_| {}).await;
        let connection = opened.map_err(|error| error.why)?;
        let slot = connection.take_slot(Share::Renewal).ok_or("it takes no calls")?;
        Ok(Reserved { connection, slot })
    }
}

/// What the healthy members offer.
enum Found {
    Room(Reserved),
    /// There are healthy connections, but none has a stream left.
    Full,
    Nobody,
}
