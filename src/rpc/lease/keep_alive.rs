//! Keeping a lease alive.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::rpc::error::Error;
use crate::rpc::lease::calls;
use crate::rpc::transport::backoff;
use crate::rpc::transport::{Deadline, Transport};
use crate::rpc::wire::messages::LeaseKeepAliveResponse;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// The least that one attempt to renew is given.
const LEAST_PATIENCE: Duration = Duration::from_millis(250);

/// A granted lease with the time at which it ends unless it is renewed.
pub struct Keeper {
    transport: Arc<Transport>,
    pub id: i64,
    /// As the server granted it, which may be more than was asked for.
    pub ttl: Duration,
    /// No later than the server's own idea of it, which counts from when it got the request.
    expires: Instant,
    renew_at: Instant,
    /// Until when the lease has to last; `None` for as long as it is kept.
    needed_until: Option<Instant>,
}

impl Keeper {
    /// Takes over a lease whose grant was asked for at `sent`.
    pub fn new(transport: Arc<Transport>, id: i64, ttl: i64, sent: Instant) -> Self {
        let ttl = seconds(ttl);
        Self {
            transport,
            id,
            ttl,
            expires: sent + ttl,
            renew_at: sent + ttl / 3,
            needed_until: None,
        }
    }

    pub fn expires(&self) -> Instant {
        self.expires
    }

    /// Has the lease end at that time rather than renew it further.
    pub fn last_until(&mut self, end: Instant) {
        self.needed_until = Some(end);
        if self.expires < end {
            self.renew_at = Instant::now();
        }
    }

    /// Takes over a lease that was granted elsewhere, by renewing it.
    pub async fn take_over(
        transport: Arc<Transport>,
        id: i64,
        deadline: Deadline,
    ) -> Result<(Self, LeaseKeepAliveResponse), Error> {
        loop {
            let sent = Instant::now();
            let response = calls::renew_once(&transport, id, deadline).await?;
            let keeper = Self::new(Arc::clone(&transport), id, response.ttl, sent);
            // Where members were tried for longer than the TTL, the answer may be to a late
            // attempt: the lease lives, but nothing is known of its end.
            if Instant::now() < keeper.expires {
                return Ok((keeper, response));
            }
        }
    }

    /// Renews the lease whenever it is due; says why it is over. Can be dropped and called again.
    pub async fn keep(&mut self) -> String {
        loop {
            if self.needed_until.is_some_and(|end| self.expires >= end) {
                sleep_until(self.expires).await;
                return "its time is over".into();
            }
            if let Err(why) = self.renewed().await {
                return why;
            }
        }
    }

    /// Renews the lease once it is due; says why it is over. Can be dropped and called again.
    pub async fn renewed(&mut self) -> Result<LeaseKeepAliveResponse, String> {
        let mut failures = 0;
        loop {
            sleep_until(self.renew_at).await;
            let sent = Instant::now();
            if sent >= self.expires {
                return Err("it could not be renewed before it expired".into());
            }
            match self.renew(sent).await {
                Ok(response) => {
                    self.ttl = seconds(response.ttl);
                    self.expires = sent + self.ttl;
                    self.renew_at = sent + self.ttl / 3;
                    return Ok(response);
                }
                Err(error) if error.is_server_error("LeaseNotFound") => {
                    return Err("it expired or was revoked".into());
                }
                Err(error) => {
                    let left = self.expires.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(format!("it could not be renewed before it expired: {error}"));
                    }
                    let pause = backoff::delay(failures, FIRST_PAUSE, LONGEST_PAUSE);
                    failures += 1;
                    sleep(pause.min(left)).await;
                }
            }
        }
    }

    /// One attempt, short enough to leave time for another on another member.
    async fn renew(&self, now: Instant) -> Result<LeaseKeepAliveResponse, Error> {
        let left = self.expires.saturating_duration_since(now);
        let patience = (left / 4).max(LEAST_PATIENCE).min(left);
        calls::renew_once(&self.transport, self.id, Some(now + patience)).await
    }
}

/// A TTL as the server says it.
fn seconds(ttl: i64) -> Duration {
    Duration::from_secs(u64::try_from(ttl).unwrap_or(0))
}
