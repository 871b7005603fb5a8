//! Carrying a call to a member and back: which failures are retried, and what is known at the
//! end.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use tokio::time::{Instant, sleep, timeout_at};

use super::backoff;
use super::connection::{Connection, Stream};
use super::endpoint::Endpoint;
use super::error::{Error, Failure};
use super::method::Method;
use super::options::Options;
use super::pool::Pool;
use super::stats::Stats;
use super::status::{Meaning, Status};
use super::token::{Token, TokenStore};
use super::wire;

const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

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
    Again { avoid: bool },
    GiveUp(Error),
}

/// The connection on which the request of a call may have reached a server.
#[derive(Default)]
struct Progress(Mutex<Option<Arc<Connection>>>);

impl Progress {
    fn sent_on(&self, connection: &Arc<Connection>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(connection));
    }

    fn not_sent(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn connection(&self) -> Option<Arc<Connection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
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

    /// Makes the first connection, and shows the user's password to the server.
    pub async fn connect(&self) -> Result<(), Error> {
        let deadline = Instant::now() + self.options.connect_timeout;
        let connecting = async {
            let connection = self.pool.connect().await.map_err(Error::Connection)?;
            match self.tokens.get(&connection).await {
                Err(Failure::Broken(message)) => Err(Error::Connection(message)),
                Err(Failure::Server(status)) if status.meaning() == Meaning::Refused => {
                    Err(Error::Server(status))
                }
                // The calls have time to wait for a leader, or for another member.
                Ok(_) | Err(Failure::NeverSent(_) | Failure::Server(_)) => Ok(()),
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
        Stats::count(&self.stats.requests);
        let _in_flight = self.stats.in_flight();
        let progress = Progress::default();
        let unary = Unary { method, request };
        self.bounded(self.attempts(&unary, &progress), method, deadline, &progress).await
    }

    /// Opens a stream on a healthy member; the stream itself has no deadline.
    pub async fn stream(
        &self,
        method: &'static Method,
        request: Bytes,
        last: bool,
        deadline: Deadline,
    ) -> Result<(Stream, StreamOrigin), Error> {
        let progress = Progress::default();
        let opening = Opening { method, request, last };
        self.bounded(self.attempts(&opening, &progress), method, deadline, &progress).await
    }

    /// Sends a request to one member and to no other.
    pub async fn call_member<M: Message + Default>(
        &self,
        endpoint: &Endpoint,
        method: &'static Method,
        request: Bytes,
        deadline: Deadline,
    ) -> Result<M, Error> {
        let progress = Progress::default();
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
    ) -> Result<Stream, Error> {
        let progress = Progress::default();
        let opening = Opening { method, request, last: true };
        let call = self.on_member(endpoint, &opening, &progress);
        let (stream, _) = self.bounded(call, method, deadline, &progress).await?;
        Ok(stream)
    }

    async fn on_member<A: Attempt>(
        &self,
        endpoint: &Endpoint,
        attempt: &A,
        progress: &Progress,
    ) -> Result<A::Output, Error> {
        let method = attempt.method();
        let connection = self.pool.connection_to(endpoint).await.map_err(Error::Connection)?;
        let mut renewed = false;
        loop {
            let token = self.tokens.get(&connection).await.map_err(|f| conclude(f, method))?;
            progress.sent_on(&connection);
            match attempt.make(&connection, &token).await {
                Err(Failure::Server(status))
                    if !renewed
                        && status.meaning() == Meaning::RenewToken
                        && self.tokens.is_renewable() =>
                {
                    self.tokens.refused(&token);
                    renewed = true;
                }
                outcome => return outcome.map_err(|failure| conclude(failure, method)),
            }
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
            connection.suspect();
            let message = format!("{}: no answer within the deadline", method.name());
            return Err(Error::Timeout(message).for_mutation(!method.repeatable));
        }
        Err(Error::Timeout(format!(
            "{}: no member could be reached within the deadline: {}",
            method.name(),
            self.pool.last_errors()
        )))
    }

    async fn attempts<A: Attempt>(
        &self,
        attempt: &A,
        progress: &Progress,
    ) -> Result<A::Output, Error> {
        let method = attempt.method();
        let mut avoid: Option<Arc<Connection>> = None;
        let mut failures = 0;
        let mut renewed = false;
        loop {
            let connection = self.pool.pick(avoid.as_ref()).await;
            let (token, outcome) = match self.tokens.get(&connection).await {
                Ok(token) => {
                    progress.sent_on(&connection);
                    let outcome = attempt.make(&connection, &token).await;
                    (token, outcome)
                }
                Err(Failure::Server(status)) if status.meaning() == Meaning::Unclear => {
                    // Authenticating changes nothing, so it is repeated like a read.
                    (Token::Missing, Err(Failure::NeverSent(status.message)))
                }
                Err(failure) => (Token::Missing, Err(failure)),
            };
            let failure = match outcome {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            if let Failure::Server(status) = &failure
                && status.meaning() == Meaning::RenewToken
                && !renewed
                && self.tokens.is_renewable()
            {
                self.tokens.refused(&token);
                renewed = true;
                progress.not_sent();
                continue;
            }
            match self.judge(failure, method, &connection) {
                Verdict::GiveUp(error) => return Err(error),
                Verdict::Again { avoid: elsewhere } => {
                    progress.not_sent();
                    avoid = elsewhere.then_some(connection);
                }
            }
            Stats::count(&self.stats.retries);
            if failures > 0 {
                sleep(backoff::delay(failures - 1, FIRST_PAUSE, LONGEST_PAUSE)).await;
            }
            failures += 1;
        }
    }

    fn judge(&self, failure: Failure, method: &Method, connection: &Arc<Connection>) -> Verdict {
        match &failure {
            Failure::NeverSent(_) => Verdict::Again { avoid: true },
            Failure::Broken(_) if method.repeatable => Verdict::Again { avoid: true },
            Failure::Server(status) => match status.meaning() {
                Meaning::TryElsewhere => {
                    self.pool.shun(connection);
                    Verdict::Again { avoid: true }
                }
                Meaning::Unclear if method.repeatable && is_transient(status) => {
                    Verdict::Again { avoid: true }
                }
                _ => Verdict::GiveUp(conclude(failure, method)),
            },
            Failure::Broken(_) => Verdict::GiveUp(conclude(failure, method)),
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
    pub fn shun(&self, transport: &Transport) {
        transport.pool.shun(&self.connection);
    }

    /// Has the next stream use a new token; false where that is of no use.
    pub fn renew_token(&self, transport: &Transport) -> bool {
        transport.tokens.refused(&self.token);
        transport.tokens.is_renewable()
    }
}

/// Whether a repeated read may succeed.
fn is_transient(status: &Status) -> bool {
    // `Canceled` and the like come from a server that goes down; anything else without a name
    // of etcd's comes from a proxy or from the transport.
    status.meaning() == Meaning::Unclear
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
    }
}
