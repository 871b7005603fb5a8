//! A watch that survives the loss of its stream: every event once, in order, or an error.

pub mod cursor;
pub mod revision_check;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use etcd_client::proto::{PbWatchRequest, PbWatchRequestUnion};
use tokio::sync::Notify;

use crate::rpc::error::grpc_status::{
    INVALID_ARGUMENT, OUT_OF_RANGE, PERMISSION_DENIED, UNAUTHENTICATED, UNAVAILABLE, UNKNOWN,
};
use crate::rpc::error::{Error, GrpcStatus};
use crate::rpc::keys::KeyRange;
use crate::rpc::transport::resumable_stream::Resumable;
use crate::rpc::transport::{Transport, conclude};
use crate::rpc::watch::cursor::Watched;
use crate::rpc::wire;
use crate::rpc::wire::messages::{Event, WatchResponse};
use crate::rpc::wire::method;

/// How often in a row a server may cancel a watch for a reason that etcd has no name for.
const UNKNOWN_REASONS: u32 = 5;

/// What to watch.
#[derive(Clone, Debug)]
pub struct WatchSpec {
    /// Where there are several, each has events of its own, in its own order, also for keys that
    /// are in several of them.
    pub ranges: Vec<KeyRange>,
    /// The first revision of interest; 0 for what comes from now on.
    pub start_revision: i64,
    pub prev_kv: bool,
    pub filters: Vec<i32>,
    pub progress_notify: bool,
    pub fragment: bool,
    /// Of a watch of one range; 0 for the server to choose.
    pub watch_id: i64,
}

/// What a watch yields.
#[derive(Clone, Debug)]
pub enum Notice {
    /// The server has confirmed the watch; told once, though streams may be replaced.
    Created { revision: i64 },
    /// All events of one revision in one range. With it, all ranges have come to `revision`.
    Events { revision: i64, events: Vec<Event> },
    /// All ranges have come to this revision.
    Progress { revision: i64 },
}

pub struct Watcher {
    spec: WatchSpec,
    ranges: Vec<Watched>,
    stream: Resumable,
    confirmed: bool,
    /// The last revision that a member has told of.
    told: i64,
    /// Whether a member has told of an earlier one since.
    doubtful: bool,
    /// How many ranges the server has still to confirm on the present stream.
    unconfirmed: usize,
    /// Tells that the reader wants to know how far the server has come.
    progress_request: Arc<Notify>,
    /// Whether it still is to be asked.
    progress_wanted: bool,
    /// Read from the stream and not yet yielded.
    ready: VecDeque<Notice>,
}

impl Watcher {
    pub fn new(transport: Arc<Transport>, spec: WatchSpec) -> Self {
        let ranges = spec.ranges.iter();
        Self {
            ranges: ranges.map(|keys| Watched::new(keys.clone(), spec.start_revision)).collect(),
            spec,
            confirmed: false,
            told: 0,
            doubtful: false,
            unconfirmed: 0,
            stream: Resumable::new(transport, &method::WATCH, false),
            progress_request: Arc::default(),
            progress_wanted: false,
            ready: VecDeque::new(),
        }
    }

    /// The next notice. Can be dropped and called again without losing anything.
    pub async fn next(&mut self) -> Result<Notice, Error> {
        loop {
            if let Some(notice) = self.ready.pop_front() {
                return Ok(notice);
            }
            if self.doubtful
                && let Some(range) = self.ranges.first()
            {
                self.stream.transport().has_come_to(self.told, &range.keys.key).await?;
                self.doubtful = false;
            }
            let Some((stream, origin)) = self.stream.present() else {
                self.open().await?;
                continue;
            };
            if self.progress_wanted {
                // Where it cannot be asked now, the stream is about to be replaced.
                self.progress_wanted = match origin.orders_progress().await {
                    Ok(trusted) => trusted && stream.send(progress_request()).is_err(),
                    Err(_) => true,
                };
            }
            // Only what can be begun again without loss may give way to a wish: opening a stream
            // again and again for wishes that come fast would never end.
            let message = tokio::select! {
                biased;
                message = self.stream.message() => message?,
                () = self.progress_request.notified() => {
                    self.progress_wanted = true;
                    continue;
                }
            };
            if let Some(message) = message {
                let response =
                    wire::decode(message).map_err(|failure| conclude(failure, &method::WATCH))?;
                self.accept(response)?;
            }
        }
    }

    /// What to notify to have the server say how far it has come; in vain where its answer cannot
    /// be trusted.
    pub fn progress_request(&self) -> Arc<Notify> {
        Arc::clone(&self.progress_request)
    }

    /// What has kept the watch from being confirmed so far.
    pub fn trouble(&self) -> Option<&str> {
        self.stream.trouble()
    }

    async fn open(&mut self) -> Result<(), Error> {
        self.stream.open(self.create_requests()).await?;
        self.ranges.iter_mut().for_each(Watched::begin_again);
        self.unconfirmed = self.ranges.len();
        Ok(())
    }

    /// One message for each range, all on the same stream.
    fn create_requests(&self) -> Bytes {
        if let [only] = self.ranges.as_slice() {
            return self.create_request(only, self.spec.watch_id);
        }
        let ids = 1..;
        let requests = self.ranges.iter().zip(ids);
        requests.flat_map(|(range, id)| self.create_request(range, id)).collect()
    }

