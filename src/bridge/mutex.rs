//! The mutex of everything that Python's threads and the engine's thread share.

use std::sync::PoisonError;

/// A mutex under which no Python runs.
///
/// **No Python object is made, dropped or called under a mutex.** Any of these may run Python code,
/// of a garbage collection or of a signal handler, which may come to the same mutex again and wait
/// for itself; and it may hand the interpreter to another thread, which then waits for the mutex
/// and for ever, where it keeps the interpreter meanwhile.
///
/// So there is no guard. What is to be done under the mutex is a closure that is `Send`, which the
/// token of the interpreter (`Python<'_>`) and bound objects are not. A `Py<T>` that is taken out is
/// returned, for the caller to drop it.
#[derive(Default)]
pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    /// Looks at the value, unless somebody is at it: for the garbage collector, which waits for
    /// nobody.
    pub(crate) fn try_with<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.0.try_lock().ok().map(|value| look(&value))
    }

    /// Does something with the value, as the only one.
    pub(crate) fn with<R: Send>(&self, work: impl FnOnce(&mut T) -> R + Send) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
