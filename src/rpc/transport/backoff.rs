//! Backoff between attempts: exponential, bounded and with jitter, so that clients do not retry in
//! step after a failure.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// How long other members are preferred to one that could not serve a call.
pub const SHUN: Duration = Duration::from_millis(500);
/// The same for a member that did not answer a call: it may have lost its leader without knowing,
/// which it notices after an election timeout.
pub const SHUN_SILENT: Duration = Duration::from_secs(5);

/// The pause after a failure, given the number of failures before it.
pub fn delay(failures: u32, first: Duration, longest: Duration) -> Duration {
    let full = first.saturating_mul(1 << failures.min(16)).min(longest);
    // Between half of it and all of it.
    full.mul_f64(0.5 + 0.5 * random_fraction())
}

/// A random number from 0 to 1. The hasher's keys are random, and differ between calls.
pub fn random_fraction() -> f64 {
    f64::from(u32::try_from(random() >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

/// A random number; good enough to spread load, and for ids that must not collide.
pub fn random() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u8(0);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_its_limit() {
        let first = Duration::from_millis(25);
        let longest = Duration::from_secs(1);
        for failures in 0..100 {
            let pause = delay(failures, first, longest);
            assert!(pause >= first / 2 && pause <= longest, "{failures}: {pause:?}");
        }
        assert!(delay(60, first, longest) >= longest / 2);
    }

    #[test]
    fn differs_from_call_to_call() {
        assert_ne!(random(), random());
    }
}