    #[expect(clippy::default_trait_access, reason = "the crate hides the name of the type")]
    fn create_request(&self, range: &Watched, watch_id: i64) -> Bytes {
        let mut request = PbWatchRequestUnion::CreateRequest(Default::default());
        if let PbWatchRequestUnion::CreateRequest(create) = &mut request {
            create.key.clone_from(&range.keys.key);
            create.range_end.clone_from(&range.keys.end);
            create.start_revision = range.next_revision();
            create.prev_kv = self.spec.prev_kv;
            create.filters.clone_from(&self.spec.filters);
            // Also where the reader does not ask for it: what the watch resumes at moves along
            // with it, so that an idle watch does not fall behind a compaction.
            create.progress_notify = true;
            create.fragment = self.spec.fragment;
            create.watch_id = watch_id;
        }
        watch_request(request)
    }

    /// Which range the server speaks of.
    fn index_of(&self, watch_id: i64) -> Option<usize> {
        let index = if self.ranges.len() == 1 { 0 } else { usize::try_from(watch_id - 1).ok()? };
        (index < self.ranges.len()).then_some(index)
    }

    /// The last revision that all ranges have come to.
    fn revision(&self) -> i64 {
        self.ranges.iter().map(Watched::next_revision).min().unwrap_or_default() - 1
    }

    fn accept(&mut self, response: WatchResponse) -> Result<(), Error> {
        let revision = response.header.unwrap_or_default().revision;
        if response.canceled {
            return self.canceled(&response);
        }
        self.told = self.told.max(revision);
        // An answer to a progress request is for the whole stream.
        if response.watch_id < 0 {
            self.ranges.iter_mut().for_each(|range| range.progressed_to(revision));
            self.progressed(true);
            return Ok(());
        }
        let Some(index) = self.index_of(response.watch_id) else { return Ok(()) };
        let range = &mut self.ranges[index];
        if response.created {
            // Where a watch resumes in a future that the cluster has lost, it would wait for that
            // in silence, and never tell of what comes until then.
            self.doubtful |= revision < self.told;
            range.confirmed_at(revision);
            self.created(revision);
        } else if response.events.is_empty() && !response.fragment && !range.is_partial() {
            range.progressed_to(revision);
            self.progressed(false);
        } else {
            self.deliver(index, response);
        }
        Ok(())
    }

    fn created(&mut self, server_at: i64) {
        self.unconfirmed = self.unconfirmed.saturating_sub(1);
        if self.unconfirmed > 0 {
            return;
        }
        let revision = self.revision();
        self.stream.works(|| format!("a watch resumes at revision {}", revision + 1));
        if !self.confirmed {
            self.confirmed = true;
            // What was asked for may begin in the past or in the future.
            let revision = revision.min(server_at);
            self.ready.push_back(Notice::Created { revision });
        }
    }

    fn progressed(&mut self, asked_for: bool) {
        if asked_for || self.spec.progress_notify {
            self.ready.push_back(Notice::Progress { revision: self.revision() });
        }
    }

    fn deliver(&mut self, index: usize, response: WatchResponse) {
        let (before, rest) = self.ranges.split_at_mut(index);
        let Some((range, after)) = rest.split_first_mut() else { return };
        let others = before.iter().chain(after.iter()).map(|other| other.next_revision() - 1).min();
        range.deliver(response.events, response.fragment, |revision, events| {
            let revision = others.unwrap_or(revision).min(revision);
            self.ready.push_back(Notice::Events { revision, events });
        });
    }

    fn canceled(&mut self, response: &WatchResponse) -> Result<(), Error> {
        let mut status = cancel_status(&response.cancel_reason);
        if response.compact_revision > 0 {
            status = GrpcStatus::new(OUT_OF_RANGE, "mvcc: required revision has been compacted");
            status.compact_revision = Some(response.compact_revision);
            return Err(Error::Server(status));
        }
        // Of a reason that is not known here, it is not known either that it will pass.
        if status.server_error().is_none() && self.stream.failures() >= UNKNOWN_REASONS {
            return Err(Error::Server(status));
        }
        self.stream.refused(status)
    }
}

#[expect(clippy::default_trait_access, reason = "the crate hides the name of the type")]
fn progress_request() -> Bytes {
    watch_request(PbWatchRequestUnion::ProgressRequest(Default::default()))
}

fn watch_request(request: PbWatchRequestUnion) -> Bytes {
    wire::frame(&PbWatchRequest { request_union: Some(request) })
}

/// The status that a cancel reason stands for; it is that of an RPC, written out, or bare.
fn cancel_status(reason: &str) -> GrpcStatus {
    if reason.is_empty() {
        return GrpcStatus::new(UNKNOWN, "the server canceled the watch");
    }
    let status = GrpcStatus::new(UNKNOWN, reason);
    let code = match status.server_error().map(|known| known.name) {
        Some("PermissionDenied") => PERMISSION_DENIED,
        Some("NoLeader") => UNAVAILABLE,
        Some("InvalidAuthToken") => UNAUTHENTICATED,
        Some("AuthOldRevision" | "UserEmpty") => INVALID_ARGUMENT,
        _ => UNKNOWN,
    };
    GrpcStatus { code, ..status }
}
