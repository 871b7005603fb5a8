//! Whether the member at the other end of a connection is alive.
//!
//! Everything that arrives is a sign of life, not only responses to pings: on a slow link the
//! response to a ping may be queued behind megabytes of data.

use std::future::Future;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::rpc::error::Unreachable;

/// How much is read before other tasks have their turn.
const READ_PER_TURN: usize = 64 << 10;

/// A connection's health, shared by its users and the task that drives it.
#[derive(Default)]
pub struct Health {
    closed: AtomicBool,
    /// The member is silent when it should not be; cleared by the next sign of life.
    suspect: AtomicBool,
    doubted: Notify,
    /// Calls that wait for a response which should not take long.
    waiting: AtomicUsize,
    /// Whether any call was ever answered.
    useful: AtomicBool,
    abandoned: AtomicBool,
    retired: AtomicBool,
    retirement: Notify,
    received: AtomicU64,
    written: AtomicU64,
    /// How much more may be read in this turn.
    readable: AtomicUsize,
    /// Whether a frame arrived that may concern the whole connection.
    control_frame: AtomicBool,
    /// Whether it was reported that the server receives too many pings.
    told_of_pings: AtomicBool,
    /// The server's TLS alert; h2 keeps only the text of an error.
    alert: OnceLock<Unreachable>,
}

impl Health {
    pub fn alert(&self) -> Option<Unreachable> {
        self.alert.get().cloned()
    }

    pub(super) fn set_alert(&self, alert: Unreachable) {
        let _ = self.alert.set(alert);
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub fn set_closed(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub fn is_suspect(&self) -> bool {
        self.suspect.load(Ordering::Acquire)
    }

    /// Marks the member as suspect because it should have answered: others are preferred until the
    /// next sign of life.
    pub fn suspect(&self) {
        self.suspect.store(true, Ordering::Release);
        self.doubt();
    }

    /// Requests a ping from the task that drives the connection.
    pub fn doubt(&self) {
        self.doubted.notify_one();
    }

    pub(super) fn doubted(&self) -> Notified<'_> {
        self.doubted.notified()
    }

    /// Prefers other members until the next sign of life.
    pub(super) fn distrust(&self) {
        self.suspect.store(true, Ordering::Release);
    }

    pub(super) fn trust(&self) {
        self.suspect.store(false, Ordering::Release);
    }

    /// Records that the member has answered a call.
    pub fn answered(&self) {
        if self.is_suspect() {
            self.trust();
        }
    }

    /// Records that a response has arrived, before it is passed to the call.
    pub(super) fn note_answer(&self) {
        self.useful.store(true, Ordering::Relaxed);
    }

    pub fn is_useful(&self) -> bool {
        self.useful.load(Ordering::Relaxed)
    }

    /// Marks the connection as closed to new calls.
    pub fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
        self.doubt();
    }

    pub fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// Asks streams that can be resumed elsewhere to leave the connection.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        self.retirement.notify_waiters();
    }

    /// Completes when streams are asked to leave.
    pub async fn retired(&self) {
        let retirement = self.retirement.notified();
        if !self.retired.load(Ordering::Acquire) {
            retirement.await;
        }
    }

    /// How many bytes have been written to the socket.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Whether calls wait for a response which should not take long.
    pub(super) fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// Begins a turn of the task that drives the connection.
    pub(super) fn begin_turn(&self) {
        self.readable.store(READ_PER_TURN, Ordering::Relaxed);
    }

    /// Whether the task has read enough, so that others have their turn.
    pub(super) fn is_turn_over(&self) -> bool {
        self.readable.load(Ordering::Relaxed) == 0
    }

    pub(super) fn note_control_frame(&self) {
        self.control_frame.store(true, Ordering::Relaxed);
    }

    /// Whether a frame about the whole connection has arrived since the last call.
    pub(super) fn take_control_frame(&self) -> bool {
        self.control_frame.swap(false, Ordering::Relaxed)
    }

    pub(super) fn first_told_of_pings(&self) -> bool {
        !self.told_of_pings.swap(true, Ordering::Relaxed)
    }

    pub(super) fn note_written(&self, count: usize) {
        self.written.fetch_add(count as u64, Ordering::AcqRel);
    }

    pub(super) fn note_received(&self, count: usize) {
        self.received.fetch_add(count as u64, Ordering::AcqRel);
        let readable = self.readable.load(Ordering::Relaxed);
        self.readable.store(readable.saturating_sub(count), Ordering::Relaxed);
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Acquire)
    }
}

/// Waits for a response, and pings the member if it does not arrive soon.
pub async fn awaiting<T>(health: &Health, answer: impl Future<Output = T>) -> T {
    struct Waiting<'a>(&'a Health);

    impl Drop for Waiting<'_> {
        fn drop(&mut self) {
            self.0.waiting.fetch_sub(1, Ordering::AcqRel);
        }
    }

    health.waiting.fetch_add(1, Ordering::AcqRel);
    let _waiting = Waiting(health);
    answer.await
}
