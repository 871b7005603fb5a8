//! One HTTP/2 connection to one member.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use bytes::Bytes;
use etcd_client::proto::{PbStatusRequest, PbStatusResponse};
use h2::client::SendRequest;
use h2::{PingPong, Reason};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, TE, USER_AGENT};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Method as HttpMethod, Request, Uri};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use crate::rpc::connection::cluster_identity::ClusterIdentity;
use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::handshake::{Driver, greet};
use crate::rpc::connection::observed_io::ObservedIo;
use crate::rpc::connection::options::Options;
use crate::rpc::connection::pinging::watch_over;
use crate::rpc::connection::slots::{Slots, Waiters};
use crate::rpc::connection::state::{Event, State, StreamSlot};
use crate::rpc::connection::stream::{Outgoing, Pending, Stream};
use crate::rpc::connection::{dial, server_version};
use crate::rpc::error::{Failure, Unreachable};
use crate::rpc::wire::method::{self, Method, Share};
use crate::rpc::wire::{self, Frame, Incoming};

const USER_AGENT_VALUE: HeaderValue =
    HeaderValue::from_static(concat!("etcd-client-py/", env!("CARGO_PKG_VERSION")));
const TOKEN: HeaderName = HeaderName::from_static("token");
const HAS_LEADER: HeaderName = HeaderName::from_static("hasleader");

/// The last stream id that a connection uses: later streams go to a new connection. The ids end at
/// `u32::MAX >> 1`, and the ones in between leave time to open that connection.
pub const MAX_STREAM_ID: u32 = (u32::MAX >> 1) - (1 << 20);

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

pub struct Connection {
    /// Larger than for every connection before.
    number: u64,
    requests: SendRequest<Bytes>,
    max_stream_id: u32,
    scheme: Scheme,
    authority: Authority,
    headers: HeaderMap,
    /// The same for a method that needs a leader.
    headers_for_leader: HeaderMap,
    max_response_size: usize,
    state: Arc<State>,
    /// The version of the server, fetched when it is first needed; empty if the server gives none.
    version: OnceCell<String>,
}

/// The metadata of a request.
#[derive(Clone, Default)]
pub struct Metadata {
    pub token: Option<HeaderValue>,
}

/// How a connection is opened.
pub struct Opening {
    /// Whether the connection is opened because another one has no streams left.
    pub extra: bool,
    /// How many attempts to connect have failed in a row.
    pub attempts: u32,
    /// By how much pings must be less frequent than the options say.
    pub ping_factor: u32,
    /// The last stream id to use; `MAX_STREAM_ID` except in tests.
    pub max_stream_id: u32,
    pub waiters: Arc<Waiters>,
    pub cluster: Arc<ClusterIdentity>,
}

impl Default for Opening {
    fn default() -> Self {
        Self {
            extra: false,
            attempts: 0,
            ping_factor: 1,
            max_stream_id: MAX_STREAM_ID,
            waiters: Arc::default(),
            cluster: Arc::default(),
        }
    }
}

impl Connection {
    /// Opens a connection, within the connect timeout.
    pub async fn open(
        endpoint: &Arc<Endpoint>,
        options: &Options,
        opening: Opening,
        events: impl Fn(Event) + Send + Sync + 'static,
    ) -> Result<Arc<Self>, Unreachable> {
        let authority = endpoint.authority.parse().map_err(|_| {
            format!("{}: {:?} is no valid authority", endpoint.name, endpoint.authority)
        })?;
        let slots = Slots::new(0, opening.extra, opening.waiters);
        let state = State::new(endpoint, slots, opening.cluster, events);
        let deadline = Instant::now() + options.connect_timeout;
        let connecting = async {
            let stream = timeout_at(deadline, dial::dial(endpoint, options, opening.attempts))
                .await
                .unwrap_or_else(|_| Err("the server does not accept the connection".into()))?;
            timeout_at(deadline, greet(ObservedIo::new(stream, &state), endpoint, &state.health))
                .await
                .unwrap_or_else(|_| Err("the server does not speak".into()))
        };
        let (requests, mut driver) =
            connecting.await.map_err(|error: Unreachable| error.at(&endpoint.name))?;
        state.slots.set_limit(requests.current_max_send_streams());
        let pings = driver.ping_pong();
        let connection = Arc::new(Self {
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            requests,
            max_stream_id: opening.max_stream_id,
            scheme: if endpoint.tls { Scheme::HTTPS } else { Scheme::HTTP },
            authority,
            headers: request_headers(false),
            headers_for_leader: request_headers(true),
            max_response_size: options.max_response_size,
            state: Arc::clone(&state),
            version: OnceCell::new(),
        });
        let weak = Arc::downgrade(&connection);
        let options = options.clone();
        tokio::spawn(drive(weak, driver, pings, state, options, opening.ping_factor));
        Ok(connection)
    }

