//! One member of the cluster as the pool of connections sees it: an endpoint and what is known of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::{Connection, End};
use crate::rpc::error::Unreachable;
use crate::rpc::transport::backoff;

const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub struct Peer {
    pub endpoint: Arc<Endpoint>,
    pub link: LinkState,
    pub last_error: Option<String>,
    pub connected_before: bool,
    /// Attempts to connect that came to nothing, in a row.
    failures: u32,
    failed_at: Option<Instant>,
    /// Whether the last failure is one that lasts.
    refused: bool,
    /// Until when others are preferred, and why.
    shunned: Option<(Instant, String)>,
}

pub enum LinkState {
    Idle,
    Dialing,
    Ready(Arc<Connection>),
    /// Not to be dialed before that instant.
    Failed(Instant),
}

impl Peer {
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint: Arc::new(endpoint),
            link: LinkState::Idle,
            last_error: None,
            connected_before: false,
            failures: 0,
            failed_at: None,
            refused: false,
            shunned: None,
        }
    }

    pub fn open(&self) -> Option<&Arc<Connection>> {
        match &self.link {
            LinkState::Ready(connection) if connection.is_open() => Some(connection),
            _ => None,
        }
    }

    pub fn healthy(&self, now: impl FnOnce() -> Instant) -> Option<&Arc<Connection>> {
        let connection = self.open().filter(|connection| !connection.is_suspect())?;
        match &self.shunned {
            Some((until, _)) if now() < *until => None,
            _ => Some(connection),
        }
    }

    pub fn may_be_dialed(&self, now: Instant) -> bool {
        match self.link {
            LinkState::Idle => true,
            LinkState::Failed(until) => now >= until,
            LinkState::Dialing | LinkState::Ready(_) => false,
        }
    }

    /// When it may be dialed, where that is known.
    pub fn dialed_next(&self) -> Option<Instant> {
        match self.link {
            LinkState::Failed(until) => Some(until),
            _ => None,
        }
    }

    pub fn has_failed_since(&self, since: Instant) -> bool {
        matches!(self.link, LinkState::Failed(_)) && self.failed_at.is_some_and(|at| at >= since)
    }

    /// Whether there is no use in trying again, as was found since then.
    pub fn is_refused_since(&self, since: Instant) -> bool {
        self.refused && self.has_failed_since(since)
    }

    pub fn connected(&mut self, connection: Arc<Connection>) {
        self.connected_before = true;
        self.last_error = None;
        self.shunned = None;
        self.link = LinkState::Ready(connection);
    }

    pub fn failed(&mut self, error: Unreachable) {
        let now = Instant::now();
        let pause = backoff::delay(self.failures, FIRST_PAUSE, LONGEST_PAUSE);
        self.failures += 1;
        self.failed_at = Some(now);
        self.link = LinkState::Failed(now + pause);
        self.refused = error.lasting;
        self.last_error = Some(error.why);
    }

    /// Notes that the connection is gone. One on which nothing was answered counts as an attempt
    /// that failed: something accepts connections only to drop them.
    pub fn disconnected(&mut self, end: &End) {
        let error = format!("{}: lost the connection: {}", self.endpoint.name, end.why);
        if end.useful {
            self.failures = 0;
            self.link = LinkState::Idle;
            self.last_error = Some(error);
        } else {
            self.failed(error.into());
        }
    }

    /// Has others preferred for a while.
    pub fn shun(&mut self, why: &str, period: Duration) {
        self.shunned = Some((Instant::now() + period, why.to_owned()));
    }

    /// What speaks against it.
    pub fn fault(&self) -> String {
        match (self.open(), &self.shunned, &self.last_error) {
            (None, _, Some(error)) => error.clone(),
            (Some(connection), _, _) if connection.is_suspect() => "it does not answer".into(),
            (_, Some((_, why)), _) => why.clone(),
            _ => "it is not connected".into(),
        }
    }
}
