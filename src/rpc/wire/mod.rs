//! gRPC over one HTTP/2 stream: framing of messages, and the status at the end.

pub mod messages;
pub mod method;
pub mod range_reply;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use h2::RecvStream;
use h2::client::ResponseFuture;
use http::{HeaderMap, StatusCode};
use prost::Message;

use crate::rpc::error::Failure;
use crate::rpc::error::status::{self, Status};

/// A compression flag and a length stand before each message.
const PREFIX: usize = 5;

/// A message as it goes over the wire; made once, sent as often as needed.
pub fn frame(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX + length);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    message.encode_raw(&mut frame);
    frame.freeze()
}

/// The server's side of a stream: messages, then a status.
pub struct Incoming {
    state: State,
    /// Received and not yet taken.
    buffer: BytesMut,
    limit: usize,
}

enum State {
    /// The server has not answered; it does so with its first message.
    Headers(ResponseFuture),
    Body(RecvStream),
    Ended,
}

impl Incoming {
    pub fn new(response: ResponseFuture, limit: usize) -> Self {
        Self { state: State::Headers(response), buffer: BytesMut::new(), limit }
    }

    /// The next message; `None` once the server has ended the stream with success.
    ///
    /// Not lossy when dropped: what was received stays in the buffer.
    pub async fn message(&mut self) -> Result<Option<Bytes>, Failure> {
        if let State::Headers(response) = &mut self.state {
            let (head, body) = response.await.map_err(broken)?.into_parts();
            if let Some(status) = Status::from_headers(&head.headers) {
                self.state = State::Ended;
                return finished(status);
            }
            if head.status != StatusCode::OK {
                self.state = State::Ended;
                let message = format!("the server answered with HTTP status {}", head.status);
                return Err(Failure::Server(Status::new(http_code(head.status), message)));
            }
            self.state = State::Body(body);
        }
        loop {
            if let Some(message) = self.take_message()? {
                return Ok(Some(message));
            }
            let State::Body(body) = &mut self.state else { return Ok(None) };
            let Some(chunk) = body.data().await else {
                let trailers = body.trailers().await.map_err(broken)?;
                self.state = State::Ended;
                return finished(final_status(trailers.as_ref()));
            };
            let chunk = chunk.map_err(broken)?;
            let _ = body.flow_control().release_capacity(chunk.len());
            if let Some(message) = self.whole_message(&chunk) {
                return Ok(Some(message));
            }
            self.append(&chunk);
        }
    }

    /// The message of a chunk that is just one message; the common case, without a copy.
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
            // Room for the whole message at once; the server names its size first.
            self.buffer.reserve((length_of(chunk).min(self.limit) + PREFIX).max(chunk.len()));
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
            return Err(Failure::Unusable(Status::new(status::OUT_OF_RANGE, message)));
        }
        if self.buffer.len() - PREFIX < length {
            return Ok(None);
        }
        self.buffer.advance(PREFIX);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }
}

fn length_of(frame: &[u8]) -> usize {
    u32::from_be_bytes([frame[1], frame[2], frame[3], frame[4]]) as usize
}

fn finished(status: Status) -> Result<Option<Bytes>, Failure> {
    if status.code == status::OK { Ok(None) } else { Err(Failure::Server(status)) }
}

fn final_status(trailers: Option<&HeaderMap>) -> Status {
    trailers
        .and_then(Status::from_headers)
        .unwrap_or_else(|| Status::new(status::UNKNOWN, "the server sent no gRPC status"))
}

/// How gRPC maps the HTTP statuses of a proxy or gateway that answered instead of etcd.
fn http_code(status: StatusCode) -> i32 {
    match status {
        StatusCode::BAD_REQUEST => status::INTERNAL,
        StatusCode::UNAUTHORIZED => 16,
        StatusCode::FORBIDDEN => 7,
        StatusCode::NOT_FOUND => status::UNIMPLEMENTED,
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => status::UNAVAILABLE,
        _ => status::UNKNOWN,
    }
}

fn protocol_error(message: &str) -> Failure {
    Failure::Unusable(Status::new(status::INTERNAL, message))
}

/// The failure of a stream whose request is on its way.
pub fn broken(error: h2::Error) -> Failure {
    // By the protocol, the server has not looked at the request: it has refused the stream, or
    // it goes away and this stream is beyond the last one that it takes.
    let refused = error.reason() == Some(h2::Reason::REFUSED_STREAM) || error.is_go_away();
    if error.is_remote() && refused {
        return Failure::NeverSent(format!("the server refused the stream: {error}"));
    }
    Failure::Broken(format!("the connection broke: {error}"))
}

/// Reads a message; a reply that is not one is the server's fault, not a reason to panic.
pub fn decode<M: Message + Default>(message: Bytes) -> Result<M, Failure> {
    M::decode(message).map_err(|error| protocol_error(&format!("malformed response: {error}")))
}
