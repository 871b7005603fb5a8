//! The waiting line of keys behind etcd's locks and elections: each contender writes a key under a
//! common prefix, named after its lease, and the one whose key was created first is the holder.
//!
//! The keys are those of etcd's own lock and election services and of its Go client, so that all of
//! them are compatible. The services do the same on the server, but cannot be used by a client that
//! retries after a lost connection: the server cleans up after the first attempt by deleting the
//! key, which may by then be the one that the second attempt holds.

use std::sync::Arc;
use std::time::Duration;

use etcd_client::proto::{
    PbCompare, PbCompareTarget, PbDeleteRequest, PbPutRequest, PbRangeRequest, PbTargetUnion,
    PbTxnOpRequest, PbTxnRequest, PbTxnRequestOp,
};
use tokio::time::sleep;

use crate::rpc::error::Error;
use crate::rpc::keys::{KeyRange, prefix_end};
use crate::rpc::transport::{Deadline, Request, Transport};
use crate::rpc::watch::{Notice, WatchSpec, Watcher};
use crate::rpc::wire::messages::{
    HeaderOnly, KeyValue, OpResponse, RangeResponse, ResponseHeader, ResponseOp, TxnResponse,
};
use crate::rpc::wire::method;

const ASCENDING: i32 = 1;
const DESCENDING: i32 = 2;
const BY_CREATION: i32 = 2;
const NO_PUTS: i32 = 0;
const DELETION: i32 = 1;

/// How long a key is held before it is watched: most are released sooner and need no watch.
const SETTLED_AFTER: Duration = Duration::from_millis(200);

/// A contender's key.
#[derive(Clone, Debug)]
pub struct Place {
    pub key: Vec<u8>,
    /// Its create revision, which increases from holder to holder.
    pub revision: i64,
    /// The header of the response that said whether the place is the first one.
    pub header: ResponseHeader,
    pub first: bool,
    /// Whether this place created the key, rather than another one with the same lease.
    pub created: bool,
    /// Whether no request is under way that could create the key once more.
    pub settled: bool,
    prefix: Vec<u8>,
}

/// The key of a contender in the line of that name. The first of several places with one lease has
/// the key that etcd's own clients would use.
pub fn key_of(name: &[u8], lease: i64, number: u64) -> Vec<u8> {
    let mut key = prefix_of(name);
    key.extend_from_slice(format!("{lease:x}").as_bytes());
    if number > 0 {
        key.extend_from_slice(format!("-{number}").as_bytes());
    }
    key
}

fn prefix_of(name: &[u8]) -> Vec<u8> {
    [name, b"/"].concat()
}

fn created_at(key: &[u8], revision: i64) -> PbCompare {
    PbCompare {
        key: key.to_vec(),
        target: PbCompareTarget::Create.into(),
        target_union: Some(PbTargetUnion::CreateRevision(revision)),
        ..PbCompare::default()
    }
}

fn operation(request: PbTxnOpRequest) -> PbTxnRequestOp {
    PbTxnRequestOp { request: Some(request) }
}

fn read(range: PbRangeRequest) -> PbTxnRequestOp {
    operation(PbTxnOpRequest::RequestRange(range))
}

fn only(key: &[u8]) -> PbRangeRequest {
    PbRangeRequest { key: key.to_vec(), keys_only: true, ..PbRangeRequest::default() }
}

fn under(prefix: &[u8]) -> PbRangeRequest {
    PbRangeRequest { range_end: prefix_end(prefix), ..only(prefix) }
}

fn entry(prefix: &[u8], key: &[u8], lease: i64, value: &[u8]) -> PbTxnRequest {
    let put =
        PbPutRequest { key: key.to_vec(), value: value.to_vec(), lease, ..PbPutRequest::default() };
    let first = PbRangeRequest {
        limit: 1,
        sort_order: ASCENDING,
        sort_target: BY_CREATION,
        ..under(prefix)
    };
    PbTxnRequest {
        compare: vec![created_at(key, 0)],
        success: vec![operation(PbTxnOpRequest::RequestPut(put)), read(first.clone())],
        failure: vec![read(only(key)), read(first)],
    }
}

fn first_of(response: Option<&ResponseOp>) -> Option<&KeyValue> {
    match response?.response.as_ref()? {
        OpResponse::Range(range) => range.kvs.first(),
        _ => None,
    }
}

/// Sends an idempotent transaction. Returns whether it may have been retried, in which case it may
/// have found the effect of its own first attempt.
async fn send_again(
    transport: &Transport,
    request: &PbTxnRequest,
    deadline: Deadline,
) -> (bool, Result<TxnResponse, Error>) {
    match transport.call(Request::new(&method::TXN, request), deadline).await {
        Err(Error::OutcomeUnknown(cause)) if !matches!(*cause, Error::Timeout(_)) => {}
        outcome => return (false, outcome),
    }
    (true, transport.call(Request::new(&method::REPEATABLE_TXN, request), deadline).await)
}

