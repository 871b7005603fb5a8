//! Damaged messages: whatever a server sends, decoding ends with a message or an error.
//!
//! `FUZZ_ROUNDS` sets how many messages are tried and `FUZZ_SEED` where they begin; `make fuzz`
//! tries many.

use bytes::Bytes;
use prost::Message;

use crate::rpc::wire::decode;
use crate::rpc::wire::messages::{
    DeleteResponse, Event, KeyValue, LeaseGrantResponse, LeaseKeepAliveResponse, RangeResponse,
    ResponseHeader, TxnResponse, WatchResponse,
};
use crate::rpc::wire::range_reply::RangeReply;

const ROUNDS: u64 = 20_000;
/// Numbers at which lengths, tags and revisions change their meaning.
const EDGES: [u8; 8] = [0x00, 0x01, 0x07, 0x0a, 0x7f, 0x80, 0xfe, 0xff];

/// Xorshift: the same seed gives the same messages.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        let any = self.next().to_le_bytes()[0];
        if any & 1 == 0 { EDGES[usize::from(any >> 5)] } else { any }
    }

    fn damage(&mut self, message: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let place = self.below(message.len());
            match self.below(5) {
                0 => message.truncate(place),
                1 => message.insert(place, self.byte()),
                2 => message.extend_from_within(place..),
                _ if message.is_empty() => message.push(self.byte()),
                3 => drop(message.remove(place)),
                _ => message[place] = self.byte(),
            }
        }
    }
}

fn environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn samples() -> Vec<Vec<u8>> {
    let header = Some(ResponseHeader { cluster_id: 1, revision: 7, ..Default::default() });
    let kv = KeyValue { key: "key".into(), mod_revision: 7, lease: -1, ..Default::default() };
    let event = Event { kv: Some(kv.clone()), prev_kv: Some(kv.clone()), ..Default::default() };
    let kvs = vec![kv.clone(), kv];
    vec![
        RangeResponse { header, kvs: kvs.clone(), more: true, count: 9 }.encode_to_vec(),
        DeleteResponse { header, deleted: 2, prev_kvs: kvs }.encode_to_vec(),
        TxnResponse { header, succeeded: true, ..Default::default() }.encode_to_vec(),
        LeaseGrantResponse { header, id: i64::MAX, ttl: i64::MIN }.encode_to_vec(),
        WatchResponse { header, events: vec![event.clone(), event], ..Default::default() }
            .encode_to_vec(),
    ]
}

#[test]
fn no_damaged_message_does_more_than_fail() {
    let mut chance = Chance(environment("FUZZ_SEED", 0x9e37_79b9_7f4a_7c15).max(1));
    let samples = samples();
    let mut decoded = 0_u64;
    let rounds = environment("FUZZ_ROUNDS", ROUNDS);
    for _ in 0..rounds {
        let mut message = samples[chance.below(samples.len())].clone();
        chance.damage(&mut message);
        let size = message.len();
        let message = Bytes::from(message);
        let reply = RangeReply::new(message.clone(), chance.below(4));
        assert!(reply.kvs().count() <= size, "more pairs than bytes: {message:?}");
        let outcomes = [
            reply.summary().is_ok(),
            decode::<DeleteResponse>(message.clone()).is_ok(),
            decode::<TxnResponse>(message.clone()).is_ok(),
            decode::<LeaseGrantResponse>(message.clone()).is_ok(),
            decode::<LeaseKeepAliveResponse>(message.clone()).is_ok(),
            WatchResponse::parse(&message).is_ok(),
        ];
        decoded += u64::from(outcomes.contains(&true));
    }
    // Damage that nothing can be decoded from would try nothing but the first bytes.
    assert!(decoded > rounds / 10 && decoded < rounds, "{decoded} of {rounds} were decoded");
}
