//! Sleeping until woken, until an instant, or (on Linux) until a signal.

pub(crate) use platform::Sleep;

#[cfg(target_os = "linux")]
mod platform {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Instant;

    use rustix::thread::futex::{Flags, Timespec, wait, wake};

    /// The sleep of one thread; a signal ends it.
    #[derive(Default)]
    pub(crate) struct Sleep {
        woken: AtomicU32,
    }

    impl Sleep {
        pub(crate) fn wake(&self) {
            if self.woken.swap(1, Ordering::AcqRel) == 0 {
                let _ = wake(&self.woken, Flags::PRIVATE, 1);
            }
        }

        pub(crate) fn sleep(&self, until: Option<Instant>) {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let left = left.map(|left| Timespec {
                tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            });
            // Whatever ends it, the caller looks and sleeps again if need be.
            let _ = wait(&self.woken, Flags::PRIVATE, 0, left.as_ref());
            self.woken.swap(0, Ordering::AcqRel);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::sync::{Condvar, Mutex, PoisonError};
    use std::time::Instant;

    /// The sleep of one thread.
    #[derive(Default)]
    pub(crate) struct Sleep {
        woken: Mutex<bool>,
        changed: Condvar,
    }

    impl Sleep {
        pub(crate) fn wake(&self) {
            *self.woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
            self.changed.notify_one();
        }

        pub(crate) fn sleep(&self, until: Option<Instant>) {
            let mut woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
            while !*woken {
                woken = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                    None => self.changed.wait(woken).unwrap_or_else(PoisonError::into_inner),
                    Some(left) if left.is_zero() => break,
                    Some(left) => {
                        let waited = self.changed.wait_timeout(woken, left);
                        waited.unwrap_or_else(PoisonError::into_inner).0
                    }
                };
            }
            *woken = false;
        }
    }
}
