//! The current revision of the cluster, from a linearizable read, which no member answers alone.

use std::time::Duration;

use tokio::time::Instant;

use crate::rpc::keys::KeyRange;
use crate::rpc::kv::{RangeOptions, range, range_request};
use crate::rpc::transport::Transport;
use crate::rpc::wire::messages::HeaderOnly;

/// How long the cluster may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

impl Transport {
    /// The cluster's revision; `None` if it cannot be determined. The client must be allowed to
    /// read `key`.
    pub async fn cluster_revision(&self, key: Vec<u8>) -> Option<i64> {
        let options = RangeOptions { count_only: true, ..RangeOptions::default() };
        let request = range(&range_request(KeyRange::one(key), &options));
        let response: HeaderOnly =
            self.call(request, Some(Instant::now() + PATIENCE)).await.ok()?;
        Some(response.header?.revision)
    }
}
