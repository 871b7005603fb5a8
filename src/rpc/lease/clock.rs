//! The clock by which leases end: one that goes on while the machine is suspended, as the server
//! does.

use std::time::Duration;

const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// A point in time, by that clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    #[cfg(target_os = "linux")]
    pub fn now() -> Self {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        // Neither is negative: it counts from the boot.
        let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
        Self(Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or(0)))
    }

    #[cfg(not(target_os = "linux"))]
    pub fn now() -> Self {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        Self(START.get_or_init(std::time::Instant::now).elapsed())
    }

    /// As far into the future as can be told, where the sum is beyond it.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }

    #[cfg(test)]
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration))
    }

    /// The time from `earlier` to here; zero where that is later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The time that is left until here.
    pub fn left(self) -> Duration {
        self.since(Self::now())
    }

    /// The same as a deadline of a call; none where it is too far away for one.
    pub fn as_deadline(self) -> Option<tokio::time::Instant> {
        tokio::time::Instant::now().checked_add(self.left())
    }
}

/// Waits until then; a bit too long where the machine was suspended meanwhile.
pub async fn sleep_until(moment: Moment) {
    loop {
        let left = moment.left();
        if left.is_zero() {
            return;
        }
        // The timer stands still while the machine is suspended.
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
