//! A server of HTTP/2 that answers every call with an empty message, and behaves as it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Builder, Connection, SendResponse};
use http::{HeaderMap, Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::rpc::connection::endpoint::Endpoint;

/// An empty message as it goes over the wire.
const EMPTY: Bytes = Bytes::from_static(&[0; 5]);

/// How a server behaves.
#[derive(Clone, Copy)]
pub struct Manners {
    /// How many streams it allows a connection.
    pub streams: u32,
    /// After how many calls of a connection it goes away.
    pub calls: usize,
    /// How long it takes for an answer.
    pub delay: Duration,
}

impl Default for Manners {
    fn default() -> Self {
        Self { streams: 1000, calls: usize::MAX, delay: Duration::ZERO }
    }
}

pub struct Server {
    pub endpoint: Endpoint,
    /// How many connections it has accepted.
    pub accepted: Arc<AtomicUsize>,
    /// How many requests have come.
    pub seen: Arc<AtomicUsize>,
    /// Streams that are watches are answered once for each permit.
    pub events: Arc<Semaphore>,
}

impl Server {
    pub async fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = Self {
            endpoint: Endpoint::parse(&address, false).unwrap(),
            accepted: Arc::default(),
            seen: Arc::default(),
            events: Arc::new(Semaphore::new(0)),
        };
        let (accepted, events) = (Arc::clone(&server.accepted), Arc::clone(&server.events));
        let seen = Arc::clone(&server.seen);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                accepted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, manners, Arc::clone(&seen), Arc::clone(&events)));
            }
        });
        server
    }

    pub fn connections(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    pub fn requests(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }
}

async fn serve(
    stream: TcpStream,
    manners: Manners,
    seen: Arc<AtomicUsize>,
    events: Arc<Semaphore>,
) {
    let mut builder = Builder::new();
    builder.max_concurrent_streams(manners.streams);
    let mut connection: Connection<TcpStream, Bytes> = builder.handshake(stream).await.unwrap();
    let mut calls = 0;
    while let Some(Ok((request, respond))) = connection.accept().await {
        calls += 1;
        seen.fetch_add(1, Ordering::Relaxed);
        if calls == manners.calls {
            connection.graceful_shutdown();
        }
        tokio::spawn(answer(request, respond, manners.delay, Arc::clone(&events)));
    }
}

async fn answer(
    request: Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
    delay: Duration,
    events: Arc<Semaphore>,
) {
    let head = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
    if request.uri().path().ends_with("Watch") {
        let mut stream = respond.send_response(head, false).unwrap();
        loop {
            events.acquire().await.unwrap().forget();
            if stream.send_data(EMPTY, false).is_err() {
                return;
            }
        }
    }
    sleep(delay).await;
    // The client may have given the call up.
    let Ok(mut stream) = respond.send_response(head, false) else { return };
    let _ = stream.send_data(EMPTY, false);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    let _ = stream.send_trailers(trailers);
}
