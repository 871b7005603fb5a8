//! Keeps the endpoints of a transport in step with the members of its cluster.

use std::sync::Weak;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::rpc::admin::cluster;
use crate::rpc::error::Error;
use crate::rpc::transport::{Transport, backoff};

/// The longest time for one reading of the member list.
const LIMIT: Duration = Duration::from_secs(5);
/// The least time between two readings: all clients of a member lose it together, and many members
/// may be lost.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Whether the endpoints of a transport are kept in step already.
#[derive(Default)]
pub struct MemberSync(AtomicBool);

impl MemberSync {
    /// Whether the caller has to run `follow_members`: true once.
    pub fn starts(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// Reads the member list at once, then every `interval`, and soon after a member was lost. Ends
/// when the transport is closed.
pub async fn follow_members(transport: Weak<Transport>, interval: Duration) {
    let Some(lost) = transport.upgrade().map(|transport| transport.pool.loss()) else { return };
    let least = LEAST_PAUSE.min(interval);
    let mut failures = 0;
    loop {
        let Some(open) = transport.upgrade() else { return };
        let read = cluster::sync_with_given(&open, Some(Instant::now() + LIMIT)).await;
        failures = if read.is_ok() { 0 } else { failures + 1 };
        if let (Err(Error::Server(status)), 1) = (read, failures) {
            open.stats.report(format!("the member list cannot be read: {}", status.message));
        }
        drop(open);
        sleep(backoff::delay(failures, least, interval.min(LONGEST_PAUSE))).await;
        if failures == 0 {
            tokio::select! {
                () = lost.notified() => {}
                () = sleep(interval.saturating_sub(least)) => {}
            }
        }
    }
}
