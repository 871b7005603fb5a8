//! One member of the cluster as the connection pool sees it: its endpoint, its connections, and its
//! recent failures.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::{Connection, Draining, End, StreamSlot};
use crate::rpc::error::{OtherCluster, Outlook, Unreachable, WrongServer};
use crate::rpc::transport::backoff;
use crate::rpc::wire::method::Share;

const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// The longest time for which other members are preferred to a server that is not etcd.
const LONGEST_SHUN: Duration = Duration::from_secs(30);
/// How many connections to one member there are at most, if one has too few streams.
pub const MOST_CONNECTIONS: usize = 16;
/// By how much pings become less frequent at most.
const LARGEST_PING_FACTOR: u32 = 64;

pub struct Peer {
    pub endpoint: Arc<Endpoint>,
    /// The connections that take calls, the oldest first.
    connections: Vec<Arc<Connection>>,
    /// The connections that take no new calls but still have calls in flight.
    draining: Vec<Weak<Connection>>,
    pub dialing: bool,
    pub last_error: Option<String>,
    pub connected_before: bool,
    /// How many attempts to connect have failed in a row.
    pub failures: u32,
    failed_at: Option<Instant>,
    /// The backoff: the member is not dialed before.
    retry_at: Option<Instant>,
    /// Whether the last failure is likely to pass.
    outlook: Outlook,
    /// Until when other members are preferred, and why.
    shunned: Option<(Instant, String)>,
    /// By how much pings must be less frequent than the options say.
    pub ping_factor: u32,
    /// When the server last turned out not to be etcd, and how often it did.
    strange: Option<(Instant, u32)>,
    other_cluster: Option<OtherCluster>,
    /// The id of the other cluster that was reported last.
    reported_cluster: Option<u64>,
}

/// A connection with a stream that is taken on it.
pub struct Reserved {
    pub connection: Arc<Connection>,
    pub slot: StreamSlot,
}

