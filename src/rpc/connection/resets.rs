//! How often a connection may reset streams to give calls up.
//!
//! Attacks open streams and reset them, so proxies end a connection with many resets, and all calls
//! in flight on it break. What is built on nghttp2 allows a thousand and 33 a second; Envoy, which
//! is, also ends one half of whose streams were reset, as soon as that is certain of the first 500.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const AT_ONCE: u32 = 200;
const INTERVAL: Duration = Duration::from_millis(50);

/// The resets that a connection may still send.
pub struct Resets {
    /// When all of them may be sent again.
    restored_at: Mutex<Instant>,
}

impl Default for Resets {
    fn default() -> Self {
        Self { restored_at: Mutex::new(Instant::now()) }
    }
}

impl Resets {
    /// Whether one may be sent now, which counts it.
    pub fn take(&self, now: Instant) -> bool {
        let mut restored_at = self.restored_at.lock().unwrap_or_else(PoisonError::into_inner);
        let then = (*restored_at).max(now) + INTERVAL;
        let allowed = then <= now + INTERVAL * AT_ONCE;
        if allowed {
            *restored_at = then;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(resets: &Resets, now: Instant) -> u32 {
        (0..1000).take_while(|_| resets.take(now)).count().try_into().unwrap()
    }

    #[test]
    fn allows_some_at_once_and_more_as_time_passes() {
        let (resets, now) = (Resets::default(), Instant::now());
        assert_eq!(room(&resets, now), AT_ONCE);
        assert_eq!(room(&resets, now + INTERVAL / 2), 0);
        assert_eq!(room(&resets, now + INTERVAL * 3), 3);
        assert_eq!(room(&resets, now + INTERVAL * 10_000), AT_ONCE);
    }
}
