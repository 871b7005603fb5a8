//! Whether the cluster still has the history that it once told of.

use std::time::Duration;

use tokio::time::Instant;

use crate::rpc::error::Error;
use crate::rpc::keys::KeyRange;
use crate::rpc::kv::{self, RangeOptions, range_request};
use crate::rpc::transport::Transport;

/// How long the cluster may take to say so.
const PATIENCE: Duration = Duration::from_secs(5);

impl Transport {
    /// Fails where the cluster has not come to a revision that it had told of. A member may be late,
    /// but the cluster is so only where it was restored from a backup, or begun anew.
    ///
    /// Where nobody can tell, or the revision is compacted, nothing is known to be wrong.
    pub async fn has_come_to(&self, revision: i64, key: &[u8]) -> Result<(), Error> {
        let options = RangeOptions { revision, keys_only: true, ..RangeOptions::default() };
        let request = kv::range(&range_request(KeyRange::one(key.to_vec()), &options));
        match self.unary(request, Some(Instant::now() + PATIENCE)).await {
            Err(error) if error.is_server_error("FutureRev") => {
                let what = "it was restored from a backup, or begun anew";
                self.stats.report(format!("the cluster is not at revision {revision} yet: {what}"));
                Err(error)
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }
}
