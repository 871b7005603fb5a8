//! One watch as its stream sees it: its ranges, how far they have come, and where to tell.

use std::sync::Arc;

use bytes::Bytes;

use crate::rpc::error::grpc_status::OUT_OF_RANGE;
use crate::rpc::error::{Error, GrpcStatus};
use crate::rpc::transport::stats::{Gauge, Stats};
use crate::rpc::watch::cursor::Cursor;
use crate::rpc::watch::inbox::Inbox;
use crate::rpc::watch::requests::Create;
use crate::rpc::watch::spec::{Notice, WatchSpec};
use crate::rpc::wire::messages::{ResponseHeader, WatchResponse};

/// What the server said when it confirmed a watch on the present stream.
#[derive(Clone, Copy, Default)]
pub struct Confirmation {
    /// The number of confirmations on the stream up to this one.
    pub number: u64,
    /// Where the server was; `None` where that is not told.
    pub revision: Option<i64>,
}

/// What the program has asked for.
struct Options {
    prev_kv: bool,
    progress_notify: bool,
    filters: Box<[i32]>,
}

pub struct Subscription {
    cursors: Box<[Cursor]>,
    options: Options,
    /// The id that the program has chosen; 0 for any.
    pub watch_id: i64,
    pub inbox: Arc<Inbox>,
    /// Whether the reader has been told that the server has confirmed the watch.
    confirmed: bool,
    /// The revision behind which its first range begins, of those that were confirmed.
    begins_behind: i64,
    /// How many ranges the server has still to confirm on the present stream.
    unconfirmed: usize,
    pub confirmation: Confirmation,
    /// The last revision that a member has told of.
    told: i64,
    /// A revision that a member had told of before another one said that it is not there yet.
    pub doubted: Option<i64>,
    /// The first request for progress whose answer the reader waits for.
    pub wish: Option<u64>,
    /// Whether it has its place on a stream of watches that are at the present.
    pub settled: bool,
    /// How often in a row the server has cancelled it for an unknown reason.
    pub cancels: u32,
    /// Whether a new token was fetched because of it since it was confirmed.
    pub token_renewed: bool,
    /// How often its reader was too slow.
    pub moves: u32,
    _counted: Gauge,
}

impl Subscription {
    pub fn new(spec: WatchSpec, inbox: &Arc<Inbox>, stats: &Arc<Stats>) -> Box<Self> {
        let ranges = spec.ranges.into_iter();
        Box::new(Self {
            cursors: ranges.map(|keys| Cursor::new(keys, spec.start_revision)).collect(),
            options: Options {
                prev_kv: spec.prev_kv,
                progress_notify: spec.progress_notify,
                filters: spec.filters.into(),
            },
            watch_id: spec.watch_id,
            inbox: Arc::clone(inbox),
            confirmed: false,
            begins_behind: i64::MAX,
            unconfirmed: 0,
            confirmation: Confirmation::default(),
            told: 0,
            doubted: None,
            wish: None,
            settled: false,
            cancels: 0,
            token_renewed: false,
            moves: 0,
            _counted: stats.gauge(|stats| &stats.watches),
        })
    }

    pub fn ranges(&self) -> usize {
        self.cursors.len()
    }

    /// A key that the watch is about.
    pub fn key(&self) -> Vec<u8> {
        self.cursors.first().map(|cursor| cursor.keys.key.clone()).unwrap_or_default()
    }

    /// The first revision that some range has not been told of; 0 for "from now on".
    pub fn next_revision(&self) -> i64 {
        self.cursors.iter().map(Cursor::next_revision).min().unwrap_or_default()
    }

    /// The last revision that all ranges have come to.
    fn revision(&self) -> i64 {
        (self.next_revision() - 1).max(0)
    }

    /// Whether the reader knows that the server has confirmed the watch.
    pub fn was_confirmed(&self) -> bool {
        self.confirmed
    }

    /// Whether the server has confirmed all of it on the present stream.
    pub fn is_created(&self) -> bool {
        self.unconfirmed == 0
    }

    /// Whether it has come to where the server was when it was created.
    pub fn is_at_present(&self) -> bool {
        let next = self.next_revision();
        self.is_created() && self.confirmation.revision.is_none_or(|revision| next > revision)
    }

    /// The ids of its ranges on the present stream.
    pub fn ids(&self) -> impl Iterator<Item = i64> {
        self.cursors.iter().filter_map(|cursor| cursor.id)
    }