    /// Where it leads to.
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        self.state.endpoint()
    }

    /// Whether it was opened after another connection to the same endpoint.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        self.number > other.number && Arc::ptr_eq(self.endpoint(), other.endpoint())
    }

    /// Takes a stream if the connection has one for this purpose.
    pub fn take_slot(&self, share: Share) -> Option<StreamSlot> {
        StreamSlot::take(&self.state, share)
    }

    pub fn open_streams(&self) -> usize {
        self.state.slots.open()
    }

    /// Whether new calls must use another connection.
    pub fn is_draining(&self) -> bool {
        self.state.slots.is_draining()
    }

    pub fn is_open(&self) -> bool {
        !self.state.health.is_closed()
    }

    pub fn is_suspect(&self) -> bool {
        self.state.health.is_suspect()
    }

    /// Marks the member as suspect because it should have answered: it is pinged, and other members
    /// are preferred until it is heard from again.
    pub fn suspect(&self) {
        self.state.health.suspect();
    }

    /// How many streams the member allows at once.
    pub fn streams_allowed(&self) -> usize {
        self.requests.current_max_send_streams()
    }

    /// Asks the streams that can move to another connection to do so.
    pub fn retire(&self) {
        self.state.health.retire();
    }

    /// Completes when streams are asked to move to another connection.
    pub async fn retired(&self) {
        self.state.health.retired().await;
    }

    /// Pings the member to check that it is alive.
    pub fn doubt(&self) {
        self.state.health.doubt();
    }

    /// Sends one message and receives one.
    pub async fn unary(
        &self,
        method: &Method,
        message: Frame,
        metadata: &Metadata,
        slot: StreamSlot,
    ) -> Result<Bytes, Failure> {
        let request_size = message.size_of_message();
        let (incoming, outgoing) = self.start(method, message, metadata, true, slot).await?;
        let answer = Pending::new(incoming, outgoing, method.patience).answer();
        let outcome = if method.runs_to_end {
            // Dropping the caller's future leaves the task, which keeps the stream open.
            tokio::spawn(answer)
                .await
                .unwrap_or_else(|_| Err(Failure::Broken("the runtime was stopped".to_owned())))
        } else {
            answer.await
        };
        let failure = match outcome {
            Ok(response) => {
                self.state.check(method.full_name(), &response)?;
                return Ok(response);
            }
            Err(Failure::Server(status)) => Failure::Server(status.answers(request_size)),
            Err(failure) => failure,
        };
        Err(failure.of(method.full_name(), &self.endpoint().name))
    }

    /// Like `unary`, for an auxiliary call: it takes a stream even if the limit is reached.
    pub async fn unary_beside(
        &self,
        method: &Method,
        message: Frame,
        metadata: &Metadata,
    ) -> Result<Bytes, Failure> {
        let slot = StreamSlot::force(&self.state, method.share);
        self.unary(method, message, metadata, slot).await
    }

    /// Whether the member's version is known to answer progress requests in order; false if the
    /// member gives no version. Fails if the member could not be asked.
    pub async fn orders_progress(&self, metadata: &Metadata) -> Result<bool, Failure> {
        self.version(metadata).await.map(server_version::orders_progress)
    }

    /// Whether the member has yet to be checked to belong to the cluster.
    pub fn is_to_be_verified(&self) -> bool {
        self.state.is_to_be_verified()
    }

    /// Fails if the member belongs to another cluster than the members before it.
    pub async fn verify(&self, metadata: &Metadata) -> Result<(), Failure> {
        self.version(metadata).await.map(drop)?;
        // Either the answer had the id of the cluster, or the member does not give one.
        self.state.set_verified();
        Ok(())
    }

    async fn version(&self, metadata: &Metadata) -> Result<&str, Failure> {
        let ask = async || {
            let request = wire::frame(&PbStatusRequest::default()).into();
            match self.unary_beside(&method::STATUS, request, metadata).await {
                Ok(answer) => Ok(wire::decode::<PbStatusResponse>(answer)?.version),
                Err(Failure::Server(_)) => Ok(String::new()),
                Err(failure) => Err(failure),
            }
        };
        self.version.get_or_try_init(ask).await.map(String::as_str)
    }

    /// Opens a stream and sends its first message.
    pub async fn stream(
        &self,
        method: &Method,
        message: Frame,
        metadata: &Metadata,
        last: bool,
        slot: StreamSlot,
    ) -> Result<Stream, Failure> {
        let (incoming, outgoing) = self.start(method, message, metadata, last, slot).await?;
        Ok(Stream { incoming, outgoing, rpc: method.full_name(), checked: false, record: None })
    }

    async fn start(
        &self,
        method: &Method,
        message: Frame,
        metadata: &Metadata,
        last: bool,
        slot: StreamSlot,
    ) -> Result<(Incoming, Outgoing), Failure> {
        let mut requests = self.requests.clone();
        let never_sent = |error| self.never_sent(&error);
        poll_fn(|context| requests.poll_ready(context)).await.map_err(never_sent)?;
        let request = self.request(method, metadata);
        let (written_before, opened_at) = (self.state.health.written(), Instant::now());
        let (response, mut stream) = requests.send_request(request, false).map_err(never_sent)?;
        // The headers are queued: from here on the request may reach the server.
        let Frame { head, value } = message;
        stream.send_data(head, last && value.is_empty()).map_err(wire::broken)?;
        if !value.is_empty() {
            stream.send_data(value, last).map_err(wire::broken)?;
        }
        if u32::from(stream.stream_id()) >= self.max_stream_id {
            self.state.drain("its streams are used up", false);
        }
        let outgoing = Outgoing::new(stream, written_before, opened_at, slot);
        Ok((Incoming::new(response, self.max_response_size), outgoing))
    }

    /// The failure of a request that HTTP/2 has rejected. It would reject all later ones too, so
    /// the connection is drained.
    fn never_sent(&self, error: &h2::Error) -> Failure {
        self.state.drain(error.to_string(), is_about_pings(error));
        Failure::NeverSent(format!("the connection takes no more calls: {error}"))
    }

    /// Updates the stream limit from the server's settings, and notices when the server goes away.
    fn follow_settings(&self, context: &mut Context<'_>) {
        let mut requests = self.requests.clone();
        match requests.poll_ready(context) {
            Poll::Ready(Err(error)) => self.state.drain(error.to_string(), is_about_pings(&error)),
            _ => self.state.slots.set_limit(requests.current_max_send_streams()),
        }
    }

    fn request(&self, method: &Method, metadata: &Metadata) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = HttpMethod::POST;
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(self.scheme.clone());
        uri.authority = Some(self.authority.clone());
        uri.path_and_query = Some(method.path());
        *request.uri_mut() = Uri::from_parts(uri).unwrap_or_default();
        let headers = if method.needs_leader { &self.headers_for_leader } else { &self.headers };
        request.headers_mut().clone_from(headers);
        if let Some(token) = &metadata.token {
            request.headers_mut().insert(TOKEN, token.clone());
        }
        request
    }
}

