//! The waiting line of keys behind etcd's locks and elections: each contender puts a key under a common
//! prefix, named after its lease, and the one whose key was created first is in possession.
//!
//! These are the keys of etcd's own lock and election services and of its Go client, so all of
//! them contend with each other. The services do the same on the server, but are of no use to a
//! client that repeats a call after a lost connection: the server cleans up after the first
//! attempt by deleting the key, which by then may be the one that the second attempt holds.

use std::sync::Arc;
use std::time::Duration;

use etcd_client::proto::{
    PbCompare, PbCompareTarget, PbPutRequest, PbRangeRequest, PbTargetUnion, PbTxnOpRequest,
    PbTxnRequest, PbTxnRequestOp,
};
use tokio::time::sleep;

use crate::rpc::error::Error;
use crate::rpc::keys::{KeyRange, prefix_end};
use crate::rpc::transport::{Request, Transport};
use crate::rpc::watch::{Notice, WatchSpec, Watcher};
use crate::rpc::wire::messages::{
    KeyValue, OpResponse, RangeResponse, ResponseHeader, ResponseOp, TxnResponse,
};
use crate::rpc::wire::method;

const ASCENDING: i32 = 1;
const DESCENDING: i32 = 2;
const BY_CREATION: i32 = 2;
const NO_PUTS: i32 = 0;
const DELETION: i32 = 1;

/// How long a key is held before it is watched: most are given back sooner, and need no watch.
const SETTLED_AFTER: Duration = Duration::from_millis(200);

/// A contender's key.
#[derive(Clone, Debug)]
pub struct Place {
    pub key: Vec<u8>,
    /// Its create revision, larger for each possessor than for the one before.
    pub revision: i64,
    /// From the response that told whether the place is the first one.
    pub header: ResponseHeader,
    pub first: bool,
    prefix: Vec<u8>,
}

/// The key of the contender with that lease.
fn key_of(prefix: &[u8], lease: i64) -> Vec<u8> {
    let mut key = prefix.to_vec();
    key.extend_from_slice(format!("{lease:x}").as_bytes());
    key
}

fn entry(prefix: &[u8], key: &[u8], lease: i64, value: Vec<u8>) -> PbTxnRequest {
    let absent = PbCompare {
        key: key.to_vec(),
        target: PbCompareTarget::Create.into(),
        target_union: Some(PbTargetUnion::CreateRevision(0)),
        ..PbCompare::default()
    };
    let put = PbPutRequest { key: key.to_vec(), value, lease, ..PbPutRequest::default() };
    let own = PbRangeRequest { key: key.to_vec(), ..PbRangeRequest::default() };
    let first = PbRangeRequest {
        limit: 1,
        sort_order: ASCENDING,
        sort_target: BY_CREATION,
        ..under(prefix)
    };
    let operation = |request| PbTxnRequestOp { request: Some(request) };
    let first = operation(PbTxnOpRequest::RequestRange(first));
    PbTxnRequest {
        compare: vec![absent],
        success: vec![operation(PbTxnOpRequest::RequestPut(put)), first.clone()],
        failure: vec![operation(PbTxnOpRequest::RequestRange(own)), first],
    }
}

fn under(prefix: &[u8]) -> PbRangeRequest {
    PbRangeRequest {
        key: prefix.to_vec(),
        range_end: prefix_end(prefix),
        keys_only: true,
        ..PbRangeRequest::default()
    }
}

fn first_of(response: Option<&ResponseOp>) -> Option<&KeyValue> {
    match response?.response.as_ref()? {
        OpResponse::Range(range) => range.kvs.first(),
        _ => None,
    }
}

/// Takes a place in the line of that name; the same one each time for the same lease.
pub async fn enter(
    transport: &Transport,
    name: &[u8],
    lease: i64,
    value: &[u8],
) -> Result<Place, Error> {
    let prefix = [name, b"/"].concat();
    let key = key_of(&prefix, lease);
    let request = Request::new(&method::ENTRY_TXN, &entry(&prefix, &key, lease, value.to_vec()));
    let response: TxnResponse = transport.call(request, None).await?;
    let header = response.header.unwrap_or_default();
    let own = first_of(response.responses.first()).map(|kv| kv.create_revision);
    let revision = own.filter(|_| !response.succeeded).unwrap_or(header.revision);
    let first = first_of(response.responses.get(1));
    let first = first.is_none_or(|first| first.create_revision == revision);
    Ok(Place { key, revision, header, first, prefix })
}

/// Waits until all who came before have left, however long that takes.
pub async fn wait(transport: &Arc<Transport>, place: &mut Place) -> Result<(), Error> {
    while !place.first {
        let last_before = PbRangeRequest {
            limit: 1,
            sort_order: DESCENDING,
            sort_target: BY_CREATION,
            max_create_revision: place.revision - 1,
            ..under(&place.prefix)
        };
        let before = read(transport, &last_before).await?;
        match before.kvs.first() {
            Some(kv) => {
                let now = before.header.unwrap_or_default().revision;
                until_deleted(transport, kv.key.to_vec(), now + 1).await?;
            }
            None => place.first = true,
        }
    }
    // Whoever waits holds nothing that would tell of a deletion of its own key.
    let own = find(transport, place).await?;
    let (Some(header), true) = (own.header, is_there(&own, place)) else {
        return Err(Error::Lost("its key was deleted while it waited".into()));
    };
    place.header = header;
    Ok(())
}

/// Waits until the key of a place is gone, whoever deletes it.
pub async fn until_evicted(transport: &Arc<Transport>, place: &Place) {
    sleep(SETTLED_AFTER).await;
    let mut known_at = place.revision;
    loop {
        match until_deleted(transport, place.key.clone(), known_at + 1).await {
            Ok(true) => return,
            // History is gone up to a revision; see what has become of the key.
            Ok(false) => match find(transport, place).await {
                Ok(own) if !is_there(&own, place) => return,
                Ok(own) => known_at = own.header.unwrap_or_default().revision,
                Err(_) => break,
            },
            Err(_) => break,
        }
    }
    // It cannot be watched, for want of permission; the lease's renewals tell of its end.
    std::future::pending::<()>().await;
}

/// Waits for the deletion of a key; false where history before it has been compacted.
async fn until_deleted(
    transport: &Arc<Transport>,
    key: Vec<u8>,
    start_revision: i64,
) -> Result<bool, Error> {
    let spec = WatchSpec {
        ranges: vec![KeyRange::one(key)],
        start_revision,
        prev_kv: false,
        filters: vec![NO_PUTS],
        progress_notify: false,
        watch_id: 0,
    };
    let mut watcher = Watcher::new(Arc::clone(transport), spec);
    loop {
        match watcher.next().await {
            Ok(Notice::Events { events, .. }) => {
                if events.iter().any(|event| event.kind == DELETION) {
                    return Ok(true);
                }
            }
            Ok(Notice::Created { .. } | Notice::Progress { .. }) => {}
            Err(error) if error.is_server_error("Compacted") => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

async fn find(transport: &Transport, place: &Place) -> Result<RangeResponse, Error> {
    let own = PbRangeRequest { key: place.key.clone(), ..PbRangeRequest::default() };
    read(transport, &own).await
}

async fn read(transport: &Transport, request: &PbRangeRequest) -> Result<RangeResponse, Error> {
    transport.call(Request::new(&method::RANGE, request), None).await
}

fn is_there(own: &RangeResponse, place: &Place) -> bool {
    own.kvs.first().is_some_and(|kv| kv.create_revision == place.revision)
}
