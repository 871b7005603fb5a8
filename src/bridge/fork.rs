//! Values that a forked child must not touch, because the threads behind them stayed in the parent.

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// The number of forks between the process that loaded the module and this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

pub(crate) fn enter_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// The generation of this process.
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// A static of which each process has its own value: a forked child starts with the default,
/// because a lock inside the inherited value may be held for ever. The inherited value is leaked.
pub(crate) struct PerProcess<T> {
    current: AtomicPtr<(u32, T)>,
}

impl<T: Default + 'static> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self { current: AtomicPtr::new(std::ptr::null_mut()) }
    }

    #[allow(unsafe_code)]
    pub(crate) fn get(&'static self) -> &'static T {
        let found = self.current.load(Ordering::Acquire);
        // SAFETY: what is stored came from `Box::into_raw` and is never freed.
        if let Some((made_in, value)) = unsafe { found.as_ref() }
            && *made_in == generation()
        {
            return value;
        }
        let new = Box::into_raw(Box::new((generation(), T::default())));
        match self.current.compare_exchange(found, new, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: `new` came from `Box::into_raw` just above and is never freed.
            Ok(_) => unsafe { &(*new).1 },
            Err(winner) => {
                // SAFETY: `new` was not published, and `winner` is never freed.
                unsafe {
                    drop(Box::from_raw(new));
                    &(*winner).1
                }
            }
        }
    }
}

/// A value that belongs to the process that made it. A child leaks it instead of dropping it, which
/// could wait for a lock that a thread of the parent held during the fork.
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
