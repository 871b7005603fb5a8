//! The turns of attempts that share a key.
//!
//! In one line, all attempts with one lease of a caller have the same key. What is left of an
//! attempt that was given up is deleted by that key; the next attempt must not have taken it by
//! then. Nor may it delete a key that an earlier attempt has left for the caller.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turnstile, OwnedMutexGuard};

/// Who uses which key; one for each transport.
#[derive(Default)]
pub struct Turns {
    queues: Mutex<HashMap<Vec<u8>, Queue>>,
    /// The greatest create revision of the keys that were left to their callers. What an attempt
    /// creates after that is later.
    left: AtomicI64,
}

/// Those who use a key, or wait to.
#[derive(Default)]
struct Queue {
    turnstile: Arc<Turnstile<()>>,
    length: usize,
}

/// The right to use a key, until it is dropped.
pub struct Turn {
    turns: Arc<Turns>,
    key: Vec<u8>,
    through: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits until nobody else uses a key. Cancellation safe.
    pub async fn take(self: Arc<Self>, key: Vec<u8>) -> Turn {
        let turnstile = self.with(|queues| {
            let queue = queues.entry(key.clone()).or_default();
            queue.length += 1;
            Arc::clone(&queue.turnstile)
        });
        let mut turn = Turn { turns: self, key, through: None };
        turn.through = Some(turnstile.lock_owned().await);
        turn
    }

    fn with<R>(&self, work: impl FnOnce(&mut HashMap<Vec<u8>, Queue>) -> R) -> R {
        work(&mut self.queues.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Turn {
    /// Leaves the key, created at that revision, to the caller.
    pub fn leave(&self, revision: i64) {
        self.turns.left.fetch_max(revision, Ordering::AcqRel);
    }

    /// The latest revision at which the key may have been created that an earlier turn has left.
    pub fn latest_left(&self) -> i64 {
        self.turns.left.load(Ordering::Acquire)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.with(|queues| {
            if let Some(queue) = queues.get_mut(&self.key) {
                queue.length -= 1;
                if queue.length == 0 {
                    queues.remove(&self.key);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::task::yield_now;

    #[tokio::test]
    async fn the_next_one_waits_and_nothing_stays() {
        let turns = Arc::<Turns>::default();
        let first = Arc::clone(&turns).take(b"key".to_vec()).await;
        let _other = Arc::clone(&turns).take(b"other".to_vec()).await;
        let given_up = tokio::spawn(Arc::clone(&turns).take(b"key".to_vec()));
        let second = tokio::spawn(Arc::clone(&turns).take(b"key".to_vec()));
        yield_now().await;
        assert!(!given_up.is_finished() && !second.is_finished());
        given_up.abort();
        assert!(given_up.await.is_err());
        drop(first);
        drop(second.await.expect("its turn has come"));
        assert_eq!(turns.with(|queues| queues.len()), 1);
    }
}
