//! The clock for the expiry of leases. It keeps running while the machine is suspended, as the
//! server's does; elsewhere than on Linux it may not.

use std::time::Duration;

const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// A point in time on that clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    #[cfg(target_os = "linux")]
    pub fn now() -> Self {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        // Neither part is negative: the clock counts from boot.
        let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
        Self(Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or(0)))
    }

    #[cfg(not(target_os = "linux"))]
    pub fn now() -> Self {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        Self(START.get_or_init(std::time::Instant::now).elapsed())
    }

    /// The latest possible moment if the sum is too large.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }

    #[cfg(test)]
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration))
    }

    /// The time since `earlier`; zero if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The time that is left until this moment.
    pub fn left(self) -> Duration {
        self.since(Self::now())
    }

    /// This moment as the deadline of a call; `None` if it is too far in the future.
    pub fn as_deadline(self) -> Option<tokio::time::Instant> {
        tokio::time::Instant::now().checked_add(self.left())
    }
}

/// Waits until this moment; up to a second longer if the machine was suspended in the meantime.
pub async fn sleep_until(moment: Moment) {
    loop {
        let left = moment.left();
        if left.is_zero() {
            return;
        }
        // tokio's timer stands still while the machine is suspended.
        tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on() {
        let before = Moment::now();
        let after = Moment::now();
        assert!(after >= before);
        assert_eq!(before.since(after.after(Duration::from_secs(1))), Duration::ZERO);
    }

    #[test]
    fn has_an_end() {
        let end = Moment::now().after(Duration::MAX);
        assert!(end.left() > Duration::from_secs(1 << 40));
        assert_eq!(end.as_deadline(), None);
    }
}
