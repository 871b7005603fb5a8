//! One HTTP/2 connection to one member.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use etcd_client::proto::{PbStatusRequest, PbStatusResponse};
use h2::PingPong;
use h2::client::SendRequest;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, TE, USER_AGENT};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Method as HttpMethod, Request, Uri};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::handshake::{Driver, greet};
use crate::rpc::connection::health::{Health, awaiting};
use crate::rpc::connection::observed_io::ObservedIo;
use crate::rpc::connection::options::Options;
use crate::rpc::connection::stream::{Outgoing, Stream};
use crate::rpc::connection::{dial, server_version};
use crate::rpc::error::{Failure, Unreachable};
use crate::rpc::wire::method::{self, Method, Patience};
use crate::rpc::wire::{self, Incoming};

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
        let health = Arc::<Health>::default();
        let deadline = Instant::now() + options.connect_timeout;
        let opening = async {
            let stream = timeout_at(deadline, dial::dial(endpoint, options))
                .await
                .unwrap_or_else(|_| Err("the server does not accept the connection".into()))?;
            timeout_at(deadline, greet(ObservedIo::new(stream, &health), endpoint, &health))
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
            health: Arc::clone(&health),
            orders_progress: OnceCell::new(),
        });
        tokio::spawn(drive(driver, pings, health, options.clone(), closed));
        Ok(connection)
    }

    pub fn is_open(&self) -> bool {
        !self.health.is_closed()
    }

    pub fn is_suspect(&self) -> bool {
        self.health.is_suspect()
    }

    /// Says that the member should have answered: it is pinged, and others are preferred until it
    /// shows life.
    pub fn suspect(&self) {
        self.health.suspect();
    }

    /// Asks streams that can go on elsewhere to leave.
    pub fn retire(&self) {
        self.health.retire();
    }

    /// Completes when streams are asked to leave.
    pub async fn retired(&self) {
        self.health.retired().await;
    }

    /// Makes the connection check that the member answers.
    pub fn doubt(&self) {
        self.health.doubt();
    }

    /// Sends one message and receives one.
    pub async fn unary(
        &self,
        method: &Method,
        message: Bytes,
        metadata: &Metadata,
    ) -> Result<Bytes, Failure> {
        let request_size = wire::size_of_message(&message);
        let (mut incoming, outgoing) = self.start(method, message, metadata, true).await?;
        let outcome = if method.patience == Patience::Endless {
            self.response(&mut incoming).await
        } else {
            awaiting(&self.health, self.response(&mut incoming)).await
        };
        match outcome {
            Err(Failure::Broken(why)) if outgoing.was_not_written() => Err(Failure::NeverSent(why)),
            Err(Failure::Server(status)) => Err(Failure::Server(status.answers(request_size))),
            outcome => outcome,
        }
    }

    async fn response(&self, incoming: &mut Incoming) -> Result<Bytes, Failure> {
        let Some(response) = incoming.message().await? else {
            return Err(Failure::Broken("the server ended the call without a response".into()));
        };
        self.health.answered();
        // The status comes after the message; success is only known then.
        match incoming.message().await {
            Ok(None) => Ok(response),
            Ok(Some(_)) => Err(Failure::Broken("the server sent a second response".into())),
            // Whatever it says now: it has carried the request out, and must not be asked again.
            Err(failure) => Err(Failure::Broken(format!(
                "the server's answer did not end well: {}",
                failure.message()
            ))),
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
        let written_before = self.health.written();
        let (response, mut stream) = requests.send_request(request, false).map_err(never_sent)?;
        // The headers are queued: from here on the request may reach the server.
        stream.send_data(message, last).map_err(wire::broken)?;
        let outgoing = Outgoing::new(stream, written_before, &self.health);
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
        self.health.abandon();
    }
}

/// Runs a connection until it breaks, is not used any more, or does not answer pings.
async fn drive(
    driver: Driver,
    pings: Option<PingPong>,
    health: Arc<Health>,
    options: Options,
    closed: impl FnOnce(End),
) {
    let why = tokio::select! {
        outcome = driver => match outcome {
            Ok(()) => "the server closed it".into(),
            Err(error) => error.to_string(),
        },
        () = health.watch_over(pings, &options) => "the server does not answer".into(),
    };
    health.set_closed();
    closed(End { why, useful: health.is_useful(), expected: health.is_abandoned() });
}
