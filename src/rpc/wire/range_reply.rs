//! The response to a range request, parsed in place.
//!
//! A range may have tens of thousands of keys. Python objects are made straight from the received
//! buffer, without a list of decoded messages in between.

use bytes::Bytes;

use crate::rpc::wire::fields::{Fields, Malformed, Value};
use crate::rpc::wire::messages::ResponseHeader;

/// A received response; its fields are parsed when they are read.
#[derive(Clone, Debug)]
pub struct RangeReply {
    message: Bytes,
    /// The length of the namespace's prefix on each key.
    namespace: usize,
}

/// Everything but the key-value pairs.
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
