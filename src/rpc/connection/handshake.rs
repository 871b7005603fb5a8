//! The HTTP/2 handshake on a new byte stream.

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

/// How much a server may send ahead of a reader. A slow reader is limited by the window of its
/// stream, so that the window of the connection never blocks the others.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;

/// For how many cancelled calls, and for how long, late responses are ignored; beyond that, h2
/// treats them as a protocol error of the server.
const CANCELLED_CALLS: usize = 4096;
const CANCELLED_FOR: Duration = Duration::from_secs(30);

/// What runs a connection.
pub(super) type Driver = h2::client::Connection<ObservedIo, Bytes>;

/// Performs the HTTP/2 handshake and waits for the server's settings. They show that the server
/// is alive, because the operating system accepts connections for a frozen process too. A server
/// that does not speak HTTP/2, or refuses the client's certificate, says so here.
pub(super) async fn greet(
    stream: ObservedIo,
    endpoint: &Endpoint,
    health: &Health,
) -> Result<(SendRequest<Bytes>, Driver), Unreachable> {
    let (requests, mut driver) = h2::client::Builder::new()
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        // Until the server's settings arrive, which have its limit.
        .initial_max_send_streams(0)
        .enable_push(false)
        .max_concurrent_reset_streams(CANCELLED_CALLS)
        .reset_stream_duration(CANCELLED_FOR)
        // Beyond this number of late responses, h2 would close the connection with all its calls.
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

/// Why the handshake failed: the server closed the connection, or violated the protocol.
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
