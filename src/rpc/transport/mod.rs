//! Carrying a call to a member and back: which failures are retried, and what is known at the
//! end.

pub mod backoff;
pub mod call_progress;
pub mod peer;
pub mod pool;
pub mod request;
pub mod resumable_stream;
pub mod stats;
pub mod token;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use tokio::time::{Instant, sleep, timeout_at};

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::options::Options;
use crate::rpc::connection::{Connection, Stream};
use crate::rpc::error::status::{INTERNAL, Meaning, Status, UNKNOWN};
use crate::rpc::error::{Error, Failure};
use crate::rpc::transport::call_progress::Progress;
use crate::rpc::transport::pool::{Avoid, Pool};
use crate::rpc::transport::stats::Stats;
use crate::rpc::transport::token::{Token, TokenStore};
use crate::rpc::wire;
use crate::rpc::wire::method::{Method, Patience};

const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// For how long a member that could not serve a call is chosen only if there is no other.
const SHUN: Duration = Duration::from_millis(500);
/// The same for one that left a call without an answer: it may lead nobody any more and not know
/// it, which takes an election to find out.
const SHUN_SILENT: Duration = Duration::from_secs(5);
/// A call that waited for less says nothing about the member.
const LEAST_WAIT: Duration = Duration::from_millis(200);
/// How long a member is given for a read before another one is asked as well.
const HEDGE_AFTER: Duration = Duration::from_secs(2);
/// How often an error that etcd has no name for is taken for a passing one.
const UNKNOWN_ERRORS: u32 = 5;

/// The way to a cluster, shared by all communicators with the same endpoints and options.
pub struct Transport {
    pub pool: Arc<Pool>,
    pub options: Options,
    pub stats: Arc<Stats>,
    tokens: TokenStore,
}

/// When a call has to be over; `None` for never.
pub type Deadline = Option<Instant>;

/// A call that can be tried on one connection after another.
trait Attempt: Sync {
    type Output: Send;

    fn method(&self) -> &'static Method;

    fn make(
        &self,
        connection: &Arc<Connection>,
        token: &Token,
    ) -> impl Future<Output = Result<Self::Output, Failure>> + Send;
}

struct Unary {
    method: &'static Method,
    request: Bytes,
}

impl Attempt for Unary {
    type Output = Bytes;

    fn method(&self) -> &'static Method {
        self.method
    }

    async fn make(&self, connection: &Arc<Connection>, token: &Token) -> Result<Bytes, Failure> {
        connection.unary(self.method, self.request.clone(), &token.metadata()).await
    }
}

struct Opening {
    method: &'static Method,
    request: Bytes,
    /// Whether the client sends nothing after the request.
    last: bool,
}

impl Attempt for Opening {
    type Output = (Stream, StreamOrigin);

    fn method(&self) -> &'static Method {
        self.method
    }

    async fn make(
        &self,
        connection: &Arc<Connection>,
        token: &Token,
    ) -> Result<Self::Output, Failure> {
        let (method, request) = (self.method, self.request.clone());
        let stream = connection.stream(method, request, &token.metadata(), self.last).await?;
        Ok((stream, StreamOrigin { connection: Arc::clone(connection), token: token.clone() }))
    }
}

/// What to do after a failed attempt.
enum Verdict {
    Again,
    GiveUp(Error),
}

impl Transport {
    pub fn new(endpoints: Vec<Endpoint>, options: Options) -> Arc<Self> {
        let stats = Arc::<Stats>::default();
        Arc::new(Self {
            pool: Pool::new(endpoints, options.clone(), Arc::clone(&stats)),
            tokens: TokenStore::new(options.user.clone()),
            options,
            stats,
        })
    }

    /// Whether `connect` would have nothing to do.
    pub fn is_connected(&self) -> bool {
        self.tokens.is_ready() && self.pool.current().is_some()
    }