/// Takes a place in the line of that name, with a key from `key_of`; idempotent for the same key.
pub async fn enter(
    transport: &Transport,
    name: &[u8],
    key: Vec<u8>,
    lease: i64,
    value: &[u8],
) -> Result<Place, Error> {
    let prefix = prefix_of(name);
    let (again, response) = send_again(transport, &entry(&prefix, &key, lease, value), None).await;
    let response = response?;
    let header = response.header.unwrap_or_default();
    let own = first_of(response.responses.first()).map(|kv| kv.create_revision);
    let first = first_of(response.responses.get(1)).map(|kv| kv.create_revision);
    let revision = if response.succeeded { Some(header.revision) } else { own };
    // An incomplete response must not be taken for a lock.
    let (Some(revision), Some(first)) = (revision, first) else {
        return Err(Error::Lost("the server has not said who is the first in the line".into()));
    };
    let created = response.succeeded || again;
    let settled = response.succeeded && !again;
    Ok(Place { key, revision, header, first: first == revision, created, settled, prefix })
}

/// Waits until all earlier contenders have left.
pub async fn wait(transport: &Arc<Transport>, place: &mut Place) -> Result<(), Error> {
    while !place.first {
        let last_before = PbRangeRequest {
            limit: 1,
            sort_order: DESCENDING,
            sort_target: BY_CREATION,
            max_create_revision: place.revision - 1,
            ..under(&place.prefix)
        };
        let look = PbTxnRequest {
            success: vec![read(only(&place.key)), read(last_before)],
            ..PbTxnRequest::default()
        };
        let seen: TxnResponse =
            transport.call(Request::new(&method::READ_TXN, &look), None).await?;
        let own = first_of(seen.responses.first()).map(|kv| kv.create_revision);
        if own != Some(place.revision) {
            return Err(Error::Lost("its key was deleted while it waited".into()));
        }
        place.header = seen.header.unwrap_or_default();
        match first_of(seen.responses.get(1)) {
            // Its own key is watched too: nothing else would detect its deletion meanwhile.
            Some(kv) => {
                let keys = vec![place.key.clone(), kv.key.to_vec()];
                until_deleted(transport, keys, place.header.revision + 1).await?;
            }
            None => place.first = true,
        }
    }
    Ok(())
}

/// Waits until the key of a place is deleted.
pub async fn until_evicted(transport: &Arc<Transport>, place: &Place) {
    sleep(SETTLED_AFTER).await;
    let mut known_at = place.revision;
    loop {
        match until_deleted(transport, vec![place.key.clone()], known_at + 1).await {
            Ok(true) => return,
            // The history was compacted up to a revision; read the key again.
            Ok(false) => match find(transport, place).await {
                Ok(own) if !is_there(&own, place) => return,
                Ok(own) => known_at = own.header.unwrap_or_default().revision,
                Err(_) => break,
            },
            Err(_) => break,
        }
    }
    // Without the permission to watch it, only the renewals of the lease detect its end.
    std::future::pending::<()>().await;
}

/// Waits for the deletion of one of some keys; false if the history before it was compacted.
async fn until_deleted(
    transport: &Arc<Transport>,
    keys: Vec<Vec<u8>>,
    start_revision: i64,
) -> Result<bool, Error> {
    let spec = WatchSpec {
        ranges: keys.into_iter().map(KeyRange::one).collect(),
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

/// Leaves the line; `None` if the key was deleted before.
pub async fn leave(
    transport: &Transport,
    place: &Place,
    deadline: Deadline,
) -> Result<Option<HeaderOnly>, Error> {
    let delete = PbDeleteRequest { key: place.key.clone(), ..PbDeleteRequest::default() };
    let request = PbTxnRequest {
        compare: vec![created_at(&place.key, place.revision)],
        success: vec![operation(PbTxnOpRequest::RequestDeleteRange(delete))],
        ..PbTxnRequest::default()
    };
    let (again, response) = send_again(transport, &request, deadline).await;
    let response = response.map_err(|error| error.for_mutation(again))?;
    let left = response.succeeded || again;
    Ok(left.then_some(HeaderOnly { header: response.header }))
}

async fn find(transport: &Transport, place: &Place) -> Result<RangeResponse, Error> {
    transport.call(Request::new(&method::RANGE, &only(&place.key)), None).await
}

fn is_there(own: &RangeResponse, place: &Place) -> bool {
    own.kvs.first().is_some_and(|kv| kv.create_revision == place.revision)
}
