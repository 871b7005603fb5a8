//! The waiting line of keys behind etcd's locks and elections: each contender writes a key under a
//! common prefix, named after its lease, and the one whose key was created first is the holder.
//! A semaphore is such a line with several holders at its head; for a reader of a read-write lock,
//! only the writers are ahead.
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
    HeaderOnly, OpResponse, RangeResponse, ResponseHeader, ResponseOp, TxnResponse,
};
use crate::rpc::wire::method;

const DESCENDING: i32 = 2;
const BY_CREATION: i32 = 2;
const NO_PUTS: i32 = 0;

/// How long a key is held before it is watched: most are released sooner and need no watch.
const SETTLED_AFTER: Duration = Duration::from_millis(200);

/// A line, as one kind of its contenders sees it.
#[derive(Clone, Debug)]
pub struct Line {
    /// What the keys of these contenders begin with.
    prefix: Vec<u8>,
    /// What the keys begin with that are ahead of them if they were created before.
    ahead: Vec<u8>,
    /// How many of those may still be there when one holds.
    others: i64,
}

impl Line {
    /// The line of that name, with so many holders at once.
    pub fn new(name: &[u8], ahead: Option<Vec<u8>>, holders: i64) -> Self {
        let prefix = [name, b"/"].concat();
        let ahead = ahead.unwrap_or_else(|| prefix.clone());
        Self { prefix, ahead, others: holders - 1 }
    }

    /// The key of a contender. The first of several with one lease has the key that etcd's own
    /// clients would use.
    pub fn key_of(&self, lease: i64, number: u64) -> Vec<u8> {
        let mut key = self.prefix.clone();
        key.extend_from_slice(format!("{lease:x}").as_bytes());
        if number > 0 {
            key.extend_from_slice(format!("-{number}").as_bytes());
        }
        key
    }
}

/// A contender's key.
#[expect(clippy::struct_excessive_bools, reason = "each says another thing of it")]
#[derive(Clone, Debug)]
pub struct Place {
    pub key: Vec<u8>,
    /// Its create revision, which increases from holder to holder.
    pub revision: i64,
    /// The header of the response that said whether the place is at the head of its line.
    pub header: ResponseHeader,
    /// Whether it holds what the line is for.
    pub holds: bool,
    /// Whether this place created the key, rather than another one with the same lease.
    pub created: bool,
    /// Whether no request is under way that could create the key once more.
    pub settled: bool,
    /// Whether the key was there before, with another value than it is to have.
    pub outdated: bool,
    /// The key that was last seen ahead of it.
    pub behind: Option<Vec<u8>>,
    line: Line,
}

