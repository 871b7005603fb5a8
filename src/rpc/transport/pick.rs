//! The choice of a connection for a call.
//!
//! Calls stay with one healthy member. They move on at once when its connection breaks, when
//! it is silent, or when it says that it knows no leader, and come back to it when that is the
//! best there is. Where its connection has no stream left, another one to it is opened.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::{Connection, Opening};
use crate::rpc::transport::peer::{Peer, Reserved, reserve};
use crate::rpc::transport::pool::{Pool, State};
use crate::rpc::wire::method::Share;

/// How long one member may take to accept a connection before the next is tried as well.
const STAGGER: Duration = Duration::from_millis(200);
/// What hangs up at once may be a proxy whose server restarts, or no etcd at all: the first
/// connection is not tried for longer with it.
const DOUBT_AFTER: Duration = Duration::from_secs(1);
/// How long to wait where nothing is known that would happen earlier.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What to do for a call.
enum Plan {
    Use(Reserved),
    /// Wait for a change, or until then.
    Wait(Instant),
}

/// Which connection a call had better not use.
#[derive(Clone, Copy)]
pub enum Avoid<'a> {
    Nothing,
    /// Unless there is none to another member, and no newer one to this member.
    IfPossible(&'a Arc<Connection>),
    /// The member of the connection at all.
    Always(&'a Arc<Connection>),
}

impl Avoid<'_> {
    /// Whether it is a connection to that endpoint.
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
    /// The connection to use for a call, with a stream that was taken for it. Waits until there is
    /// one, whatever that takes: the caller has the deadline. Fails only where no member can be
    /// connected to before somebody changes a certificate.
    pub async fn pick(&self, avoid: Avoid<'_>, share: Share) -> Result<Reserved, String> {
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

    /// The connection that calls go to, unless something speaks against it, or others wait for it.
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

    /// A healthy member; else another that can be connected to; else the best that is open.
    fn plan(&self, avoid: Avoid<'_>, share: Share, stagger_from: &mut Instant) -> Plan {
        let now = Instant::now();
        let mut state = self.state();
        let count = state.peers.len();
        let mut order: Vec<usize> =
            (0..count).map(|offset| (state.current + offset) % count).collect();
        // A member that breaks every connection must not keep calls from the others.
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
            // After that a suspect is the better choice than a member that does not accept.
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

    /// Takes a stream of the first member that nothing speaks against. Where it has none left,
    /// another connection to it is opened, and meanwhile the next members help out.
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

    /// Connects for the first time. Fails where none of the members is likely to come soon.
    pub async fn connect(&self) -> Result<Reserved, String> {
        let since = Instant::now();
        let picking = self.pick(Avoid::Nothing, Share::Call);
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

    /// A connection to one member; opened for this where the endpoint is not one of the pool's.
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
                // Who asks for this very member does not want to wait for the pause to end.
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

/// What there is at healthy members.
enum Found {
    Room(Reserved),
    /// No stream is left.
    Full,
    Nobody,
}
