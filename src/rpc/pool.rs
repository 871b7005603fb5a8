//! The connections to the members, one each, and the choice between them.
//!
//! Calls stay with one healthy member. They move on at once when its connection breaks, when
//! it does not answer pings or when it says that it knows no leader, and come back to it when
//! that is the best there is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::backoff;
use super::connection::Connection;
use super::endpoint::Endpoint;
use super::options::Options;
use super::stats::Stats;

/// How long one member may take to accept a connection before the next is tried as well.
const STAGGER: Duration = Duration::from_millis(200);
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// For how long a member that refused a call is chosen only if there is no other.
const SHUN: Duration = Duration::from_millis(500);

pub struct Pool {
    state: Mutex<State>,
    changed: Notify,
    options: Options,
    stats: Arc<Stats>,
    this: Weak<Self>,
}

struct State {
    members: Vec<Member>,
    /// Where calls go while nothing speaks against it.
    current: usize,
}

struct Member {
    endpoint: Arc<Endpoint>,
    link: Link,
    failures: u32,
    last_error: Option<String>,
    shunned_until: Option<Instant>,
    connected_before: bool,
}

enum Link {
    Idle,
    Dialing,
    Ready(Arc<Connection>),
    /// Not to be dialed before that instant.
    Failed(Instant),
}

impl Member {
    fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint: Arc::new(endpoint),
            link: Link::Idle,
            failures: 0,
            last_error: None,
            shunned_until: None,
            connected_before: false,
        }
    }

    fn open(&self) -> Option<&Arc<Connection>> {
        match &self.link {
            Link::Ready(connection) if connection.is_open() => Some(connection),
            _ => None,
        }
    }

    fn healthy(&self, now: impl FnOnce() -> Instant) -> Option<&Arc<Connection>> {
        let connection = self.open().filter(|connection| !connection.is_suspect())?;
        match self.shunned_until {
            Some(until) if now() < until => None,
            _ => Some(connection),
        }
    }

    fn may_be_dialed(&self, now: Instant) -> bool {
        match self.link {
            Link::Idle => true,
            Link::Failed(until) => now >= until,
            Link::Dialing | Link::Ready(_) => false,
        }
    }
}

/// What to do when no healthy connection is at hand.
enum Plan {
    Use(Arc<Connection>),
    /// Wait for a change, or until then.
    Wait(Instant),
}