fn request_headers(needs_leader: bool) -> HeaderMap {
    // With room for the token.
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(USER_AGENT, USER_AGENT_VALUE);
    if needs_leader {
        headers.insert(HAS_LEADER, HeaderValue::from_static("true"));
    }
    headers
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.state.health.abandon();
    }
}

/// Runs a connection until it breaks, is not used any more, or leaves a ping unanswered.
async fn drive(
    connection: Weak<Connection>,
    mut driver: Driver,
    pings: Option<PingPong>,
    state: Arc<State>,
    options: Options,
    ping_factor: u32,
) {
    let running = poll_fn(|context| {
        state.health.begin_turn();
        let outcome = Pin::new(&mut driver).poll(context);
        if outcome.is_pending()
            && state.health.take_control_frame()
            && let Some(connection) = connection.upgrade()
        {
            connection.follow_settings(context);
        }
        outcome
    });
    let (why, too_many_pings) = tokio::select! {
        outcome = running => match outcome {
            Ok(()) => ("the server closed it".into(), false),
            Err(error) => (error.to_string(), is_about_pings(&error)),
        },
        () = watch_over(&state, pings, &options, ping_factor) => {
            ("the server does not answer".into(), false)
        }
    };
    state.close(why, too_many_pings);
}

/// Whether the server goes away because it considers the pings too frequent.
fn is_about_pings(error: &h2::Error) -> bool {
    // The h2 crate gives access to the data of the GOAWAY frame only as part of the message.
    error.is_go_away()
        && error.reason() == Some(Reason::ENHANCE_YOUR_CALM)
        && error.to_string().contains("too_many_pings")
}