/// What a contender has to wait for.
enum Ahead {
    /// Nothing: it holds.
    Nothing,
    /// The key before its own, to be deleted.
    Key(Vec<u8>),
    /// The key before its own, whose contender waits too: it is deleted, or written again once it
    /// holds.
    Waiting(Vec<u8>),
    /// One of several holders, or one that waits by another rule.
    Any,
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

fn put(key: &[u8]) -> PbPutRequest {
    PbPutRequest { key: key.to_vec(), ..PbPutRequest::default() }
}

fn request_to_enter(line: &Line, key: &[u8], lease: i64, value: Option<&[u8]>) -> PbTxnRequest {
    let put = PbPutRequest { value: value.unwrap_or_default().to_vec(), lease, ..put(key) };
    let ahead = PbRangeRequest { count_only: true, ..under(&line.ahead) };
    PbTxnRequest {
        compare: vec![created_at(key, 0)],
        success: vec![operation(PbTxnOpRequest::RequestPut(put)), read(ahead)],
        failure: vec![read(PbRangeRequest { keys_only: value.is_none(), ..only(key) })],
    }
}

fn range_of(response: Option<&ResponseOp>) -> Option<&RangeResponse> {
    match response?.response.as_ref()? {
        OpResponse::Range(range) => Some(range),
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

/// What a contender is to write.
pub struct Entry {
    pub key: Vec<u8>,
    pub lease: i64,
    /// `None` if it says nothing, whatever a key that is there already has.
    pub value: Option<Vec<u8>>,
    /// The latest revision at which an earlier contender may have created the same key.
    pub earlier: i64,
}

/// Takes a place in a line, with a key of it; idempotent for the same key.
pub async fn enter(transport: &Transport, line: Line, entry: Entry) -> Result<Place, Error> {
    let Entry { key, lease, value, earlier } = entry;
    let request = request_to_enter(&line, &key, lease, value.as_deref());
    let (again, response) = send_again(transport, &request, None).await;
    let TxnResponse { header, succeeded, responses } = response?;
    let header = header.unwrap_or_default();
    // An incomplete response must not be taken for a lock.
    let incomplete = || Error::Lost("the server has not said who is ahead in the line".into());
    let (revision, holds, outdated) = if succeeded {
        // Its own key is the last that was created, so all others are ahead.
        let ahead = range_of(responses.get(1)).ok_or_else(incomplete)?;
        // Pairs in what only counts: not an answer to this request.
        let count = if ahead.kvs.is_empty() { ahead.count } else { return Err(incomplete()) };
        let own = i64::from(key.starts_with(&line.ahead));
        (header.revision, count >= own && count - own <= line.others, false)
    } else {
        let found = range_of(responses.first()).and_then(|range| range.kvs.first());
        let found = found.ok_or_else(incomplete)?;
        let outdated = value.is_some_and(|value| found.value != value);
        (found.create_revision, false, outdated)
    };
    let created = succeeded || (again && revision > earlier);
    let settled = succeeded && !again;
    Ok(Place { key, revision, header, holds, created, settled, outdated, behind: None, line })
}

/// Waits until it holds: until no more of those ahead are there than may hold with it. Without
/// patience, it only looks whether it is so.
pub async fn wait(
    transport: &Arc<Transport>,
    place: &mut Place,
    patient: bool,
) -> Result<(), Error> {
    while !place.holds {
        // Its own key is watched too: nothing else would detect its deletion meanwhile.
        let own = KeyRange::one(place.key.clone());
        let (ranges, filters) = match look(transport, place).await? {
            Ahead::Nothing => {
                if place.line.others > 0 {
                    tell_next(transport, place).await?;
                }
                place.holds = true;
                break;
            }
            _ if !patient => break,
            Ahead::Key(key) => (vec![own, KeyRange::one(key)], vec![NO_PUTS]),
            Ahead::Waiting(key) => (vec![own, KeyRange::one(key)], vec![]),
            Ahead::Any => (vec![own, KeyRange::prefix(place.line.ahead.clone())], vec![NO_PUTS]),
        };
        until_changed(transport, ranges, filters, place.header.revision + 1).await?;
    }
    Ok(())
}

/// Asks the server who is ahead.
async fn look(transport: &Transport, place: &mut Place) -> Result<Ahead, Error> {
    let others = place.line.others;
    let before = PbRangeRequest {
        // With one more than may hold with it, the last of them waits too.
        limit: if others == 0 { 1 } else { others.saturating_add(2) },
        // Who holds alone need not compare values.
        keys_only: others == 0,
        sort_order: DESCENDING,
        sort_target: BY_CREATION,
        max_create_revision: place.revision - 1,
        ..under(&place.line.ahead)
    };
    let own = PbRangeRequest { keys_only: others == 0, ..only(&place.key) };
    let look = PbTxnRequest { success: vec![read(own), read(before)], ..PbTxnRequest::default() };
    let seen: TxnResponse = transport.call(Request::new(&method::READ_TXN, &look), None).await?;
    let own = range_of(seen.responses.first()).and_then(|range| range.kvs.first());
    let Some(own) = own.filter(|own| own.create_revision == place.revision) else {
        return Err(Error::Lost("its key was deleted while it waited".into()));
    };
    place.header = seen.header.unwrap_or_default();
    let Some(before) = range_of(seen.responses.get(1)) else {
        return Err(Error::Lost("the server has not said who is ahead in the line".into()));
    };
    place.behind = before.kvs.first().map(|last| last.key.to_vec());
    let count = i64::try_from(before.kvs.len()).unwrap_or(i64::MAX);
    Ok(match before.kvs.first() {
        Some(last) if count > others && others == 0 => Ahead::Key(last.key.to_vec()),
        // The value says how many may hold: by another limit it may hold without telling.
        Some(last) if count - 1 > others && last.value == own.value => {
            Ahead::Waiting(last.key.to_vec())
        }
        Some(_) if count > others => Ahead::Any,
        _ => Ahead::Nothing,
    })
}

/// Writes its key once more, for the next one in the line, which watches it.
async fn tell_next(transport: &Transport, place: &Place) -> Result<(), Error> {
    write_again(transport, place, PbPutRequest { ignore_value: true, ..put(&place.key) }).await
}

/// Gives a key that was there before the value that it is to have.
pub async fn proclaim(transport: &Transport, place: &Place, value: Vec<u8>) -> Result<(), Error> {
    write_again(transport, place, PbPutRequest { value, ..put(&place.key) }).await
}

async fn write_again(transport: &Transport, place: &Place, put: PbPutRequest) -> Result<(), Error> {
    let put = PbPutRequest { ignore_lease: true, ..put };
    let request = PbTxnRequest {
        compare: vec![created_at(&place.key, place.revision)],
        success: vec![operation(PbTxnOpRequest::RequestPut(put))],
        ..PbTxnRequest::default()
    };
    let (_, response) = send_again(transport, &request, None).await;
    if response?.succeeded {
        return Ok(());
    }
    Err(Error::Lost("its key was deleted while it waited".into()))
}

/// Waits until the key of a place is deleted.
pub async fn until_evicted(transport: &Arc<Transport>, place: &Place) {
    sleep(SETTLED_AFTER).await;
    let mut known_at = place.revision;
    loop {
        let own = vec![KeyRange::one(place.key.clone())];
        match until_changed(transport, own, vec![NO_PUTS], known_at + 1).await {
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

/// Waits for a change of some keys; false if the history before it was compacted.
async fn until_changed(
    transport: &Arc<Transport>,
    ranges: Vec<KeyRange>,
    filters: Vec<i32>,
    start_revision: i64,
) -> Result<bool, Error> {
    let spec = WatchSpec {
        ranges,
        start_revision,
        prev_kv: false,
        filters,
        progress_notify: false,
        watch_id: 0,
    };
    let mut watcher = Watcher::begin(transport, spec);
    loop {
        match watcher.next().await {
            Ok(Notice::Events { events, .. }) if !events.is_empty() => return Ok(true),
            Ok(_) => {}
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
