//! gRPC's framing: a flag and a length before each message.

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;

use crate::rpc::error::grpc_status::INTERNAL;
use crate::rpc::error::{Failure, GrpcStatus};

/// A compression flag and a length stand before each message.
pub const PREFIX: usize = 5;

/// A message as it goes over the wire; made once, sent as often as needed.
pub fn frame(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX + length);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    message.encode_raw(&mut frame);
    frame.freeze()
}

/// The length of the message whose frame begins with these bytes, `PREFIX` at least.
pub fn length_of(frame: &[u8]) -> usize {
    u32::from_be_bytes([frame[1], frame[2], frame[3], frame[4]]) as usize
}

/// The size of the message in a frame that `frame` has made.
pub fn size_of_message(frame: &[u8]) -> usize {
    frame.len().saturating_sub(PREFIX)
}

/// Reads a message; a reply that is not one is the server's fault, not a reason to panic.
pub fn decode<M: Message + Default>(message: Bytes) -> Result<M, Failure> {
    M::decode(message).map_err(|error| protocol_error(&format!("malformed response: {error}")))
}

pub fn protocol_error(message: &str) -> Failure {
    Failure::Unusable(GrpcStatus::new(INTERNAL, message))
}
