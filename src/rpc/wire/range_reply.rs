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
        self.pairs().map(move |pair| self.key_value(pair?))
    }

    /// The keys, with the namespace's prefix; cheaper than all of each pair.
    pub fn whole_keys(&self) -> impl Iterator<Item = Result<&[u8], Malformed>> {
        self.pairs().map(|pair| key_of(pair?))
    }

    /// The encoded pairs.
    fn pairs(&self) -> impl Iterator<Item = Result<&[u8], Malformed>> {
        let mut fields = Fields(&self.message);
        std::iter::from_fn(move || {
            loop {
                match fields.next() {
                    Ok(None) => return None,
                    Ok(Some((2, Value::Bytes(pair)))) => return Some(Ok(pair)),
                    Ok(Some(_)) => {}
                    Err(malformed) => {
                        fields = Fields(&[]);
                        return Some(Err(malformed));
                    }
                }
            }
        })
    }

    /// In bytes.
    pub fn size(&self) -> usize {
        self.message.len()
    }

    /// The same pairs in replies of at most so many pairs each.
    pub fn split(&self, most: usize) -> Result<Vec<Self>, Malformed> {
        let (mut replies, mut pairs) = (Vec::new(), 0);
        let (mut start, mut end) = (0, 0);
        let mut fields = Fields(&self.message);
        while let Some(field) = fields.next()? {
            pairs += usize::from(matches!(field, (2, Value::Bytes(_))));
            if pairs > most {
                replies.push(Self { message: self.message.slice(start..end), ..*self });
                (start, pairs) = (end, 1);
            }
            end = self.message.len() - fields.0.len();
        }
        if pairs > 0 {
            replies.push(Self { message: self.message.slice(start..), ..*self });
        }
        Ok(replies)
    }

    /// For a part of a stream: `None` unless it is the last one, which says whether there is more.
    pub fn end_of_stream(&self) -> Result<Option<bool>, Malformed> {
        let (mut is_last, mut more) = (false, false);
        let mut fields = Fields(&self.message);
        while let Some(field) = fields.next()? {
            match field {
                (1, Value::Bytes(_)) => is_last = true,
                (3, Value::Number(number)) => more = number != 0,
                _ => {}
            }
        }
        Ok(is_last.then_some(more))
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

/// The key of an encoded pair.
fn key_of(pair: &[u8]) -> Result<&[u8], Malformed> {
    let mut fields = Fields(pair);
    while let Some(field) = fields.next()? {
        if let (1, Value::Bytes(key)) = field {
            return Ok(key);
        }
    }
    Ok(&[])
}

/// The part of a range response that a message of `RangeStream` carries. All parts have pairs, and
/// only the last one has a header.
pub fn range_stream_part(message: &Bytes) -> Result<Bytes, Malformed> {
    let mut part = None;
    let mut fields = Fields(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(bytes)) if part.is_none() => part = Some(message.slice_ref(bytes)),
            (1, _) => return Err(Malformed),
            _ => {}
        }
    }
    Ok(part.unwrap_or_default())
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
        let keys: Vec<_> = reply.whole_keys().map(Result::unwrap).collect();
        assert_eq!(keys, expected.kvs.iter().map(|kv| &kv.key).collect::<Vec<_>>());
        for (kv, expected) in kvs.iter().zip(&expected.kvs) {
            assert_eq!(kv.key, &expected.key[5..]);
            assert_eq!(kv.value, expected.value);
            assert_eq!(kv.create_revision, expected.create_revision);
            assert_eq!(kv.mod_revision, expected.mod_revision);
            assert_eq!((kv.version, kv.lease), (expected.version, expected.lease));
        }
    }

    #[test]
    fn splits_into_few_pairs_each() {
        let reply = RangeReply::new(sample().encode_to_vec().into(), 5);
        let all: Vec<_> = reply.kvs().map(Result::unwrap).collect();
        for most in 1..5 {
            let parts = reply.split(most).unwrap();
            assert!(parts.iter().all(|part| (1..=most).contains(&part.kvs().count())), "{most}");
            let together: Vec<_> =
                parts.iter().flat_map(RangeReply::kvs).map(Result::unwrap).collect();
            assert_eq!(together, all);
        }
        assert!(RangeReply::new(Bytes::new(), 0).split(1).unwrap().is_empty());
    }

    #[test]
    fn finds_the_part_of_a_stream() {
        let last = sample().encode_to_vec();
        let early = RangeResponse { header: None, more: false, count: 0, ..sample() };
        for (part, end) in [(last, Some(true)), (early.encode_to_vec(), None)] {
            let message = Bytes::from(wrapped(&part));
            let found = range_stream_part(&message).unwrap();
            assert_eq!(found, part);
            assert_eq!(RangeReply::new(found, 0).end_of_stream(), Ok(end));
            for cut in 1..message.len() {
                assert_eq!(range_stream_part(&message.slice(..cut)), Err(Malformed), "{cut}");
            }
            assert_eq!(
                range_stream_part(&[wrapped(&part), wrapped(&part)].concat().into()),
                Err(Malformed)
            );
        }
        assert_eq!(range_stream_part(&Bytes::new()), Ok(Bytes::new()));
    }

    /// As the first field of a message.
    fn wrapped(part: &[u8]) -> Vec<u8> {
        let mut message = vec![1 << 3 | 2];
        prost::encoding::encode_varint(part.len() as u64, &mut message);
        message.extend_from_slice(part);
        message
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
