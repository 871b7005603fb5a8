//! The response to a range request, read in place.
//!
//! A range may have tens of thousands of keys. Reading them straight out of the received buffer
//! saves a list of decoded messages that would only be copied into Python objects.

use bytes::Bytes;

use crate::rpc::wire::messages::ResponseHeader;

/// A received response; its fields are parsed when they are asked for.
#[derive(Clone, Debug)]
pub struct RangeReply {
    message: Bytes,
    /// How many bytes of namespace stand before each key.
    namespace: usize,
}

/// All but the key-value pairs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub header: ResponseHeader,
    pub more: bool,
    pub count: i64,
}

/// A key-value pair inside the buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyValueRef<'a> {
    pub key: &'a [u8],
    pub value: &'a [u8],
    pub create_revision: i64,
    pub mod_revision: i64,
    pub version: i64,
    pub lease: i64,
}

/// The message is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed response")]
pub struct Malformed;

impl RangeReply {
    pub fn new(message: Bytes, namespace: usize) -> Self {
        Self { message, namespace }
    }

    pub fn kvs(&self) -> impl Iterator<Item = Result<KeyValueRef<'_>, Malformed>> {
        let mut fields = Fields(&self.message);
        std::iter::from_fn(move || {
            loop {
                match fields.next() {
                    Ok(None) => return None,
                    Ok(Some((2, Value::Bytes(kv)))) => return Some(self.key_value(kv)),
                    Ok(Some(_)) => {}
                    Err(malformed) => {
                        fields = Fields(&[]);
                        return Some(Err(malformed));
                    }
                }
            }
        })
    }

    fn key_value<'a>(&self, message: &'a [u8]) -> Result<KeyValueRef<'a>, Malformed> {
        let mut kv = KeyValueRef::default();
        let mut fields = Fields(message);
        while let Some(field) = fields.next()? {
            match field {
                (1, Value::Bytes(key)) => kv.key = key.get(self.namespace..).ok_or(Malformed)?,
                (2, Value::Number(revision)) => kv.create_revision = revision.cast_signed(),
                (3, Value::Number(revision)) => kv.mod_revision = revision.cast_signed(),
                (4, Value::Number(version)) => kv.version = version.cast_signed(),
                (5, Value::Bytes(value)) => kv.value = value,
                (6, Value::Number(lease)) => kv.lease = lease.cast_signed(),
                _ => {}
            }
        }
        Ok(kv)
    }

    pub fn summary(&self) -> Result<Summary, Malformed> {
        let mut summary = Summary::default();
        let mut fields = Fields(&self.message);
        while let Some(field) = fields.next()? {
            match field {
                (1, Value::Bytes(header)) => {
                    summary.header = prost::Message::decode(header).map_err(|_| Malformed)?;
                }
                (3, Value::Number(more)) => summary.more = more != 0,
                (4, Value::Number(count)) => summary.count = count.cast_signed(),
                _ => {}
            }
        }
        Ok(summary)
    }
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Of a kind that etcd's messages do not use.
    Other,
}

/// The fields of a protobuf message, in order.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.number()?;
        let value = match tag & 7 {
            0 => Value::Number(self.number()?),
            1 => self.bytes(8).map(|_| Value::Other)?,
            2 => {
                let length = usize::try_from(self.number()?).map_err(|_| Malformed)?;
                Value::Bytes(self.bytes(length)?)
            }
            5 => self.bytes(4).map(|_| Value::Other)?,
            _ => return Err(Malformed),
        };
        Ok(Some((tag >> 3, value)))
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// A variable-length integer.
    fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0;
        for (index, &byte) in self.0.iter().take(10).enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.0 = &self.0[index + 1..];
                return Ok(number);
            }
        }
        Err(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::wire::messages::{KeyValue, RangeResponse};
    use prost::Message;

    fn sample() -> RangeResponse {
        let kv = |number: i64| KeyValue {
            key: Bytes::from(format!("/app/key-{number}")),
            value: Bytes::from(vec![0xff; 300]),
            create_revision: number,
            mod_revision: i64::MAX - number,
            version: 1,
            lease: -number,
        };
        RangeResponse {
            header: Some(ResponseHeader {
                cluster_id: u64::MAX,
                revision: 7,
                ..Default::default()
            }),
            kvs: (0..3).map(kv).collect(),
            more: true,
            count: 3_000_000_000,
        }
    }

    #[test]
    fn agrees_with_the_decoder() {
        let expected = sample();
        let reply = RangeReply::new(expected.encode_to_vec().into(), 5);
        let summary = reply.summary().unwrap();
        assert_eq!(Some(summary.header), expected.header);
        assert_eq!((summary.more, summary.count), (expected.more, expected.count));
        let kvs: Vec<_> = reply.kvs().map(Result::unwrap).collect();
        assert_eq!(kvs.len(), expected.kvs.len());
        for (kv, expected) in kvs.iter().zip(&expected.kvs) {
            assert_eq!(kv.key, &expected.key[5..]);
            assert_eq!(kv.value, expected.value);
            assert_eq!(kv.create_revision, expected.create_revision);
            assert_eq!(kv.mod_revision, expected.mod_revision);
            assert_eq!((kv.version, kv.lease), (expected.version, expected.lease));
        }
    }

    #[test]
    fn refuses_every_truncation() {
        let message = Bytes::from(sample().encode_to_vec());
        for end in 0..message.len() {
            let reply = RangeReply::new(message.slice(..end), 0);
            let parts = reply.kvs().flatten().count();
            let whole = reply.summary().is_ok_and(|summary| summary.count == 3_000_000_000);
            assert!(!(whole && parts == 3), "{end}");
        }
    }
}
