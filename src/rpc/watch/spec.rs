//! What to watch, and what a watch yields.

use tokio::time::Instant;

use crate::rpc::keys::KeyRange;
use crate::rpc::wire::messages::{Event, ResponseHeader};

/// The memory that an event takes beside its keys and values, or any other notice.
const OVERHEAD: usize = 256;

/// What to watch.
#[derive(Clone, Debug)]
pub struct WatchSpec {
    /// Each range delivers its own events in its own order, including keys that are in several
    /// ranges.
    pub ranges: Vec<KeyRange>,
    /// The first revision to deliver; 0 for "from now on".
    pub start_revision: i64,
    pub prev_kv: bool,
    pub filters: Vec<i32>,
    pub progress_notify: bool,
    /// The program's id for a watch of one range; 0 for any.
    pub watch_id: i64,
}

/// What a watch yields.
#[derive(Clone, Debug)]
pub enum Notice {
    /// The server has confirmed the watch, whose events begin after that revision. Sent once, even
    /// if the stream is replaced later.
    Created { revision: i64 },
    /// All events of one revision in one range, and the header of their message. With them, all
    /// ranges have been delivered up to `revision`.
    Events {
        revision: i64,
        header: ResponseHeader,
        events: Vec<Event>,
        /// When they came; only clients with hooks note that.
        arrived: Option<Instant>,
    },
    /// All ranges have been delivered up to this revision.
    Progress { revision: i64 },
}

impl Notice {
    /// How much memory it takes, in bytes, roughly.
    pub fn weight(&self) -> usize {
        match self {
            Self::Events { events, .. } => events.iter().map(weight_of).sum(),
            Self::Created { .. } | Self::Progress { .. } => OVERHEAD,
        }
    }
}

/// How much memory an event takes, in bytes, roughly.
pub fn weight_of(event: &Event) -> usize {
    let pairs = [&event.kv, &event.prev_kv].into_iter().flatten();
    pairs.map(|kv| kv.key.len() + kv.value.len() + OVERHEAD).sum()
}
