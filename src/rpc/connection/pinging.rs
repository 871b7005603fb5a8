//! Detecting dead members with HTTP/2 pings.

use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::time::{Instant, sleep, timeout};

use crate::rpc::connection::health::Health;
use crate::rpc::connection::options::Options;
use crate::rpc::connection::state::State;

/// etcd's servers end a connection after the third ping that comes less than 5 s after the one
/// before, unless they have sent something in between. Half a second is for the jitter of both.
const MIN_PING_INTERVAL: Duration = Duration::from_millis(5500);
/// How often a connection is checked.
const TICK: Duration = Duration::from_secs(1);
/// How often the response to a ping is polled.
const STEP: Duration = Duration::from_millis(250);
/// A member that should have answered and was silent for so long is avoided. Calls in flight wait
/// longer, because closing the connection would leave their outcome unknown.
const SUSPICION_LIMIT: Duration = Duration::from_secs(1);
/// How long a connection that was opened because streams ran short is kept without any.
const IDLE_EXTRA: Duration = Duration::from_secs(30);
/// How long closing an unused connection may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Pings the member when there is a reason to; returns when it does not answer, or when the
/// connection is no longer used. Dropping the connection then fails all its calls.
///
/// `ping_factor` multiplies the ping interval of the options.
pub async fn watch_over(
    state: &State,
    pings: Option<PingPong>,
    options: &Options,
    ping_factor: u32,
) {
    let State { health, slots, .. } = state;
    let mut pings = pings.zip(
        options.keep_alive.map(|(interval, limit)| (interval.saturating_mul(ping_factor), limit)),
    );
    let min_interval = MIN_PING_INTERVAL.saturating_mul(ping_factor);
    let mut used = Instant::now();
    // The first ping may be sent at once.
    let mut last_ping = None;
    let mut received = 0;
    let mut silent_ticks = 0;
    loop {
        let doubted = tokio::select! {
            () = sleep(TICK) => {
                let before = std::mem::replace(&mut received, health.received());
                let silent = received == before && health.is_waited_for();
                silent_ticks = if silent { silent_ticks + 1 } else { 0 };
                if silent_ticks > 1 {
                    health.distrust();
                }
                silent || health.is_suspect()
            }
            () = health.doubted() => true,
        };
        let streams = slots.open();
        if streams == 0 && health.is_abandoned() {
            return sleep(GOODBYE).await;
        }
        if streams > 0 {
            used = Instant::now();
        } else if slots.is_extra() && used.elapsed() >= IDLE_EXTRA {
            state.give_up();
        }
        let Some((pings, (interval, limit))) = &mut pings else { continue };
        let in_use = streams > 0 || options.keep_alive_while_idle;
        let since = last_ping.map_or(Duration::MAX, |ping: Instant| ping.elapsed());
        if in_use && since >= *interval || doubted && since >= min_interval {
            last_ping = Some(Instant::now());
            if !answers(health, pings, *limit).await {
                return;
            }
        }
    }
}

/// Whether the member answers a ping; the response may be late while other data arrives.
async fn answers(health: &Health, pings: &mut PingPong, limit: Duration) -> bool {
    let pong = pings.ping(Ping::opaque());
    tokio::pin!(pong);
    let mut silent_since = Instant::now();
    let mut received = health.received();
    loop {
        if let Ok(answer) = timeout(STEP.min(limit), &mut pong).await {
            health.trust();
            return answer.is_ok();
        }
        let before = std::mem::replace(&mut received, health.received());
        if received != before {
            silent_since = Instant::now();
            health.trust();
        }
        let silence = silent_since.elapsed();
        if silence >= limit {
            return false;
        }
        if silence >= SUSPICION_LIMIT {
            health.distrust();
        }
    }
}