    /// Forgets what the next stream will tell again.
    pub fn begin_again(&mut self) {
        self.cursors.iter_mut().for_each(Cursor::begin_again);
        self.unconfirmed = self.cursors.len();
        self.confirmation = Confirmation::default();
    }

    pub fn create_request(&self, index: usize, watch_id: i64) -> Option<Bytes> {
        let cursor = self.cursors.get(index)?;
        let create = Create {
            keys: &cursor.keys,
            start_revision: cursor.next_revision(),
            prev_kv: self.options.prev_kv,
            filters: &self.options.filters,
            watch_id,
        };
        Some(create.frame())
    }

    /// Notes that the server has created a range; true once it has created all.
    pub fn created(&mut self, index: usize, id: i64, header: &ResponseHeader, number: u64) -> bool {
        let Some(cursor) = self.cursors.get_mut(index) else { return false };
        cursor.id = Some(id);
        cursor.confirmed_at(header.revision);
        // There may be events of this range before the others are confirmed.
        self.begins_behind = self.begins_behind.min(cursor.next_revision() - 1).max(0);
        // A proxy that was not told by the cluster makes a header up: it names no cluster, and the
        // revision that was asked for.
        let genuine = header.cluster_id != 0;
        if genuine {
            // Where a watch resumes in a future that the cluster has lost, it would wait for that
            // in silence, and never tell of what comes until then.
            if header.revision < self.told {
                self.doubted = Some(self.told);
            }
            self.told = self.told.max(header.revision);
            let before = self.confirmation.revision.unwrap_or_default();
            self.confirmation.revision = Some(header.revision.max(before));
        }
        self.confirmation.number = number;
        self.unconfirmed = self.unconfirmed.saturating_sub(1);
        if self.unconfirmed > 0 {
            return false;
        }
        if !self.confirmed {
            self.confirmed = true;
            self.inbox.push(Notice::Created { revision: self.begins_behind });
        }
        true
    }

    /// Takes what the server tells of one range.
    pub fn accept(
        &mut self,
        index: usize,
        response: WatchResponse,
        limit: usize,
    ) -> Result<(), Error> {
        let header = response.header.unwrap_or_default();
        self.told = self.told.max(header.revision);
        self.cancels = 0;
        let Some(cursor) = self.cursors.get_mut(index) else { return Ok(()) };
        if response.events.is_empty() && !response.fragment && !cursor.is_partial() {
            cursor.progressed_to(header.revision);
            if self.options.progress_notify || self.wish.is_some() {
                self.tell_progress();
            }
            return Ok(());
        }
        self.deliver(index, response, header);
        let weight = self.cursors[index].partial_weight();
        if weight <= limit { Ok(()) } else { Err(too_large(header.revision, limit)) }
    }

    fn deliver(&mut self, index: usize, response: WatchResponse, header: ResponseHeader) {
        let (before, rest) = self.cursors.split_at_mut(index);
        let Some((cursor, after)) = rest.split_first_mut() else { return };
        let others = before.iter().chain(after.iter()).map(|other| other.next_revision() - 1).min();
        cursor.deliver(response.events, response.fragment, |revision, events| {
            let revision = others.unwrap_or(revision).min(revision);
            self.inbox.push(Notice::Events { revision, header, events });
        });
    }

    /// Takes an answer to a request for progress, which is one for all watches of the stream: there
    /// is nothing to tell up to that revision. `covered` says whether the server has certainly
    /// created the watch before it was asked.
    pub fn progressed(&mut self, revision: i64, covered: bool) {
        // A server that looked before it created the watch was not further then than afterwards.
        let after = self.confirmation.revision.is_some_and(|created| revision > created);
        if !self.is_created() || !(covered || after) {
            return;
        }
        self.told = self.told.max(revision);
        self.cursors.iter_mut().for_each(|cursor| cursor.progressed_to(revision));
        if self.options.progress_notify || self.wish.is_some() {
            self.tell_progress();
        }
    }

    fn tell_progress(&self) {
        self.inbox.push(Notice::Progress { revision: self.revision() });
    }
}

fn too_large(revision: i64, limit: usize) -> Error {
    let message =
        format!("revision {revision} has more than the {limit} bytes of max_response_size");
    Error::Server(GrpcStatus::new(OUT_OF_RANGE, message))
}

impl Drop for Subscription {
    /// Whoever reads must not wait for a stream that is not there any more.
    fn drop(&mut self) {
        self.inbox.end(Error::Connection("the stream of the watch was given up".into()));
    }
}
