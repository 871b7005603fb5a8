//! One HTTP/2 connection to one member.

pub mod dial;
pub mod endpoint;
pub mod health;
pub mod options;
pub mod server_version;
#[cfg(test)]
mod tests;
pub mod tls;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use etcd_client::proto::{PbStatusRequest, PbStatusResponse};
use h2::client::SendRequest;
use h2::{PingPong, SendStream};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, TE, USER_AGENT};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Method as HttpMethod, Request, Uri};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::health::{Observed, OpenStream, Pulse, awaiting};
use crate::rpc::connection::options::Options;
use crate::rpc::error::{Failure, Unreachable};
use crate::rpc::wire::method::{self, Method, Patience};
use crate::rpc::wire::{self, Incoming};

/// How much a server may send ahead of what its reader has taken. A slow reader is slowed by
/// the window of its stream; that of the connection never is in the way of the others.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;

/// For so many cancelled calls, and for so long, the answers that are still on their way are
/// ignored in silence; h2 takes what comes later for an error of the server's.
const CANCELLED_CALLS: usize = 4096;
const CANCELLED_FOR: Duration = Duration::from_secs(30);

const USER_AGENT_VALUE: HeaderValue =
    HeaderValue::from_static(concat!("etcd-client-py/", env!("CARGO_PKG_VERSION")));
const TOKEN: HeaderName = HeaderName::from_static("token");
const HAS_LEADER: HeaderName = HeaderName::from_static("hasleader");

pub struct Connection {
    requests: SendRequest<Bytes>,
    scheme: Scheme,
    authority: Authority,
    headers: HeaderMap,
    max_response_size: usize,
    pulse: Arc<Pulse>,
    orders_progress: OnceCell<bool>,
}

/// What goes along with a request.
#[derive(Clone, Default)]
pub struct Metadata {
    pub token: Option<HeaderValue>,
}

/// How a connection ended.
pub struct End {
    pub why: String,
    /// Whether anything was ever answered on it.
    pub useful: bool,
    /// Whether nobody had a use for it any more.
    pub expected: bool,
}

type Driver = h2::client::Connection<Observed, Bytes>;

impl Connection {
    /// Opens a connection, within the connect timeout; `closed` is called once it is gone.
    pub async fn open(
        endpoint: &Endpoint,
        options: &Options,
        closed: impl FnOnce(End) + Send + 'static,
    ) -> Result<Arc<Self>, Unreachable> {
        let authority = endpoint.authority.parse().map_err(|_| {
            format!("{}: {:?} is no valid authority", endpoint.name, endpoint.authority)
        })?;
        let pulse = Arc::<Pulse>::default();
        let deadline = Instant::now() + options.connect_timeout;
        let opening = async {
            let stream = timeout_at(deadline, dial::dial(endpoint, options))
                .await
                .unwrap_or_else(|_| Err("the server does not accept the connection".into()))?;
            timeout_at(deadline, greet(Observed::new(stream, &pulse), endpoint, &pulse))
                .await
                .unwrap_or_else(|_| Err("the server does not speak".into()))
        };
        let (requests, mut driver) =
            opening.await.map_err(|error: Unreachable| error.at(&endpoint.name))?;
        let pings = driver.ping_pong();
        let connection = Arc::new(Self {
            requests,
            scheme: if endpoint.tls { Scheme::HTTPS } else { Scheme::HTTP },
            authority,
            headers: request_headers(),
            max_response_size: options.max_response_size,
            pulse: Arc::clone(&pulse),
            orders_progress: OnceCell::new(),
        });
        tokio::spawn(drive(driver, pings, pulse, options.clone(), closed));
        Ok(connection)
    }

    pub fn is_open(&self) -> bool {
        !self.pulse.is_closed()
    }

    pub fn is_suspect(&self) -> bool {
        self.pulse.is_suspect()
    }

