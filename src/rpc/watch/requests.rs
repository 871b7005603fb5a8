//! The requests on a watch stream.

use bytes::Bytes;
use etcd_client::proto::{PbWatchRequest, PbWatchRequestUnion};

use crate::rpc::keys::KeyRange;
use crate::rpc::wire;

/// A request to watch one range.
pub struct Create<'a> {
    pub keys: &'a KeyRange,
    pub start_revision: i64,
    pub prev_kv: bool,
    pub filters: &'a [i32],
    pub watch_id: i64,
}

impl Create<'_> {
    #[expect(clippy::default_trait_access, reason = "the crate hides the name of the type")]
    pub fn frame(&self) -> Bytes {
        let mut request = PbWatchRequestUnion::CreateRequest(Default::default());
        if let PbWatchRequestUnion::CreateRequest(create) = &mut request {
            create.key.clone_from(&self.keys.key);
            create.range_end.clone_from(&self.keys.end);
            create.start_revision = self.start_revision;
            create.prev_kv = self.prev_kv;
            create.filters = self.filters.to_vec();
            // Requested even if the reader does not want it: progress notifications advance the
            // revision at which the watch resumes, so that an idle watch does not fall behind a
            // compaction.
            create.progress_notify = true;
            // One revision, or the backlog of a watch, may be larger than the largest message.
            create.fragment = true;
            create.watch_id = self.watch_id;
        }
        frame(request)
    }
}

#[expect(clippy::default_trait_access, reason = "the crate hides the name of the type")]
pub fn cancel(watch_id: i64) -> Bytes {
    let mut request = PbWatchRequestUnion::CancelRequest(Default::default());
    if let PbWatchRequestUnion::CancelRequest(cancel) = &mut request {
        cancel.watch_id = watch_id;
    }
    frame(request)
}

#[expect(clippy::default_trait_access, reason = "the crate hides the name of the type")]
pub fn progress() -> Bytes {
    frame(PbWatchRequestUnion::ProgressRequest(Default::default()))
}

fn frame(request: PbWatchRequestUnion) -> Bytes {
    wire::frame(&PbWatchRequest { request_union: Some(request) })
}
