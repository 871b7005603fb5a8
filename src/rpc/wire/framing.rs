//! gRPC framing: a compression flag and a length precede each message.

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};

use crate::rpc::error::grpc_status::INTERNAL;
use crate::rpc::error::{Failure, GrpcStatus};

/// The size of the compression flag and the length.
pub const PREFIX: usize = 5;

/// From this size on, a value is sent from where it is, rather than copied into a message.
pub const LARGE: usize = 16 << 10;

/// A message as it is sent over the wire; built once, also for retries.
#[derive(Clone)]
pub struct Frame {
    pub head: Bytes,
    /// The large value that the message ends with; otherwise empty.
    pub value: Bytes,
}

impl Frame {
    /// The frame of `message` with another field, which has the value `value`.
    pub fn with_value(message: &impl Message, field: u32, value: Bytes) -> Self {
        let tag = key_len(field) + encoded_len_varint(value.len() as u64);
        let length = message.encoded_len() + tag + value.len();
        let copied = if value.len() < LARGE { value.len() } else { 0 };
        let mut head = begin(length, length - value.len() + copied);
        message.encode_raw(&mut head);
        encode_key(field, WireType::LengthDelimited, &mut head);
        encode_varint(value.len() as u64, &mut head);
        head.extend_from_slice(&value[..copied]);
        Self { head: head.freeze(), value: if copied > 0 { Bytes::new() } else { value } }
    }

    /// How many bytes are sent.
    pub fn size(&self) -> usize {
        self.head.len() + self.value.len()
    }

    pub fn size_of_message(&self) -> usize {
        self.size().saturating_sub(PREFIX)
    }
}

impl From<Bytes> for Frame {
    fn from(head: Bytes) -> Self {
        Self { head, value: Bytes::new() }
    }
}

/// The frame of a message.
pub fn frame(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut frame = begin(length, length);
    message.encode_raw(&mut frame);
    frame.freeze()
}

/// The beginning of a frame for a message of that length, with room for what is copied into it.
fn begin(length: usize, room: usize) -> BytesMut {
    let mut frame = BytesMut::with_capacity(PREFIX + room);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    frame
}

/// The length of the message whose frame begins with these bytes, at least `PREFIX` of them.
pub fn length_of(frame: &[u8]) -> usize {
    u32::from_be_bytes([frame[1], frame[2], frame[3], frame[4]]) as usize
}

/// Decodes a message; an invalid one is the server's fault, and no reason to panic.
pub fn decode<M: Message + Default>(message: Bytes) -> Result<M, Failure> {
    M::decode(message).map_err(|error| protocol_error(&format!("malformed response: {error}")))
}

pub fn protocol_error(message: &str) -> Failure {
    Failure::not_etcd(GrpcStatus::new(INTERNAL, message), false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etcd_client::proto::PbPutRequest;

    #[test]
    fn sends_a_large_value_from_where_it_is() {
        for size in [0, 1, LARGE - 1, LARGE, 1 << 20] {
            let value = Bytes::from(vec![7; size]);
            let message = PbPutRequest { key: b"key".into(), lease: 5, ..Default::default() };
            let frame = Frame::with_value(&message, 2, value.clone());
            assert_eq!(frame.value.is_empty(), size < LARGE, "{size}");
            assert!(frame.value.is_empty() || frame.value.as_ptr() == value.as_ptr(), "{size}");
            let sent = [&frame.head[..], &frame.value].concat();
            assert_eq!(sent.len(), frame.size());
            assert_eq!(length_of(&sent), frame.size_of_message());
            let received = PbPutRequest::decode(&sent[PREFIX..]).unwrap();
            assert_eq!(received, PbPutRequest { value: value.to_vec(), ..message });
        }
    }
}
