//! gRPC framing: a compression flag and a length precede each message.

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;

use crate::rpc::error::grpc_status::INTERNAL;
use crate::rpc::error::{Failure, GrpcStatus};

/// The size of the compression flag and the length.
pub const PREFIX: usize = 5;

/// A message as it is sent over the wire; built once, also for retries.
pub fn frame(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX + length);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    message.encode_raw(&mut frame);
    frame.freeze()
}

/// The length of the message whose frame begins with these bytes, at least `PREFIX` of them.
pub fn length_of(frame: &[u8]) -> usize {
    u32::from_be_bytes([frame[1], frame[2], frame[3], frame[4]]) as usize
}

/// The size of the message in a frame that `frame` returned.
pub fn size_of_message(frame: &[u8]) -> usize {
    frame.len().saturating_sub(PREFIX)
}

/// Decodes a message; an invalid one is the server's fault, and no reason to panic.
pub fn decode<M: Message + Default>(message: Bytes) -> Result<M, Failure> {
    M::decode(message).map_err(|error| protocol_error(&format!("malformed response: {error}")))
}

pub fn protocol_error(message: &str) -> Failure {
    Failure::not_etcd(GrpcStatus::new(INTERNAL, message), false)
}
