//! Sends requests, to the best member or to a given one.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use tokio::time::{Instant, timeout_at};

use crate::rpc::connection::Stream;
use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::error::Error;
use crate::rpc::telemetry::CallRecord;
use crate::rpc::transport::backoff::SHUN_SILENT;
use crate::rpc::transport::call_trace::CallTrace;
use crate::rpc::transport::hedge::HEDGE_AFTER;
use crate::rpc::transport::open::Transport;
use crate::rpc::transport::request::Request;
use crate::rpc::transport::retry::{StreamCall, UnaryCall, conclude};
use crate::rpc::transport::stats::Stats;
use crate::rpc::transport::stream_origin::StreamOrigin;
use crate::rpc::wire;
use crate::rpc::wire::method::{Method, Patience};

/// If a call waited for less than this, its timeout says nothing about the member.
const LEAST_WAIT: Duration = Duration::from_millis(200);

/// When a call has to be over; `None` for no deadline.
pub type Deadline = Option<Instant>;

/// How long a call is tried.
#[derive(Clone, Copy)]
pub struct CallOptions {
    pub deadline: Deadline,
    /// Whether to wait until a member can be reached. If not, the call fails once every endpoint
    /// has failed to connect.
    pub wait_for_ready: bool,
}

impl From<Deadline> for CallOptions {
    fn from(deadline: Deadline) -> Self {
        Self { deadline, wait_for_ready: true }
    }
}

impl Transport {
    /// Sends a request and decodes the response.
    pub async fn call<M: Message + Default>(
        &self,
        request: Request,
        options: impl Into<CallOptions>,
    ) -> Result<M, Error> {
        let method = request.method;
        let response = self.unary(request, options.into()).await?;
        wire::decode(response).map_err(|failure| conclude(failure, method))
    }

    /// Sends a request and returns the response undecoded.
    pub async fn unary(&self, request: Request, options: CallOptions) -> Result<Bytes, Error> {
        Stats::count(&self.stats.requests);
        let _in_flight = self.stats.in_flight();
        let trace = self.trace_of(&request);
        let outcome = self.anywhere(request, options, &trace).await;
        trace.ended(&outcome, Bytes::len);
        outcome
    }

    /// The trace of a unary call that begins now.
    fn trace_of(&self, request: &Request) -> CallTrace {
        let started = Instant::now();
        let events = self.stats.events.as_ref();
        let record =
            |events| CallRecord::new(events, request.method, started, request.frame.size());
        CallTrace::new(started, events.map(record))
    }

    /// The trace of a stream that is opened now.
    fn trace_of_stream(&self, request: &Request) -> CallTrace {
        let started = Instant::now();
        let record = self.stats.events.as_ref().map(|events| {
            CallRecord::new(events, request.method, started, request.frame.size()).of_stream()
        });
        CallTrace::new(started, record)
    }

    async fn anywhere(
        &self,
        request: Request,
        options: CallOptions,
        trace: &CallTrace,
    ) -> Result<Bytes, Error> {
        let started = trace.started;
        let method = request.method;
        let CallOptions { deadline, wait_for_ready } = options;
        let call = UnaryCall { request, wait_for_ready };
        let attempts = self.retried(&call, trace, None);
        tokio::pin!(attempts);
        if method.patience == Patience::Little {
            let half = deadline.map_or(HEDGE_AFTER, |end| (end - started) / 2);
            let patience = started + HEDGE_AFTER.min(half);
            if let Ok(outcome) = timeout_at(patience, &mut attempts).await {
                return outcome;
            }
            let hedged = Box::pin(self.hedge(attempts, &call, trace));
            return self.bounded(hedged, method, deadline, trace).await;
        }
        self.bounded(attempts, method, deadline, trace).await
    }