    /// Makes the first connection, and shows the user's password to the server.
    pub async fn connect(&self) -> Result<(), Error> {
        let deadline = Instant::now() + self.options.connect_timeout;
        let connecting = async {
            let connection = self.pool.connect().await.map_err(Error::Connection)?;
            match self.tokens.get(&connection).await {
                Err(Failure::Server(status) | Failure::Unusable(status))
                    if status.meaning() == Meaning::Refused =>
                {
                    Err(Error::Server(status))
                }
                // The calls have time to wait for a leader, or for another member.
                Ok(_) | Err(_) => Ok(()),
            }
        };
        timeout_at(deadline, connecting).await.unwrap_or_else(|_| {
            Err(Error::Connection(format!(
                "no endpoint could be reached within {} s: {}",
                self.options.connect_timeout.as_secs_f64(),
                self.pool.last_errors()
            )))
        })
    }

    /// Sends a request and decodes the response.
    pub async fn call<M: Message + Default>(
        &self,
        method: &'static Method,
        request: Bytes,
        deadline: Deadline,
    ) -> Result<M, Error> {
        let response = self.unary(method, request, deadline).await?;
        wire::decode(response).map_err(|failure| conclude(failure, method))
    }

    /// Sends a request and returns the response as it came.
    pub async fn unary(
        &self,
        method: &'static Method,
        request: Bytes,
        deadline: Deadline,
    ) -> Result<Bytes, Error> {
        let started = Instant::now();
        Stats::count(&self.stats.requests);
        let _in_flight = self.stats.in_flight();
        let progress = Progress::new(started);
        let unary = Unary { method, request };
        let attempts = self.attempts(&unary, &progress, None);
        tokio::pin!(attempts);
        if method.patience == Patience::Little {
            let half = deadline.map_or(HEDGE_AFTER, |end| (end - started) / 2);
            let patience = started + HEDGE_AFTER.min(half);
            if let Ok(outcome) = timeout_at(patience, &mut attempts).await {
                return outcome;
            }
            let hedged = Box::pin(self.hedge(attempts, &unary, &progress));
            return self.bounded(hedged, method, deadline, &progress).await;
        }
        self.bounded(attempts, method, deadline, &progress).await
    }

    /// Asks a second member what the first one has not answered for long. What comes first counts.
    async fn hedge(
        &self,
        first: Pin<&mut impl Future<Output = Result<Bytes, Error>>>,
        unary: &Unary,
        progress: &Progress,
    ) -> Result<Bytes, Error> {
        let slow = progress.connection().filter(|_| self.pool.has_several_members());
        let Some(slow) = slow else { return first.await };
        slow.doubt();
        let another = Progress::new(Instant::now());
        let second = async {
            Stats::count(&self.stats.retries);
            self.attempts(unary, &another, Some(&slow)).await
        };
        tokio::select! {
            biased;
            outcome = first => outcome,
            outcome = second => {
                self.pool.shun(&slow, "it leaves a read without an answer", SHUN_SILENT);
                outcome
            }
        }
    }

    /// Opens a stream on a healthy member; the stream itself has no deadline.
    pub async fn stream(
        &self,
        method: &'static Method,
        request: Bytes,
        last: bool,
        deadline: Deadline,
    ) -> Result<(Stream, StreamOrigin), Error> {
        let progress = Progress::new(Instant::now());
        let opening = Opening { method, request, last };
        let attempts = self.attempts(&opening, &progress, None);
        self.bounded(attempts, method, deadline, &progress).await
    }

    /// Sends a request to one member and to no other.
    pub async fn call_member<M: Message + Default>(
        &self,
        endpoint: &Endpoint,
        method: &'static Method,
        request: Bytes,
        deadline: Deadline,
    ) -> Result<M, Error> {
        Stats::count(&self.stats.requests);
        let _in_flight = self.stats.in_flight();
        let progress = Progress::new(Instant::now());
        let unary = Unary { method, request };
        let call = self.on_member(endpoint, &unary, &progress);
        let response = self.bounded(call, method, deadline, &progress).await?;
        wire::decode(response).map_err(|failure| conclude(failure, method))
    }

