//! One HTTP/2 connection to one member.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Ping, PingPong, SendStream};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, TE, USER_AGENT};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Method as HttpMethod, Request, Uri};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::dial::{self, Io};
use super::endpoint::Endpoint;
use super::error::Failure;
use super::method::Method;
use super::options::Options;
use super::wire::{self, Incoming};

/// How much a server may send ahead of what its reader has taken. A slow reader is slowed by
/// the window of its stream; that of the connection never is in the way of the others.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;

/// etcd's servers count a ping as abuse that comes sooner after the last one.
const MIN_PING_INTERVAL: Duration = Duration::from_secs(5);
/// How often a connection is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How long a connection under suspicion may take to answer a ping.
const SUSPICION_LIMIT: Duration = Duration::from_secs(1);

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
    health: Arc<Health>,
}

#[derive(Default)]
struct Health {
    closed: AtomicBool,
    /// A call got no answer in time; cleared by the next sign of life.
    suspect: AtomicBool,
    doubted: Notify,
    streams: AtomicUsize,
    /// Calls that wait for their answer, and how many have got one.
    waiting: AtomicUsize,
    answered: AtomicUsize,
}

/// Counts a call as waiting for as long as it lives.
struct Waiting<'a>(&'a Health);

impl<'a> Waiting<'a> {
    fn new(health: &'a Health) -> Self {
        health.waiting.fetch_add(1, Ordering::AcqRel);
        Self(health)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What goes along with a request.
#[derive(Clone, Default)]
pub struct Metadata {
    pub token: Option<HeaderValue>,
}

impl Connection {
    /// Opens a connection; `closed` is called once it is gone.
    pub async fn open(
        endpoint: &Endpoint,
        options: &Options,
        closed: impl FnOnce() + Send + 'static,
    ) -> Result<Arc<Self>, String> {
        let stream = dial::dial(endpoint, options).await?;
        let (requests, mut driver) = h2::client::Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .enable_push(false)
            .handshake::<_, Bytes>(stream)
            .await
            .map_err(|error| format!("{}: {error}", endpoint.name))?;
        let health = Arc::<Health>::default();
        let pings = driver.ping_pong();
        let connection = Arc::new(Self {
            requests,
            scheme: if endpoint.tls { Scheme::HTTPS } else { Scheme::HTTP },
            authority: endpoint.authority.parse().map_err(|_| {
                format!("{}: {:?} is no valid authority", endpoint.name, endpoint.authority)
            })?,
            headers: request_headers(),
            max_response_size: options.max_response_size,
            health: Arc::clone(&health),
        });
        tokio::spawn(drive(driver, pings, health, options.clone(), closed));
        Ok(connection)
    }

    pub fn is_open(&self) -> bool {
        !self.health.closed.load(Ordering::Acquire)
    }

    pub fn is_suspect(&self) -> bool {
        self.health.suspect.load(Ordering::Acquire)
    }

    /// Says that a call got no answer in time: the connection has to prove that it lives, and
    /// others are preferred until then.
    pub fn suspect(&self) {
        self.health.suspect.store(true, Ordering::Release);
        self.health.doubted.notify_one();
    }

    /// Sends one message and receives one.
    pub async fn unary(
        &self,
        method: &Method,
        message: Bytes,
        metadata: &Metadata,
    ) -> Result<Bytes, Failure> {
        let (mut incoming, _outgoing) = self.start(method, message, metadata, true).await?;
        let waiting = Waiting::new(&self.health);
        let response = incoming.message().await?;
        drop(waiting);
        self.health.answered.fetch_add(1, Ordering::AcqRel);
        self.health.suspect.store(false, Ordering::Release);
        let Some(response) = response else {
            return Err(Failure::Broken("the server ended the call without a response".into()));
        };
        // The status comes after the message; success is only known then.
        match incoming.message().await? {
            None => Ok(response),
            Some(_) => Err(Failure::Broken("the server sent a second response".into())),
        }
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
        let (response, mut stream) = requests.send_request(request, false).map_err(never_sent)?;
        // The headers are queued: from here on the request may reach the server.
        stream.send_data(message, last).map_err(wire::broken)?;
        self.health.streams.fetch_add(1, Ordering::AcqRel);
        let outgoing = Outgoing { stream, health: Arc::clone(&self.health) };
        Ok((self.incoming(response), outgoing))
    }

    fn incoming(&self, response: ResponseFuture) -> Incoming {
        Incoming::new(response, self.max_response_size)
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

/// The client's side of a stream. Dropping it before the server has ended the stream resets
/// it, which cancels the call on the server.
struct Outgoing {
    stream: SendStream<Bytes>,
    health: Arc<Health>,
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.health.streams.fetch_sub(1, Ordering::AcqRel);
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
        self.incoming.message().await
    }
}

/// Runs a connection until it breaks, is not used any more, or does not answer pings.
async fn drive(
    driver: h2::client::Connection<Box<dyn Io>, Bytes>,
    pings: Option<PingPong>,
    health: Arc<Health>,
    options: Options,
    closed: impl FnOnce(),
) {
    tokio::select! {
        _ = driver => {}
        () = watch_over(pings, &health, &options) => {}
    }
    health.closed.store(true, Ordering::Release);
    closed();
}

/// Pings the member; returns when it does not answer. Dropping the driver then fails all calls
/// of the connection.
async fn watch_over(pings: Option<PingPong>, health: &Health, options: &Options) {
    let (Some(mut pings), Some((interval, limit))) = (pings, options.keep_alive) else {
        return std::future::pending().await;
    };
    // The first ping may come at once.
    let mut last_ping = Instant::now().checked_sub(MIN_PING_INTERVAL).unwrap_or_else(Instant::now);
    let mut answered = 0;
    loop {
        let doubted = tokio::select! {
            () = sleep(TICK) => {
                let before = std::mem::replace(&mut answered, health.answered.load(Ordering::Acquire));
                health.waiting.load(Ordering::Acquire) > 0 && before == answered
                    || health.suspect.load(Ordering::Acquire)
            }
            () = health.doubted.notified() => true,
        };
        let in_use = health.streams.load(Ordering::Acquire) > 0 || options.keep_alive_while_idle;
        let due = in_use && last_ping.elapsed() >= interval;
        if !(due || doubted && last_ping.elapsed() >= MIN_PING_INTERVAL) {
            continue;
        }
        last_ping = Instant::now();
        let limit = if doubted { limit.min(SUSPICION_LIMIT) } else { limit };
        match timeout(limit, pings.ping(Ping::opaque())).await {
            Ok(Ok(_)) => health.suspect.store(false, Ordering::Release),
            Ok(Err(_)) | Err(_) => return,
        }
    }
}