impl Peer {
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint: Arc::new(endpoint),
            connections: Vec::new(),
            draining: Vec::new(),
            dialing: false,
            last_error: None,
            connected_before: false,
            failures: 0,
            failed_at: None,
            retry_at: None,
            outlook: Outlook::Passing,
            shunned: None,
            ping_factor: 1,
            strange: None,
            other_cluster: None,
            reported_cluster: None,
        }
    }

    /// The connections that take calls.
    pub fn open(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.connections.iter().filter(|connection| connection.is_open())
    }

    pub fn is_open(&self) -> bool {
        self.open().next().is_some()
    }

    /// The open connections that are not suspect; none while the member is shunned.
    pub fn healthy(&self, now: impl FnOnce() -> Instant) -> impl Iterator<Item = &Arc<Connection>> {
        let shunned = self.shunned.as_ref().is_some_and(|(until, _)| now() < *until);
        self.open().filter(move |connection| !shunned && !connection.is_suspect())
    }

    pub fn may_be_dialed(&self, now: Instant) -> bool {
        !self.dialing && !self.is_open() && self.retry_at.is_none_or(|at| now >= at)
    }

    /// Whether another connection may be opened in addition to the existing ones.
    pub fn may_grow(&self, now: Instant) -> bool {
        let room = self.connections.len() < MOST_CONNECTIONS;
        room && !self.dialing && self.retry_at.is_none_or(|at| now >= at)
    }

    /// When the member may be dialed next, if known.
    pub fn dialed_next(&self) -> Option<Instant> {
        self.retry_at.filter(|_| !self.dialing && !self.is_open())
    }

    pub fn has_failed_since(&self, since: Instant) -> bool {
        let failed = self.retry_at.is_some() && self.failed_at.is_some_and(|at| at >= since);
        failed && !self.dialing && !self.is_open()
    }

    /// Whether it could not be reached since then, or is not to be dialed now because it could not
    /// be reached shortly before.
    pub fn is_down_since(&self, since: Instant) -> bool {
        let failed = self.failed_at.is_some_and(|at| at >= since);
        let waits = !self.dialing && self.retry_at.is_some_and(|at| at > Instant::now());
        !self.is_open() && (failed || waits)
    }

    /// Whether a failure since then shows that retrying is useless.
    pub fn is_refused_since(&self, since: Instant) -> bool {
        self.outlook == Outlook::Lasting && self.has_failed_since(since)
    }

    /// Whether a failure since then shows that retrying is probably useless.
    pub fn is_doubtful_since(&self, since: Instant) -> bool {
        self.outlook != Outlook::Passing && self.has_failed_since(since)
    }

    /// Adds a new connection. Streams on draining connections that can move to it are asked to.
    pub fn connected(&mut self, connection: Arc<Connection>) {
        self.dialing = false;
        self.connected_before = true;
        self.last_error = None;
        self.shunned = None;
        self.retry_at = None;
        // The member may have been replaced by one of the right cluster.
        self.other_cluster = None;
        self.connections.push(connection);
        for draining in self.draining.iter().filter_map(Weak::upgrade) {
            draining.retire();
        }
    }

    pub fn failed(&mut self, error: Unreachable) {
        let now = Instant::now();
        let pause = backoff::delay(self.failures, FIRST_PAUSE, LONGEST_PAUSE);
        self.dialing = false;
        self.failures += 1;
        self.failed_at = Some(now);
        self.retry_at = Some(now + pause);
        self.outlook = error.outlook;
        self.last_error = Some(error.why);
    }

    /// Sets draining connections aside. If the server has never answered on the connection, the
    /// next one is opened only after a backoff.
    pub fn drained(&mut self, event: &Draining) {
        let (draining, usable) =
            std::mem::take(&mut self.connections).into_iter().partition(|one| one.is_draining());
        self.connections = usable;
        let draining: Vec<Arc<Connection>> = draining;
        self.draining.retain(|known| known.strong_count() > 0);
        self.draining.extend(draining.iter().map(Arc::downgrade));
        if event.too_many_pings {
            self.ping_less();
        }
        if event.unneeded {
            return;
        }
        let error = format!("{}: {}", self.endpoint.name, event.why);
        if event.useful {
            self.last_error = Some(error);
        } else {
            self.failed(error.into());
        }
    }

    /// Notes that a connection is closed. If the server has never answered on it, that counts as a
    /// failed attempt: something accepts connections only to drop them.
    pub fn disconnected(&mut self, end: &End) {
        self.connections.retain(|connection| connection.is_open());
        if end.too_many_pings {
            self.ping_less();
        }
        let error = format!("{}: lost the connection: {}", self.endpoint.name, end.why);
        if end.useful || end.expected {
            self.failures = 0;
            if !self.is_open() {
                self.last_error = Some(error);
            }
        } else if !self.dialing {
            self.failed(error.into());
        }
    }

    /// Makes pings less frequent when the server asks for it, as in gRPC proposal A8.
    fn ping_less(&mut self) {
        self.ping_factor = self.ping_factor.saturating_mul(2).min(LARGEST_PING_FACTOR);
    }

    /// Prefers other members for a while.
    pub fn shun(&mut self, why: &str, period: Duration) {
        self.shunned = Some((Instant::now() + period, why.to_owned()));
    }

    /// Avoids the server because it is not a member of the cluster. Returns whether that is new.
    pub fn refuse(&mut self, server: &WrongServer) -> bool {
        match server {
            WrongServer::NotEtcd(status) => {
                let times = self.strange.filter(|_| self.is_wrong()).map_or(0, |(_, times)| times);
                self.strange = Some((Instant::now(), times + 1));
                let period = backoff::delay(times, backoff::SHUN, LONGEST_SHUN);
                self.shun(&status.message, period);
                times == 0
            }
            WrongServer::OtherCluster(other) => {
                for connection in std::mem::take(&mut self.connections) {
                    connection.retire();
                    self.draining.push(Arc::downgrade(&connection));
                }
                self.failed(Unreachable::lasting(&other.message));
                self.other_cluster = Some(other.clone());
                self.reported_cluster.replace(other.cluster_id) != Some(other.cluster_id)
            }
        }
    }

    /// Whether it recently turned out not to be a member of the cluster.
    pub fn is_wrong(&self) -> bool {
        let strange = self.strange.is_some_and(|(at, _)| at.elapsed() < 2 * LONGEST_SHUN);
        strange || self.other_cluster.is_some()
    }

    pub fn other_cluster(&self) -> Option<&OtherCluster> {
        self.other_cluster.as_ref()
    }

    /// All open connections, including those that take no new calls.
    pub fn all(&self) -> Vec<Arc<Connection>> {
        let draining = self.draining.iter().filter_map(Weak::upgrade);
        draining.chain(self.connections.iter().cloned()).filter(|one| one.is_open()).collect()
    }

    /// Why calls do not go to this member, for messages.
    pub fn fault(&self) -> String {
        let suspect = || self.open().all(|connection| connection.is_suspect());
        match (self.is_open(), &self.shunned, &self.last_error) {
            (false, _, Some(error)) => error.clone(),
            (true, _, _) if suspect() => "it does not answer".into(),
            (_, Some((_, why)), _) => why.clone(),
            _ => "it is not connected".into(),
        }
    }
}

/// Takes a stream on the first of the connections that has one for this purpose.
pub fn reserve<'a>(
    mut connections: impl Iterator<Item = &'a Arc<Connection>>,
    share: Share,
) -> Option<Reserved> {
    connections.find_map(|connection| {
        let slot = connection.take_slot(share)?;
        Some(Reserved { connection: Arc::clone(connection), slot })
    })
}
