//! Hedged reads: a second member is asked if the first one is slow.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

use crate::rpc::error::Error;
use crate::rpc::transport::backoff::SHUN_SILENT;
use crate::rpc::transport::call_trace::CallTrace;
use crate::rpc::transport::open::Transport;
use crate::rpc::transport::retry::UnaryCall;
use crate::rpc::transport::stats::Stats;

/// How long a member may take for a read before another one is asked too.
pub(super) const HEDGE_AFTER: Duration = Duration::from_secs(2);

impl Transport {
    /// Continues the first attempt and starts a second one on another member; the first response
    /// wins.
    pub(super) async fn hedge(
        &self,
        first: Pin<&mut impl Future<Output = Result<Bytes, Error>>>,
        call: &UnaryCall,
        trace: &CallTrace,
    ) -> Result<Bytes, Error> {
        let slow = trace.connection().filter(|_| self.pool.has_several_peers());
        let Some(slow) = slow else { return first.await };
        slow.doubt();
        let another = trace.beside();
        self.stats.debug(|| {
            let (name, slow) = (call.request.method.name(), &slow.endpoint().name);
            format!("{name}: {slow} is slow, and another member is asked too")
        });
        let second = async {
            Stats::count(&self.stats.retries);
            self.retried(call, &another, Some(&slow)).await
        };
        tokio::select! {
            biased;
            outcome = first => outcome,
            outcome = second => {
                self.pool.shun(&slow, "it leaves a read without an answer", SHUN_SILENT);
                outcome
            }
        }
    }
}
