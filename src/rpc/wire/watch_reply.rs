//! The response of a watch, parsed without copies: one comes with each event.

use bytes::Bytes;

use crate::rpc::wire::fields::{Fields, Malformed, Value};
use crate::rpc::wire::messages::{Event, KeyValue, ResponseHeader, WatchResponse};

impl WatchResponse {
    /// Parses a message. The keys and values are slices of it.
    pub fn parse(message: &Bytes) -> Result<Self, Malformed> {
        let mut response = Self::default();
        let mut fields = Fields(message);
        while let Some(field) = fields.next()? {
            match field {
                (1, Value::Bytes(part)) => response.header = Some(header(part)?),
                (2, Value::Number(id)) => response.watch_id = id.cast_signed(),
                (3, Value::Number(flag)) => response.created = flag != 0,
                (4, Value::Number(flag)) => response.canceled = flag != 0,
                (5, Value::Number(revision)) => response.compact_revision = revision.cast_signed(),
                (6, Value::Bytes(reason)) => {
                    response.cancel_reason = str::from_utf8(reason).map_err(|_| Malformed)?.into();
                }
                (7, Value::Number(flag)) => response.fragment = flag != 0,
                (11, Value::Bytes(part)) => {
                    if response.events.is_empty() {
                        // Mostly, it is the only one, and waits for its reader in this list.
                        response.events.reserve_exact(1);
                    }
                    response.events.push(event(message, part)?);
                }
                (1..=7 | 11, _) => return Err(Malformed),
                _ => {}
            }
        }
        Ok(response)
    }
}

fn header(part: &[u8]) -> Result<ResponseHeader, Malformed> {
    let (mut fields, mut header) = (Fields(part), ResponseHeader::default());
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Number(id)) => header.cluster_id = id,
            (2, Value::Number(id)) => header.member_id = id,
            (3, Value::Number(revision)) => header.revision = revision.cast_signed(),
            (4, Value::Number(term)) => header.raft_term = term,
            (1..=4, _) => return Err(Malformed),
            _ => {}
        }
    }
    Ok(header)
}

fn event(message: &Bytes, part: &[u8]) -> Result<Event, Malformed> {
    let (mut fields, mut event) = (Fields(part), Event::default());
    while let Some(field) = fields.next()? {
        match field {
            // An enumeration has 32 bits.
            #[expect(clippy::cast_possible_truncation, reason = "as protobuf does it")]
            (1, Value::Number(kind)) => event.kind = kind as i32,
            (2, Value::Bytes(part)) => event.kv = Some(key_value(message, part)?),
            (3, Value::Bytes(part)) => event.prev_kv = Some(key_value(message, part)?),
            (1..=3, _) => return Err(Malformed),
            _ => {}
        }
    }
    Ok(event)
}

fn key_value(message: &Bytes, part: &[u8]) -> Result<KeyValue, Malformed> {
    let (mut fields, mut kv) = (Fields(part), KeyValue::default());
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(key)) => kv.key = message.slice_ref(key),
            (2, Value::Number(revision)) => kv.create_revision = revision.cast_signed(),
            (3, Value::Number(revision)) => kv.mod_revision = revision.cast_signed(),
            (4, Value::Number(version)) => kv.version = version.cast_signed(),
            (5, Value::Bytes(value)) => kv.value = message.slice_ref(value),
            (6, Value::Number(lease)) => kv.lease = lease.cast_signed(),
            (1..=6, _) => return Err(Malformed),
            _ => {}
        }
    }
    Ok(kv)
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    fn pair(revision: i64) -> KeyValue {
        KeyValue {
            key: Bytes::from_static(b"/key"),
            create_revision: 3,
            mod_revision: revision,
            version: 2,
            value: Bytes::from(vec![7; 300]),
            lease: -1,
        }
    }

    fn assert_parsed(response: &WatchResponse) {
        let message = Bytes::from(response.encode_to_vec());
        assert_eq!(WatchResponse::parse(&message).as_ref(), Ok(response));
        for end in 0..message.len() {
            let part = message.slice(..end);
            assert_eq!(WatchResponse::parse(&part).ok(), WatchResponse::decode(part).ok());
        }
    }

    #[test]
    fn finds_what_the_general_decoder_finds() {
        let header = ResponseHeader { cluster_id: 1, member_id: 2, revision: 9, raft_term: 4 };
        let put = Event { kv: Some(pair(8)), ..Event::default() };
        let delete = Event { kind: 1, kv: Some(pair(9)), prev_kv: Some(pair(8)) };
        assert_parsed(&WatchResponse {
            header: Some(header),
            watch_id: 1 << 40,
            fragment: true,
            events: vec![put, delete, Event::default()],
            ..WatchResponse::default()
        });
        assert_parsed(&WatchResponse {
            watch_id: -1,
            created: true,
            canceled: true,
            compact_revision: 5,
            cancel_reason: "mvcc: étc".into(),
            ..WatchResponse::default()
        });
    }
}
