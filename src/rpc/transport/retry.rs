//! Retries a call on one connection after another: which failures are retried, and what is known of
//! the outcome at the end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::{Connection, Stream};
use crate::rpc::error::grpc_status::{INTERNAL, UNKNOWN};
use crate::rpc::error::{Error, Failure, GrpcStatus, Meaning};
use crate::rpc::transport::backoff;
use crate::rpc::transport::call_trace::CallTrace;
use crate::rpc::transport::open::Transport;
use crate::rpc::transport::peer::Reserved;
use crate::rpc::transport::pick::Avoid;
use crate::rpc::transport::request::Request;
use crate::rpc::transport::stats::Stats;
use crate::rpc::transport::stream_origin::StreamOrigin;
use crate::rpc::transport::token::Token;
use crate::rpc::wire::method::Method;

const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// How many times an unknown error is taken for a transient one.
const UNKNOWN_ERRORS: u32 = 5;

/// A call that can be retried on another connection.
pub(super) trait RetryableCall: Sync {
    type Output: Send;

    fn method(&self) -> &'static Method;

    /// Whether it waits until a member can be reached.
    fn waits_for_ready(&self) -> bool;

    fn make(
        &self,
        reserved: Reserved,
        token: &Token,
    ) -> impl Future<Output = Result<Self::Output, Failure>> + Send;
}

/// One request and one response.
pub(super) struct UnaryCall {
    pub request: Request,
    pub wait_for_ready: bool,
}

impl RetryableCall for UnaryCall {
    type Output = Bytes;

    fn method(&self) -> &'static Method {
        self.request.method
    }

    fn waits_for_ready(&self) -> bool {
        self.wait_for_ready
    }

    async fn make(&self, reserved: Reserved, token: &Token) -> Result<Bytes, Failure> {
        let Request { method, frame } = self.request.clone();
        reserved.connection.unary(method, frame, &token.metadata(), reserved.slot).await
    }
}

/// A request that opens a stream.
pub(super) struct StreamCall {
    pub request: Request,
    /// Whether the client sends nothing after the request.
    pub last: bool,
    pub wait_for_ready: bool,
}

impl RetryableCall for StreamCall {
    type Output = (Stream, StreamOrigin);

    fn method(&self) -> &'static Method {
        self.request.method
    }

    fn waits_for_ready(&self) -> bool {
        self.wait_for_ready
    }

    async fn make(&self, reserved: Reserved, token: &Token) -> Result<Self::Output, Failure> {
        let Request { method, frame } = self.request.clone();
        let Reserved { connection, slot } = reserved;
        let stream = connection.stream(method, frame, &token.metadata(), self.last, slot).await?;
        Ok((stream, StreamOrigin::new(connection, token)))
    }
}

/// Whether to retry after a failed attempt.
enum Verdict {
    Again,
    GiveUp(Error),
}

impl Transport {
    /// Makes a call on one member after another, until one answers or the call must not be retried.
    /// Another attempt is already in flight on `not_on`, so its member is avoided.
    pub(super) async fn retried<C: RetryableCall>(
        &self,
        call: &C,
        trace: &CallTrace,
        not_on: Option<&Arc<Connection>>,
    ) -> Result<C::Output, Error> {
        let method = call.method();
        let mut avoid: Option<Arc<Connection>> = None;
        let mut failures = 0;
        let mut renewed = false;
        loop {
            let avoid_now = match (not_on, &avoid) {
                (Some(elsewhere), _) => Avoid::Always(elsewhere),
                (None, Some(failed)) => Avoid::IfPossible(failed),
                (None, None) => Avoid::Nothing,
            };
            let picked = self.pool.pick(avoid_now, method.share, call.waits_for_ready()).await;
            let reserved = picked.map_err(|why| self.unreachable(why))?;
            let connection = Arc::clone(&reserved.connection);
            let (token, outcome) = self.attempt(call, reserved, trace).await;
            let failure = match outcome {
                Ok(value) => {
                    trace.answered();
                    return Ok(value);
                }
                Err(failure) => failure,
            };
            trace.failed(&failure);
            self.tell_failure(method, &connection, &failure);
            if let Failure::Server(status) = &failure
                && !renewed
                && self.renews_token(status, &token)
            {
                renewed = true;
                Stats::count(&self.stats.retries);
                continue;
            }
            let unsent = matches!(failure, Failure::NeverSent(_));
            let overloaded = failure.is_overload();
            if let Verdict::GiveUp(error) = self.judge(failure, method, &connection, failures) {
                return Err(error);
            }
            Stats::count(&self.stats.retries);
            // A replacement connection is being opened, and takes what this one refused.
            if unsent && connection.is_draining() {
                continue;
            }
            avoid = Some(connection);
            // At first another member is asked at once, which must not add to an overload.
            if failures > 0 || overloaded {
                let pauses = failures.saturating_sub(1);
                sleep(backoff::delay(pauses, FIRST_PAUSE, LONGEST_PAUSE)).await;
            }
            failures += 1;
        }
    }