    /// Opens a stream to one member and to no other.
    pub async fn stream_member(
        &self,
        endpoint: &Endpoint,
        method: &'static Method,
        request: Bytes,
        deadline: Deadline,
    ) -> Result<(Stream, StreamOrigin), Error> {
        let progress = Progress::new(Instant::now());
        let opening = Opening { method, request, last: true };
        let call = self.on_member(endpoint, &opening, &progress);
        self.bounded(call, method, deadline, &progress).await
    }

    async fn on_member<A: Attempt>(
        &self,
        endpoint: &Endpoint,
        attempt: &A,
        progress: &Progress,
    ) -> Result<A::Output, Error> {
        let method = attempt.method();
        let mut renewed = false;
        let mut broken = false;
        loop {
            let connection = self.pool.connection_to(endpoint).await.map_err(Error::Connection)?;
            let (token, outcome) = self.attempt(attempt, &connection, progress).await;
            let failure = match outcome {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            match &failure {
                Failure::Server(status) if !renewed && self.renews_token(status, &token) => {
                    renewed = true;
                }
                // A connection that had been idle; whether the member is there shows the next.
                Failure::NeverSent(_) if !broken => broken = true,
                Failure::Broken(_) if !broken && method.repeatable => broken = true,
                _ => return Err(conclude(failure, method)),
            }
            progress.failed(&failure);
            Stats::count(&self.stats.retries);
        }
    }

    /// Keeps to the deadline of a call, the wait for a member included.
    async fn bounded<T>(
        &self,
        call: impl Future<Output = Result<T, Error>>,
        method: &Method,
        deadline: Deadline,
        progress: &Progress,
    ) -> Result<T, Error> {
        let Some(deadline) = deadline else { return call.await };
        if let Ok(outcome) = timeout_at(deadline, call).await {
            return outcome;
        }
        if let Some(connection) = progress.connection() {
            if progress.started.elapsed() >= LEAST_WAIT && method.patience != Patience::Endless {
                connection.suspect();
                self.pool.shun(&connection, "it leaves a call without an answer", SHUN_SILENT);
            } else {
                connection.doubt();
            }
        }
        let name = method.name();
        let what = match (progress.was_sent(), progress.last_failure()) {
            (true, _) => format!("{name}: no answer within the deadline"),
            (false, Some(why)) => format!("{name}: no success within the deadline: {why}"),
            (false, None) => format!(
                "{name}: no member could be reached within the deadline: {}",
                self.pool.last_errors()
            ),
        };
        Err(Error::Timeout(what).for_mutation(progress.was_sent() && !method.repeatable))
    }

    /// Makes a call on one member after another until one answers, or none can be asked again.
    /// `not_on` is where the same call is under way already.
    async fn attempts<A: Attempt>(
        &self,
        attempt: &A,
        progress: &Progress,
        not_on: Option<&Arc<Connection>>,
    ) -> Result<A::Output, Error> {
        let method = attempt.method();
        let mut avoid: Option<Arc<Connection>> = None;
        let mut failures = 0;
        let mut renewed = false;
        loop {
            let avoid_now = match (not_on, &avoid) {
                (Some(elsewhere), _) => Avoid::Always(elsewhere),
                (None, Some(failed)) => Avoid::IfPossible(failed),
                (None, None) => Avoid::Nothing,
            };
            let connection = self.pool.pick(avoid_now).await.map_err(Error::Connection)?;
            let (token, outcome) = self.attempt(attempt, &connection, progress).await;
            let failure = match outcome {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            progress.failed(&failure);
            if let Failure::Server(status) = &failure
                && !renewed
                && self.renews_token(status, &token)
            {
                renewed = true;
                Stats::count(&self.stats.retries);
                continue;
            }
            if let Verdict::GiveUp(error) = self.judge(failure, method, &connection, failures) {
                return Err(error);
            }
            Stats::count(&self.stats.retries);
            avoid = Some(connection);
            if failures > 0 {
                sleep(backoff::delay(failures - 1, FIRST_PAUSE, LONGEST_PAUSE)).await;
            }
            failures += 1;
        }
    }

    /// One attempt on one connection, with the token that it was made with.
    async fn attempt<A: Attempt>(
        &self,
        attempt: &A,
        connection: &Arc<Connection>,
        progress: &Progress,
    ) -> (Token, Result<A::Output, Failure>) {
        progress.goes_to(connection);
        match self.tokens.get(connection).await {
            Ok(token) => {
                progress.sent();
                let outcome = attempt.make(connection, &token).await;
                (token, outcome)
            }
            // Authenticating changes nothing, so it is repeated like a read.
            Err(Failure::Server(status)) if status.meaning() == Meaning::Unclear => {
                (Token::Missing, Err(Failure::NeverSent(status.message)))
            }
            Err(failure) => (Token::Missing, Err(failure)),
        }
    }

    /// Whether a refused call may succeed with a new token, which the next attempt then fetches.
    fn renews_token(&self, status: &Status, token: &Token) -> bool {
        let renews = status.meaning() == Meaning::RenewToken && self.tokens.is_renewable();
        if renews {
            self.tokens.refused(token);
        }
        renews
    }

    fn judge(
        &self,
        failure: Failure,
        method: &Method,
        connection: &Arc<Connection>,
        failures: u32,
    ) -> Verdict {
        match &failure {
            Failure::NeverSent(_) => Verdict::Again,
            Failure::Broken(_) if method.repeatable => Verdict::Again,
            Failure::Server(status) => {
                let again = match status.meaning() {
                    Meaning::TryElsewhere => true,
                    Meaning::Unclear => method.repeatable && is_transient(status, failures),
                    Meaning::Refused | Meaning::RenewToken => false,
                };
                if again || status.meaning() == Meaning::Unclear {
                    self.pool.shun(connection, &status.message, SHUN);
                }
                if again { Verdict::Again } else { Verdict::GiveUp(conclude(failure, method)) }
            }
            Failure::Broken(_) | Failure::Unusable(_) => Verdict::GiveUp(conclude(failure, method)),
        }
    }
}

/// Where a stream came from, for the case that it fails.
pub struct StreamOrigin {
    connection: Arc<Connection>,
    token: Token,
}

impl StreamOrigin {
    /// Has the next stream, and other calls, prefer another member.
    pub fn shun(&self, transport: &Transport, why: &str) {
        transport.pool.shun(&self.connection, why, SHUN);
    }

    /// Completes when the endpoint is not to be used any more.
    pub async fn retired(&self) {
        self.connection.retired().await;
    }

    /// Whether the member answers a request for progress behind the events that it is about.
    pub async fn orders_progress(&self) -> Result<bool, Failure> {
        self.connection.orders_progress(&self.token.metadata()).await
    }

    /// Has the next stream use a new token; false where that is of no use.
    pub fn renew_token(&self, transport: &Transport) -> bool {
        transport.tokens.refused(&self.token);
        transport.tokens.is_renewable()
    }
}

/// Whether a repeated read may succeed.
fn is_transient(status: &Status, failures: u32) -> bool {
    // `Canceled` and the like come from a server that goes down. What etcd has no name for comes
    // from a proxy or from the transport, or it is an error that this client does not know yet.
    match status.server_error() {
        // A full database stays full.
        Some(known) => known.name != "NoSpace",
        None => failures < UNKNOWN_ERRORS || !matches!(status.code, UNKNOWN | INTERNAL),
    }
}

/// The error that a failure means for the caller.
pub fn conclude(failure: Failure, method: &Method) -> Error {
    match failure {
        Failure::NeverSent(message) => Error::Connection(message),
        Failure::Broken(message) => Error::Connection(message).for_mutation(!method.repeatable),
        Failure::Server(status) => {
            let unclear = status.meaning() == Meaning::Unclear;
            Error::Server(status).for_mutation(unclear && !method.repeatable)
        }
        // The call was carried out; only what the server says of it is lost.
        Failure::Unusable(status) => Error::Server(status).for_mutation(!method.repeatable),
    }
}