    /// Says that the member should have answered: the connection has to prove that it lives,
    /// and others are preferred until then.
    pub fn suspect(&self) {
        self.pulse.suspect();
    }

    /// Asks streams that can go on elsewhere to leave.
    pub fn retire(&self) {
        self.pulse.retire();
    }

    /// Completes when streams are asked to leave.
    pub async fn retired(&self) {
        self.pulse.retired().await;
    }

    /// Has the connection prove that it lives.
    pub fn doubt(&self) {
        self.pulse.doubt();
    }

    /// Sends one message and receives one.
    pub async fn unary(
        &self,
        method: &Method,
        message: Bytes,
        metadata: &Metadata,
    ) -> Result<Bytes, Failure> {
        let (mut incoming, outgoing) = self.start(method, message, metadata, true).await?;
        let outcome = if method.patience == Patience::Endless {
            self.response(&mut incoming).await
        } else {
            awaiting(&self.pulse, self.response(&mut incoming)).await
        };
        match outcome {
            Err(Failure::Broken(why)) if outgoing.was_not_written() => Err(Failure::NeverSent(why)),
            outcome => outcome,
        }
    }

    async fn response(&self, incoming: &mut Incoming) -> Result<Bytes, Failure> {
        let Some(response) = incoming.message().await? else {
            return Err(Failure::Broken("the server ended the call without a response".into()));
        };
        self.pulse.answered();
        // The status comes after the message; success is only known then.
        match incoming.message().await? {
            None => Ok(response),
            Some(_) => Err(Failure::Broken("the server sent a second response".into())),
        }
    }

    /// Whether the member's version is one that `server_version::orders_progress` knows as good; not where
    /// the member does not tell. Fails where it could not be asked.
    pub async fn orders_progress(&self, metadata: &Metadata) -> Result<bool, Failure> {
        let ask = async || {
            let request = wire::frame(&PbStatusRequest::default());
            match self.unary(&method::STATUS, request, metadata).await {
                Ok(answer) => {
                    let status: PbStatusResponse = wire::decode(answer)?;
                    Ok(server_version::orders_progress(&status.version))
                }
                Err(Failure::Server(_)) => Ok(false),
                Err(failure) => Err(failure),
            }
        };
        self.orders_progress.get_or_try_init(ask).await.copied()
    }

    /// Opens a stream and sends its first message.
    pub async fn stream(
        &self,
        method: &Method,
        message: Bytes,
        metadata: &Metadata,
        last: bool,
    ) -> Result<Stream, Failure> {
        let (incoming, outgoing) = self.start(method, message, metadata, last).await?;
        Ok(Stream { incoming, outgoing })
    }

    async fn start(
        &self,
        method: &Method,
        message: Bytes,
        metadata: &Metadata,
        last: bool,
    ) -> Result<(Incoming, Outgoing), Failure> {
        let mut requests = self.requests.clone();
        poll_fn(|context| requests.poll_ready(context)).await.map_err(never_sent)?;
        let request = self.request(method, metadata);
        let written_before = self.pulse.written();
        let (response, mut stream) = requests.send_request(request, false).map_err(never_sent)?;
        // The headers are queued: from here on the request may reach the server.
        stream.send_data(message, last).map_err(wire::broken)?;
        let open = OpenStream::new(&self.pulse);
        let outgoing =
            Outgoing { stream, written_before, pulse: Arc::clone(&self.pulse), _open: open };
        Ok((Incoming::new(response, self.max_response_size), outgoing))
    }

    fn request(&self, method: &Method, metadata: &Metadata) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = HttpMethod::POST;
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(self.scheme.clone());
        uri.authority = Some(self.authority.clone());
        uri.path_and_query = Some(method.path());
        *request.uri_mut() = Uri::from_parts(uri).unwrap_or_default();
        *request.headers_mut() = self.headers.clone();
        if method.needs_leader {
            request.headers_mut().insert(HAS_LEADER, HeaderValue::from_static("true"));
        }
        if let Some(token) = &metadata.token {
            request.headers_mut().insert(TOKEN, token.clone());
        }
        request
    }
}

