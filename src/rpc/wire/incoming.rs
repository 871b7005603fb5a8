//! What the server sends on one HTTP/2 stream: messages, then a status.

use bytes::{Buf, Bytes, BytesMut};
use h2::RecvStream;
use h2::client::ResponseFuture;
use http::{HeaderMap, StatusCode};

use crate::rpc::error::grpc_status::{
    INTERNAL, OK, OUT_OF_RANGE, PERMISSION_DENIED, UNAUTHENTICATED, UNAVAILABLE, UNIMPLEMENTED,
    UNKNOWN,
};
use crate::rpc::error::{Failure, GrpcStatus};
use crate::rpc::wire::framing::{PREFIX, length_of, protocol_error};

/// The most that is allocated for a message of which only the size has arrived.
const ROOM_IN_ADVANCE: usize = 4 << 20;

/// The server's side of a stream: messages, then a status.
pub struct Incoming {
    state: State,
    /// Received and not yet returned.
    buffer: BytesMut,
    limit: usize,
}

enum State {
    /// The response headers have not arrived; servers send them with their first message.
    Headers(ResponseFuture),
    Body(RecvStream),
    Ended,
}

impl Incoming {
    pub fn new(response: ResponseFuture, limit: usize) -> Self {
        Self { state: State::Headers(response), buffer: BytesMut::new(), limit }
    }

    /// The next message; `None` once the server has ended the stream successfully.
    ///
    /// Cancellation safe: what was received stays in the buffer.
    pub async fn message(&mut self) -> Result<Option<Bytes>, Failure> {
        if let State::Headers(response) = &mut self.state {
            let (head, body) = response.await.map_err(broken)?.into_parts();
            if let Some(status) = GrpcStatus::from_headers(&head.headers) {
                self.state = State::Ended;
                return finished(status);
            }
            if head.status != StatusCode::OK {
                self.state = State::Ended;
                return Err(not_grpc(head.status));
            }
            self.state = State::Body(body);
        }
        loop {
            if let Some(message) = self.take_message()? {
                return Ok(Some(message));
            }
            let State::Body(body) = &mut self.state else { return Ok(None) };
            let Some(chunk) = body.data().await else {
                let trailers = body.trailers().await.map_err(broken_answer)?;
                self.state = State::Ended;
                return finished(final_status(trailers.as_ref()));
            };
            let chunk = chunk.map_err(broken_answer)?;
            let _ = body.flow_control().release_capacity(chunk.len());
            if let Some(message) = self.whole_message(&chunk) {
                return Ok(Some(message));
            }
            self.append(&chunk);
        }
    }

    /// Receives all there is, and keeps nothing.
    pub async fn discard(self) {
        let body = match self.state {
            State::Headers(response) => response.await.map(http::Response::into_body),
            State::Body(body) => Ok(body),
            State::Ended => return,
        };
        let Ok(mut body) = body else { return };
        while let Some(Ok(chunk)) = body.data().await {
            let _ = body.flow_control().release_capacity(chunk.len());
        }
    }

    /// The message of a chunk that is exactly one message: the common case, without a copy.
    fn whole_message(&self, chunk: &Bytes) -> Option<Bytes> {
        let whole = self.buffer.is_empty()
            && chunk.len() >= PREFIX
            && chunk[0] == 0
            && chunk.len() - PREFIX == length_of(chunk)
            && chunk.len() - PREFIX <= self.limit;
        whole.then(|| chunk.slice(PREFIX..))
    }

    fn append(&mut self, chunk: &[u8]) {
        if self.buffer.is_empty() && chunk.len() >= PREFIX {
            // The server's announced size is not trusted: beyond this, the buffer grows with what
            // arrives.
            let expected = length_of(chunk).min(self.limit).min(ROOM_IN_ADVANCE) + PREFIX;
            self.buffer.reserve(expected.max(chunk.len()));
        }
        self.buffer.extend_from_slice(chunk);
    }

    fn take_message(&mut self) -> Result<Option<Bytes>, Failure> {
        if self.buffer.len() < PREFIX {
            return Ok(None);
        }
        if self.buffer[0] != 0 {
            return Err(protocol_error("the server sent a compressed message"));
        }
        let length = length_of(&self.buffer);
        if length > self.limit {
            let message = format!(
                "the response has {length} bytes, more than the {} of max_response_size",
                self.limit
            );
            return Err(Failure::Unusable(GrpcStatus::new(OUT_OF_RANGE, message)));
        }
        if self.buffer.len() - PREFIX < length {
            return Ok(None);
        }
        self.buffer.advance(PREFIX);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }
}

fn finished(status: GrpcStatus) -> Result<Option<Bytes>, Failure> {
    if status.code == OK { Ok(None) } else { Err(Failure::Server(status)) }
}

fn final_status(trailers: Option<&HeaderMap>) -> GrpcStatus {
    trailers
        .and_then(GrpcStatus::from_headers)
        .unwrap_or_else(|| GrpcStatus::new(UNKNOWN, "the server sent no gRPC status"))
}

/// The failure of a call that was answered in plain HTTP.
fn not_grpc(status: StatusCode) -> Failure {
    let answer = GrpcStatus::new(
        http_code(status),
        format!("the server answered with HTTP status {status}"),
    );
    match status {
        // A proxy in front of a member says so of the member, or of how much it has to do.
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Failure::Server(answer),
        _ if status.is_server_error() => Failure::Server(answer),
        // These refuse the request; what others say of it is not known.
        _ => Failure::not_etcd(answer, status.is_client_error()),
    }
}

/// gRPC's status code for the HTTP status of a proxy or gateway that answered instead of etcd.
fn http_code(status: StatusCode) -> i32 {
    match status {
        StatusCode::BAD_REQUEST => INTERNAL,
        StatusCode::UNAUTHORIZED => UNAUTHENTICATED,
        StatusCode::FORBIDDEN => PERMISSION_DENIED,
        StatusCode::NOT_FOUND => UNIMPLEMENTED,
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => UNAVAILABLE,
        _ => UNKNOWN,
    }
}

/// The failure of a stream whose request may have been sent.
pub fn broken(error: h2::Error) -> Failure {
    // By the HTTP/2 protocol, the server has not processed the request: it refused the stream, or
    // it goes away and this stream comes after the last one that it processes.
    let refused = error.reason() == Some(h2::Reason::REFUSED_STREAM) || error.is_go_away();
    if error.is_remote() && refused {
        return Failure::NeverSent(format!("the server refused the stream: {error}"));
    }
    Failure::Broken(format!("the connection broke: {error}"))
}

/// The failure of a stream whose response has begun, so that the server did process the request.
fn broken_answer(error: h2::Error) -> Failure {
    Failure::Broken(format!("the connection broke within the answer: {error}"))
}
