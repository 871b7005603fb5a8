//! One watch as its stream sees it: its ranges, how far each has come, and the reader's inbox.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use crate::rpc::error::grpc_status::OUT_OF_RANGE;
use crate::rpc::error::{Error, GrpcStatus};
use crate::rpc::transport::stats::{Gauge, Stats};
use crate::rpc::watch::cursor::Cursor;
use crate::rpc::watch::inbox::Inbox;
use crate::rpc::watch::requests::Create;
use crate::rpc::watch::spec::{Notice, WatchSpec};
use crate::rpc::wire::messages::{ResponseHeader, WatchResponse};

/// The server's confirmation of a watch on the current stream.
#[derive(Clone, Copy, Default)]
pub struct Confirmation {
    /// The number of confirmations on the stream up to this one.
    pub number: u64,
    /// The server's revision; `None` if the server did not give one.
    pub revision: Option<i64>,
}

/// The options that the program has chosen.
struct Options {
    prev_kv: bool,
    progress_notify: bool,
    filters: Box<[i32]>,
    /// Whether the program wants to know how long events wait for it.
    notes_arrival: bool,
}

pub struct Subscription {
    cursors: Box<[Cursor]>,
    options: Options,
    /// The id that the program has chosen; 0 for any.
    pub watch_id: i64,
    pub inbox: Arc<Inbox>,
    /// Whether the reader has been notified that the server has confirmed the watch.
    confirmed: bool,
    /// The least revision after which a range that is confirmed begins.
    begins_behind: i64,
    /// How many ranges the server has yet to confirm on the current stream.
    unconfirmed: usize,
    pub confirmation: Confirmation,
    /// The latest revision that a member has sent.
    told: i64,
    /// The revision that the watch had reached when a member confirmed it at an earlier one.
    pub doubted: Option<i64>,
    /// The number of the first progress request whose answer the reader waits for; 0 if the request
    /// is still to be sent on a new stream.
    pub wish: Option<u64>,
    /// Whether the watch has been created before, and so has found the stream that it belongs on.
    pub settled: bool,
    /// How often in a row the server has cancelled the watch for an unclear reason.
    pub cancels: u32,
    /// Whether the watch has caused a new token to be fetched since it was last confirmed.
    pub token_renewed: bool,
    /// How often its reader was too slow, or waited too long for progress.
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
                notes_arrival: stats.events.is_some(),
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

    /// A key that the client watches, and so may read.
    pub fn key(&self) -> Vec<u8> {
        self.cursors.first().map(|cursor| cursor.keys.key.clone()).unwrap_or_default()
    }

    /// The first revision that some range has not delivered; 0 for "from now on".
    pub fn next_revision(&self) -> i64 {
        self.cursors.iter().map(Cursor::next_revision).min().unwrap_or_default()
    }

    /// The last revision that all ranges have delivered.
    fn revision(&self) -> i64 {
        (self.next_revision() - 1).max(0)
    }

    /// Whether the reader has been notified that the server has confirmed the watch.
    pub fn was_confirmed(&self) -> bool {
        self.confirmed
    }

    /// Whether the server has confirmed all ranges on the current stream.
    pub fn is_created(&self) -> bool {
        self.unconfirmed == 0
    }

    /// Whether the watch has caught up with the server's revision at the time of its creation.
    pub fn is_at_present(&self) -> bool {
        let next = self.next_revision();
        self.is_created() && self.confirmation.revision.is_none_or(|revision| next > revision)
    }

    /// The watch ids of its ranges on the current stream.
    pub fn ids(&self) -> impl Iterator<Item = i64> {
        self.cursors.iter().filter_map(|cursor| cursor.id)
    }

    /// Forgets what belongs to the old stream.
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

    /// Notes that the server has created a range; returns true once all ranges are created.
    pub fn created(&mut self, index: usize, id: i64, header: &ResponseHeader, number: u64) -> bool {
        let Some(cursor) = self.cursors.get_mut(index) else { return false };
        cursor.id = Some(id);
        cursor.confirmed_at(header.revision);
        // Events of this range may arrive before the other ranges are confirmed.
        self.begins_behind = self.begins_behind.min(cursor.next_revision() - 1).max(0);
        // A proxy that has no header from the cluster makes one up, with no cluster id and the
        // requested revision.
        let genuine = header.cluster_id != 0;
        if genuine {
            // After a restore the cluster may have lost the revisions that the watch has seen. The
            // watch would then silently skip all events up to the revision at which it resumes.
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

    /// Handles a message about one range.
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
        let arrived = self.options.notes_arrival.then(Instant::now);
        cursor.deliver(response.events, response.fragment, |revision, events| {
            let revision = others.unwrap_or(revision).min(revision);
            self.inbox.push(Notice::Events { revision, header, events, arrived });
        });
    }

    /// Handles the answer to a progress request, which is for all watches of the stream: there are
    /// no undelivered events up to that revision. `covered` says whether the server had certainly
    /// created the watch before it received the request.
    pub fn progressed(&mut self, revision: i64, covered: bool) {
        // A revision after the creation proves the same: the server answered after it created the
        // watch.
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
    /// The reader must not wait for a stream that is gone.
    fn drop(&mut self) {
        self.inbox.end(Error::Connection("the runtime was stopped under the watch".into()));
    }
}
