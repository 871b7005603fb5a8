//! What a forked child inherits must not be touched: the threads behind it stayed in the parent.

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many forks lie between this process and the one that loaded the module.
static GENERATION: AtomicU32 = AtomicU32::new(0);

pub(super) fn enter_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// A value that belongs to the process which made it, and is leaked rather than dropped in a
/// child: dropping could wait for a lock that a thread of the parent held during the fork.
pub(crate) struct ForkGuarded<T> {
    value: ManuallyDrop<T>,
    generation: u32,
}

impl<T> ForkGuarded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: ManuallyDrop::new(value), generation: generation() }
    }

    /// The value, or `None` in a child of the process that made it.
    pub(crate) fn get(&self) -> Option<&T> {
        (!in_forked_child(self)).then_some(&*self.value)
    }
}

pub(crate) fn in_forked_child<T>(guarded: &ForkGuarded<T>) -> bool {
    guarded.generation != generation()
}

impl<T> Drop for ForkGuarded<T> {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        if !in_forked_child(self) {
            // SAFETY: `value` is dropped here only, and never used after `drop`.
            unsafe { ManuallyDrop::drop(&mut self.value) }
        }
    }
}