fn request_headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(USER_AGENT, USER_AGENT_VALUE);
    headers
}

fn never_sent(error: h2::Error) -> Failure {
    Failure::NeverSent(format!("the connection is gone: {error}"))
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.pulse.abandon();
    }
}

/// The client's side of a stream. Dropping it before the server has ended the stream resets
/// it, which cancels the call on the server.
struct Outgoing {
    stream: SendStream<Bytes>,
    /// What had been written to the connection before the request was queued.
    written_before: u64,
    pulse: Arc<Pulse>,
    _open: OpenStream,
}

impl Outgoing {
    /// Whether certainly no byte of the request has left this process.
    fn was_not_written(&self) -> bool {
        self.pulse.written() == self.written_before
    }
}

/// A stream of messages in both directions.
pub struct Stream {
    incoming: Incoming,
    outgoing: Outgoing,
}

impl Stream {
    pub fn send(&mut self, message: Bytes) -> Result<(), Failure> {
        self.outgoing.stream.send_data(message, false).map_err(wire::broken)
    }

    pub async fn message(&mut self) -> Result<Option<Bytes>, Failure> {
        let message = self.incoming.message().await?;
        self.outgoing.pulse.answered();
        Ok(message)
    }
}

/// Begins HTTP/2 and waits for the server's part of it. The system accepts connections for a
/// process that is frozen, too, and only the server itself can speak; if it does not speak
/// HTTP/2, or is about to refuse the client's certificate, that is what it says first.
async fn greet(
    stream: Observed,
    endpoint: &Endpoint,
    pulse: &Pulse,
) -> Result<(SendRequest<Bytes>, Driver), Unreachable> {
    let (requests, mut driver) = h2::client::Builder::new()
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        // Until the server's settings come, which say how many it takes.
        .initial_max_send_streams(0)
        .enable_push(false)
        .max_concurrent_reset_streams(CANCELLED_CALLS)
        .reset_stream_duration(CANCELLED_FOR)
        // Beyond that many late answers h2 would end the connection, and all calls with it.
        .max_local_error_reset_streams(None)
        .handshake(stream)
        .await
        .map_err(|error| no_greeting(Some(error), endpoint, pulse))?;
    poll_fn(|context| match Pin::new(&mut driver).poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Err(no_greeting(outcome.err(), endpoint, pulse))),
        Poll::Pending if requests.current_max_send_streams() > 0 => Poll::Ready(Ok(())),
        Poll::Pending => Poll::Pending,
    })
    .await?;
    Ok((requests, driver))
}

/// Why a server did not begin HTTP/2: it ended the connection, or broke the protocol.
fn no_greeting(error: Option<h2::Error>, endpoint: &Endpoint, pulse: &Pulse) -> Unreachable {
    if let Some(alert) = pulse.alert() {
        return alert;
    }
    let hint = if endpoint.tls { "" } else { "; is the port one for https?" };
    match error {
        Some(error) => format!("the server does not speak HTTP/2: {error}{hint}").into(),
        None => format!("the server ended the connection at once{hint}").into(),
    }
}

/// Runs a connection until it breaks, is not used any more, or does not answer pings.
async fn drive(
    driver: Driver,
    pings: Option<PingPong>,
    pulse: Arc<Pulse>,
    options: Options,
    closed: impl FnOnce(End),
) {
    let why = tokio::select! {
        outcome = driver => match outcome {
            Ok(()) => "the server closed it".into(),
            Err(error) => error.to_string(),
        },
        () = pulse.watch_over(pings, &options) => "the server does not answer".into(),
    };
    pulse.set_closed();
    closed(End { why, useful: pulse.is_useful(), expected: pulse.is_abandoned() });
}
