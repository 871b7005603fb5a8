//! Whether the member at the other end of a connection is alive.
//!
//! Everything that arrives is a sign of life, not only answered pings: on a slow link the answer
//! to a ping may stand behind megabytes of data.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use crate::rpc::connection::options::Options;
use crate::rpc::error::Unreachable;

/// etcd's servers end a connection after the third ping that comes less than 5 s after the one
/// before, unless they have sent something in between. Half a second is for the jitter of both.
const MIN_PING_INTERVAL: Duration = Duration::from_millis(5500);
/// How often a connection is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often the answer to a ping is asked for.
const STEP: Duration = Duration::from_millis(250);
/// A member that has been silent for so long while it should have spoken is avoided. What is
/// under way on the connection waits for longer, because giving it up loses the outcome.
const SUSPICION_LIMIT: Duration = Duration::from_secs(1);
/// How long a connection that nobody uses any more may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// What is known about a connection's health, shared by its users and the task that drives it.
#[derive(Default)]
pub struct Health {
    closed: AtomicBool,
    /// The member is silent where it should not be; cleared by the next sign of life.
    suspect: AtomicBool,
    doubted: Notify,
    streams: AtomicUsize,
    /// Calls that wait for an answer which should not take long.
    waiting: AtomicUsize,
    /// Whether anything was ever answered.
    useful: AtomicBool,
    abandoned: AtomicBool,
    retired: AtomicBool,
    retirement: Notify,
    received: AtomicU64,
    written: AtomicU64,
    /// What the server has said about the end of TLS. Of an error, HTTP/2 keeps the text only.
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

    /// Says that the member should have answered: others are preferred until it shows life.
    pub fn suspect(&self) {
        self.suspect.store(true, Ordering::Release);
        self.doubt();
    }

    /// Makes the task that drives the connection ping the member soon.
    pub fn doubt(&self) {
        self.doubted.notify_one();
    }

    fn trust(&self) {
        self.suspect.store(false, Ordering::Release);
    }

    /// Notes that the member has answered a call.
    pub fn answered(&self) {
        self.useful.store(true, Ordering::Relaxed);
        if self.is_suspect() {
            self.trust();
        }
    }

    pub fn is_useful(&self) -> bool {
        self.useful.load(Ordering::Relaxed)
    }

    /// Says that nobody can begin a call on the connection any more.
    pub fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
        self.doubt();
    }

    pub fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// Asks streams that can go on elsewhere to leave the connection.
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

    /// How many bytes the system has taken for the member.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    pub(super) fn note_written(&self, count: usize) {
        self.written.fetch_add(count as u64, Ordering::AcqRel);
    }

    pub(super) fn note_received(&self, count: usize) {
        self.received.fetch_add(count as u64, Ordering::AcqRel);
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Acquire)
    }

    /// Pings the member when there is reason to; returns when it does not answer, or when the
    /// connection is of no use to anybody. Dropping the connection then fails all its calls.
    pub async fn watch_over(&self, pings: Option<PingPong>, options: &Options) {
        let mut pings = pings.zip(options.keep_alive);
        // The first ping may come at once.
        let mut last_ping = None;
        let mut received = 0;
        let mut silent_ticks = 0;
        loop {
            let doubted = tokio::select! {
                () = sleep(TICK) => {
                    let before = std::mem::replace(&mut received, self.received());
                    let silent = received == before && self.waiting.load(Ordering::Acquire) > 0;
                    silent_ticks = if silent { silent_ticks + 1 } else { 0 };
                    if silent_ticks > 1 {
                        self.suspect.store(true, Ordering::Release);
                    }
                    silent || self.is_suspect()
                }
                () = self.doubted.notified() => true,
            };
            let streams = self.streams.load(Ordering::Acquire);
            if streams == 0 && self.is_abandoned() {
                return sleep(GOODBYE).await;
            }
            let Some((pings, (interval, limit))) = &mut pings else { continue };
            let in_use = streams > 0 || options.keep_alive_while_idle;
            let since = last_ping.map_or(Duration::MAX, |ping: Instant| ping.elapsed());
            if in_use && since >= *interval || doubted && since >= MIN_PING_INTERVAL {
                last_ping = Some(Instant::now());
                if !self.answers(pings, *limit).await {
                    return;
                }
            }
        }
    }

    /// Whether the member answers a ping. It may take its time while it says something else.
    async fn answers(&self, pings: &mut PingPong, limit: Duration) -> bool {
        let pong = pings.ping(Ping::opaque());
        tokio::pin!(pong);
        let mut silent_since = Instant::now();
        let mut received = self.received();
        loop {
            if let Ok(answer) = timeout(STEP.min(limit), &mut pong).await {
                self.trust();
                return answer.is_ok();
            }
            let before = std::mem::replace(&mut received, self.received());
            if received != before {
                silent_since = Instant::now();
                self.trust();
            }
            let silence = silent_since.elapsed();
            if silence >= limit {
                return false;
            }
            if silence >= SUSPICION_LIMIT {
                self.suspect.store(true, Ordering::Release);
            }
        }
    }
}

/// Counts a stream as open for as long as it lives.
pub struct OpenStreamCount(Arc<Health>);

impl OpenStreamCount {
    pub fn new(health: &Arc<Health>) -> Self {
        health.streams.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(health))
    }
}

impl Drop for OpenStreamCount {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Waits for an answer; the member is checked if it does not come.
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