    /// Sends a request to the member at `endpoint` only; without an endpoint, to the best member.
    pub async fn call_on<M: Message + Default>(
        &self,
        endpoint: Option<&Endpoint>,
        request: Request,
        options: impl Into<CallOptions>,
    ) -> Result<M, Error> {
        let Some(endpoint) = endpoint else { return self.call(request, options).await };
        let CallOptions { deadline, wait_for_ready } = options.into();
        Stats::count(&self.stats.requests);
        let _in_flight = self.stats.in_flight();
        let trace = self.trace_of(&request);
        let method = request.method;
        let call = UnaryCall { request, wait_for_ready };
        let attempts = self.on_member(endpoint, &call, &trace);
        let outcome = self.bounded(attempts, method, deadline, &trace).await;
        trace.ended(&outcome, Bytes::len);
        let response = outcome?;
        wire::decode(response).map_err(|failure| conclude(failure, method))
    }

    /// Opens a stream on a healthy member. The deadline is for opening it only. `last` says that
    /// the client sends nothing after the request.
    pub async fn stream(
        &self,
        request: Request,
        last: bool,
        options: impl Into<CallOptions>,
    ) -> Result<(Stream, StreamOrigin), Error> {
        let trace = self.trace_of_stream(&request);
        let method = request.method;
        let CallOptions { deadline, wait_for_ready } = options.into();
        let call = StreamCall { request, last, wait_for_ready };
        let attempts = self.retried(&call, &trace, None);
        trace.opened(self.bounded(attempts, method, deadline, &trace).await)
    }

    /// Opens a stream on another member than the one of `not_on`, which leaves requests unanswered.
    pub async fn stream_elsewhere(
        &self,
        request: Request,
        not_on: &StreamOrigin,
        deadline: Deadline,
    ) -> Result<(Stream, StreamOrigin), Error> {
        let trace = self.trace_of_stream(&request);
        let method = request.method;
        let call = StreamCall { request, last: false, wait_for_ready: true };
        let attempts = self.retried(&call, &trace, Some(&not_on.connection));
        trace.opened(self.bounded(attempts, method, deadline, &trace).await)
    }

    /// Opens a stream of answers to one request, on the member at `endpoint` only; without an
    /// endpoint, on the best member.
    pub async fn stream_on(
        &self,
        endpoint: Option<&Endpoint>,
        request: Request,
        deadline: Deadline,
    ) -> Result<(Stream, StreamOrigin), Error> {
        let Some(endpoint) = endpoint else { return self.stream(request, true, deadline).await };
        let trace = self.trace_of_stream(&request);
        let method = request.method;
        let call = StreamCall { request, last: true, wait_for_ready: true };
        let attempts = self.on_member(endpoint, &call, &trace);
        trace.opened(self.bounded(attempts, method, deadline, &trace).await)
    }

    /// Applies the deadline to a call, including the time that it waits for a connection.
    async fn bounded<T>(
        &self,
        call: impl Future<Output = Result<T, Error>>,
        method: &Method,
        deadline: Deadline,
        trace: &CallTrace,
    ) -> Result<T, Error> {
        let Some(deadline) = deadline else { return call.await };
        if let Ok(outcome) = timeout_at(deadline, call).await {
            return outcome;
        }
        if let Some(connection) = trace.connection() {
            if trace.started.elapsed() >= LEAST_WAIT && method.patience != Patience::Endless {
                connection.suspect();
                self.pool.shun(&connection, "it leaves a call without an answer", SHUN_SILENT);
            } else {
                connection.doubt();
            }
        }
        if let Some(other) = trace.other_cluster().filter(|_| !trace.was_sent()) {
            return Err(Error::OtherCluster(other));
        }
        if let Some(overload) = trace.overload().filter(|_| !trace.was_sent()) {
            return Err(Error::Server(overload));
        }
        let name = method.name();
        let what = match (trace.was_sent(), trace.last_failure()) {
            (true, Some(why)) => {
                format!("{name}: no answer within the deadline, and before: {why}")
            }
            (true, None) => format!("{name}: no answer within the deadline"),
            (false, Some(why)) => format!("{name}: no success within the deadline: {why}"),
            (false, None) if self.pool.is_connected() => {
                format!("{name}: every stream that the members allow was taken until the deadline")
            }
            (false, None) => {
                let errors = self.pool.last_errors();
                let what = "no member could be reached within the deadline";
                return Err(Error::Unreachable(format!("{name}: {what}: {errors}")));
            }
        };
        Err(Error::Timeout(what).for_mutation(trace.was_sent() && !method.repeatable))
    }
}
