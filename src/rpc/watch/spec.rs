//! What is asked of a watch, and what it yields.

use crate::rpc::keys::KeyRange;
use crate::rpc::wire::messages::{Event, ResponseHeader};

/// What an event costs in memory beside its keys and values, and any other notice.
const OVERHEAD: usize = 256;

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
    /// Of a watch of one range; 0 for any.
    pub watch_id: i64,
}

/// What a watch yields.
#[derive(Clone, Debug)]
pub enum Notice {
    /// The server has confirmed the watch, which begins after that revision; told once, though
    /// streams may be replaced.
    Created { revision: i64 },
    /// All events of one revision in one range, and the header that they came with. With them, all
    /// ranges have come to `revision`.
    Events { revision: i64, header: ResponseHeader, events: Vec<Event> },
    /// All ranges have come to this revision.
    Progress { revision: i64 },
}

impl Notice {
    /// How many bytes of memory it takes, about.
    pub fn weight(&self) -> usize {
        match self {
            Self::Events { events, .. } => events.iter().map(weight_of).sum(),
            Self::Created { .. } | Self::Progress { .. } => OVERHEAD,
        }
    }
}

/// How many bytes of memory an event takes, about.
pub fn weight_of(event: &Event) -> usize {
    let pairs = [&event.kv, &event.prev_kv].into_iter().flatten();
    pairs.map(|kv| kv.key.len() + kv.value.len() + OVERHEAD).sum()
}