    /// One attempt on one connection; also returns the token that it used.
    async fn attempt<C: RetryableCall>(
        &self,
        call: &C,
        reserved: Reserved,
        trace: &CallTrace,
    ) -> (Token, Result<C::Output, Failure>) {
        trace.goes_to(&reserved.connection);
        match self.tokens.get(&reserved.connection).await {
            Ok(token) => {
                if let Err(failure) = verify(call.method(), &reserved, &token).await {
                    return (token, Err(failure));
                }
                trace.sent();
                let outcome = call.make(reserved, &token).await;
                (token, outcome)
            }
            // Authenticating changes nothing, so it is retried like a read.
            Err(Failure::Server(status)) if status.meaning() == Meaning::Unclear => {
                (Token::Missing, Err(Failure::NeverSent(status.message)))
            }
            Err(failure) => (Token::Missing, Err(failure)),
        }
    }

    /// Tells the log how an attempt has failed.
    fn tell_failure(&self, method: &Method, connection: &Connection, failure: &Failure) {
        self.stats.debug(|| {
            let (name, endpoint) = (method.name(), &connection.endpoint().name);
            format!("{name}: an attempt on {endpoint} has failed: {}", failure.message())
        });
    }

    /// Whether a refused call may succeed with a new token. If so, the next attempt fetches one.
    fn renews_token(&self, status: &GrpcStatus, token: &Token) -> bool {
        let renews = status.meaning() == Meaning::RenewToken && self.tokens.is_renewable();
        if renews {
            self.stats.debug(|| "the auth token was refused; a new one is fetched".into());
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
                    Meaning::TryElsewhere | Meaning::TryLater => true,
                    Meaning::Unclear => method.repeatable && is_transient(status, failures),
                    Meaning::Refused | Meaning::RenewToken => false,
                };
                if again || status.meaning() == Meaning::Unclear {
                    self.pool.shun(connection, &status.message, backoff::SHUN);
                }
                if again { Verdict::Again } else { Verdict::GiveUp(conclude(failure, method)) }
            }
            Failure::WrongServer { server, unsent } => {
                let others = self.pool.refuse(connection, server);
                if others && (*unsent || method.repeatable) {
                    Verdict::Again
                } else {
                    Verdict::GiveUp(conclude(failure, method))
                }
            }
            Failure::Broken(_) | Failure::Unusable(_) => Verdict::GiveUp(conclude(failure, method)),
        }
    }

    fn unreachable(&self, why: String) -> Error {
        self.pool.other_cluster().map_or(Error::Connection(why), Error::OtherCluster)
    }

    /// Makes a call on one member only.
    pub(super) async fn on_member<C: RetryableCall>(
        &self,
        endpoint: &Endpoint,
        call: &C,
        trace: &CallTrace,
    ) -> Result<C::Output, Error> {
        let method = call.method();
        let mut renewed = false;
        let mut broken = false;
        loop {
            let found = self.pool.connection_to(endpoint, method.share).await;
            let reserved = found.map_err(|why| self.unreachable(why))?;
            let connection = Arc::clone(&reserved.connection);
            let (token, outcome) = self.attempt(call, reserved, trace).await;
            let failure = match outcome {
                Ok(value) => {
                    trace.answered();
                    return Ok(value);
                }
                Err(failure) => failure,
            };
            trace.failed(&failure);
            self.tell_failure(method, &connection, &failure);
            match &failure {
                Failure::Server(status) if !renewed && self.renews_token(status, &token) => {
                    renewed = true;
                }
                // The connection may have been stale; a second attempt shows whether the member is
                // there.
                Failure::NeverSent(_) if !broken => broken = true,
                Failure::Broken(_) if !broken && method.repeatable => broken = true,
                _ => return Err(conclude(failure, method)),
            }
            Stats::count(&self.stats.retries);
        }
    }
}

/// Checks before a change that the member belongs to the same cluster as the members before it.
/// Most reads need no check in advance, because their answer names the cluster.
async fn verify(method: &Method, reserved: &Reserved, token: &Token) -> Result<(), Failure> {
    let connection = &reserved.connection;
    let in_advance = method.changes || method.names_cluster_late;
    if !in_advance || !connection.is_to_be_verified() {
        return Ok(());
    }
    connection.verify(&token.metadata()).await.map_err(|failure| match failure {
        Failure::Broken(why) => Failure::NeverSent(why),
        Failure::WrongServer { server, .. } => Failure::WrongServer { server, unsent: true },
        failure => failure,
    })
}

/// Whether retrying a read may succeed.
fn is_transient(status: &GrpcStatus, failures: u32) -> bool {
    // `Canceled` and the like come from a server that is shutting down. An unknown error comes from
    // a proxy or the transport, or is an etcd error that this client does not know yet.
    match status.server_error() {
        // A full database stays full.
        Some(known) => known.name != "NoSpace",
        None => failures < UNKNOWN_ERRORS || !matches!(status.code, UNKNOWN | INTERNAL),
    }
}

/// The error that the caller gets for a failure.
pub fn conclude(failure: Failure, method: &Method) -> Error {
    match failure {
        Failure::NeverSent(message) => Error::Connection(message),
        Failure::Broken(message) => Error::Connection(message).for_mutation(!method.repeatable),
        Failure::Server(status) => {
            let unclear = status.meaning() == Meaning::Unclear;
            Error::Server(status).for_mutation(unclear && !method.repeatable)
        }
        // The call was carried out, and only its response is unusable.
        Failure::Unusable(status) => Error::Server(status).for_mutation(!method.repeatable),
        Failure::WrongServer { server, unsent } => {
            Error::from(server).for_mutation(!unsent && !method.repeatable)
        }
    }
}
