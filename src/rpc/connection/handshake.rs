//! The beginning of HTTP/2 on a fresh byte stream.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;

use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::health::Health;
use crate::rpc::connection::observed_io::ObservedIo;
use crate::rpc::error::Unreachable;

/// How much a server may send ahead of what its reader has taken. A slow reader is slowed by
/// the window of its stream; that of the connection never is in the way of the others.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;

/// For so many cancelled calls, and for so long, the answers that are still on their way are
/// ignored in silence; h2 takes what comes later for an error of the server's.
const CANCELLED_CALLS: usize = 4096;
const CANCELLED_FOR: Duration = Duration::from_secs(30);

/// What runs a connection.
pub(super) type Driver = h2::client::Connection<ObservedIo, Bytes>;

/// Begins HTTP/2 and waits for the server's part of it. The system accepts connections for a
/// process that is frozen, too, and only the server itself can speak; if it does not speak
/// HTTP/2, or is about to refuse the client's certificate, that is what it says first.
pub(super) async fn greet(
    stream: ObservedIo,
    endpoint: &Endpoint,
    health: &Health,
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
        .map_err(|error| no_greeting(Some(error), endpoint, health))?;
    poll_fn(|context| {
        health.begin_turn();
        match Pin::new(&mut driver).poll(context) {
            Poll::Ready(outcome) => Poll::Ready(Err(no_greeting(outcome.err(), endpoint, health))),
            Poll::Pending if requests.current_max_send_streams() > 0 => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        }
    })
    .await?;
    Ok((requests, driver))
}

/// Why a server did not begin HTTP/2: it ended the connection, or broke the protocol.
fn no_greeting(error: Option<h2::Error>, endpoint: &Endpoint, health: &Health) -> Unreachable {
    if let Some(alert) = health.alert() {
        return alert;
    }
    let hint = if endpoint.tls { "" } else { "; is the port one for https?" };
    match error {
        Some(error) => {
            Unreachable::doubtful(format!("the server does not speak HTTP/2: {error}{hint}"))
        }
        None => Unreachable::doubtful(format!("the server ended the connection at once{hint}")),
    }
}