impl Pool {
    pub fn new(endpoints: Vec<Endpoint>, options: Options, stats: Arc<Stats>) -> Arc<Self> {
        let members: Vec<_> = endpoints.into_iter().map(Member::new).collect();
        // Spreads the clients of a cluster over its members.
        let count = u64::try_from(members.len().max(1)).unwrap_or(1);
        let current = usize::try_from(backoff::random() % count).unwrap_or(0);
        Arc::new_cyclic(|this| Self {
            state: Mutex::new(State { members, current }),
            changed: Notify::new(),
            options,
            stats,
            this: this.clone(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn endpoints(&self) -> Vec<String> {
        self.state().members.iter().map(|member| member.endpoint.name.clone()).collect()
    }

    /// Replaces the members. Connections to those that stay are kept; calls under way on the
    /// others come to their end.
    pub fn set_endpoints(&self, endpoints: Vec<Endpoint>) {
        let mut state = self.state();
        let mut old = std::mem::take(&mut state.members);
        for endpoint in endpoints {
            let known = old.iter().position(|member| *member.endpoint == endpoint);
            let member =
                known.map_or_else(|| Member::new(endpoint), |index| old.swap_remove(index));
            state.members.push(member);
        }
        state.current = 0;
        drop(state);
        self.changed.notify_waiters();
    }

    /// Why the members cannot be reached, for an error message.
    pub fn last_errors(&self) -> String {
        let state = self.state();
        let errors: Vec<_> =
            state.members.iter().filter_map(|member| member.last_error.as_deref()).collect();
        if errors.is_empty() { "no endpoint is connected".into() } else { errors.join("; ") }
    }

    /// The connection to use for a call, other than `avoid` if possible. Waits until there is
    /// one, whatever that takes: the caller has the deadline.
    pub async fn pick(&self, avoid: Option<&Arc<Connection>>) -> Arc<Connection> {
        if avoid.is_none()
            && let Some(connection) = self.current()
        {
            return connection;
        }
        let mut stagger_from = Instant::now();
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            match self.plan(avoid, &mut stagger_from) {
                Plan::Use(connection) => return connection,
                Plan::Wait(until) => {
                    tokio::select! {
                        () = changed => {}
                        () = sleep_until(until) => {}
                    }
                }
            }
        }
    }

    fn current(&self) -> Option<Arc<Connection>> {
        let state = self.state();
        state.members.get(state.current)?.healthy(Instant::now).cloned()
    }

    fn plan(&self, avoid: Option<&Arc<Connection>>, stagger_from: &mut Instant) -> Plan {
        let now = Instant::now();
        let mut state = self.state();
        let count = state.members.len();
        let order: Vec<usize> = (0..count).map(|offset| (state.current + offset) % count).collect();
        let avoided = |connection: &Arc<Connection>| {
            avoid.is_some_and(|avoid| Arc::ptr_eq(avoid, connection))
        };
        for &index in &order {
            let healthy = state.members[index].healthy(|| now).filter(|link| !avoided(link));
            if let Some(connection) = healthy.cloned() {
                self.move_to(&mut state, index);
                return Plan::Use(connection);
            }
        }
        let dialing = order.iter().any(|&index| matches!(state.members[index].link, Link::Dialing));
        let next = order.iter().find(|&&index| state.members[index].may_be_dialed(now)).copied();
        match next {
            Some(index) if !dialing || now >= *stagger_from + STAGGER => {
                *stagger_from = now;
                self.dial(&mut state, index);
                return Plan::Wait(now + STAGGER);
            }
            Some(_) => return Plan::Wait(*stagger_from + STAGGER),
            // After that a suspect is the better choice than a member that does not accept.
            None if dialing && now < *stagger_from + STAGGER => {
                return Plan::Wait(*stagger_from + STAGGER);
            }
            None => {}
        }
        let any = order.iter().find_map(|&index| state.members[index].open().cloned());
        if let Some(connection) = any {
            return Plan::Use(connection);
        }
        let retry = state.members.iter().filter_map(|member| match member.link {
            Link::Failed(until) => Some(until),
            _ => None,
        });
        Plan::Wait(retry.min().unwrap_or(now + LONGEST_PAUSE))
    }

    fn move_to(&self, state: &mut State, index: usize) {
        if state.current != index {
            let from = state.members.get(state.current).map(|member| member.endpoint.name.clone());
            state.current = index;
            let to = &state.members[index].endpoint.name;
            if let Some(from) =
                from.filter(|_| self.stats.connects.load(std::sync::atomic::Ordering::Relaxed) > 1)
            {
                self.stats.report(format!("moved from {from} to {to}"));
            }
        }
    }

    fn dial(&self, state: &mut State, index: usize) {
        let member = &mut state.members[index];
        member.link = Link::Dialing;
        let Some(pool) = self.this.upgrade() else { return };
        tokio::spawn(pool.open(Arc::clone(&member.endpoint)));
    }

    /// Connects to a member and notes what came of it.
    async fn open(self: Arc<Self>, endpoint: Arc<Endpoint>) {
        let weak = self.this.clone();
        let of = Arc::clone(&endpoint);
        let closed = move || {
            if let Some(pool) = weak.upgrade() {
                pool.closed(&of);
            }
        };
        let outcome = Connection::open(&endpoint, &self.options, closed).await;
        self.opened(&endpoint, outcome);
    }

    fn opened(&self, endpoint: &Arc<Endpoint>, outcome: Result<Arc<Connection>, String>) {
        let mut state = self.state();
        let member =
            state.members.iter_mut().find(|member| Arc::ptr_eq(&member.endpoint, endpoint));
        if let Some(member) = member {
            match outcome {
                Ok(connection) => {
                    Stats::count(&self.stats.connects);
                    if member.connected_before {
                        Stats::count(&self.stats.reconnects);
                        self.stats.report(format!("connected to {} again", endpoint.name));
                    }
                    member.connected_before = true;
                    member.failures = 0;
                    member.last_error = None;
                    member.link = Link::Ready(connection);
                }
                Err(error) => {
                    let pause = backoff::delay(member.failures, FIRST_PAUSE, LONGEST_PAUSE);
                    member.failures += 1;
                    member.link = Link::Failed(Instant::now() + pause);
                    member.last_error = Some(error);
                }
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    fn closed(&self, endpoint: &Arc<Endpoint>) {
        let mut state = self.state();
        let member =
            state.members.iter_mut().find(|member| Arc::ptr_eq(&member.endpoint, endpoint));
        if let Some(member) = member {
            member.link = Link::Idle;
            self.stats.report(format!("the connection to {} is gone", endpoint.name));
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Says that a member refused a call that another one may take.
    pub fn shun(&self, connection: &Arc<Connection>) {
        let mut state = self.state();
        let member = state
            .members
            .iter_mut()
            .find(|member| member.open().is_some_and(|open| Arc::ptr_eq(open, connection)));
        if let Some(member) = member {
            member.shunned_until = Some(Instant::now() + SHUN);
        }
    }

    /// Connects for the first time; fails once every member has failed.
    pub async fn connect(&self) -> Result<Arc<Connection>, String> {
        let picking = self.pick(None);
        tokio::pin!(picking);
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.state().members.iter().all(|member| matches!(member.link, Link::Failed(_))) {
                return Err(self.last_errors());
            }
            tokio::select! {
                biased;
                connection = &mut picking => return Ok(connection),
                () = changed => {}
            }
        }
    }

    /// The connection to one member, by the name of its endpoint; opened for this where the
    /// endpoint is not one of the pool's.
    pub async fn connection_to(&self, endpoint: &Endpoint) -> Result<Arc<Connection>, String> {
        let known = {
            let state = self.state();
            state
                .members
                .iter()
                .find(|member| *member.endpoint == *endpoint)
                .and_then(Member::open)
                .cloned()
        };
        match known {
            Some(connection) => Ok(connection),
            None => Connection::open(endpoint, &self.options, || {}).await,
        }
    }
}
