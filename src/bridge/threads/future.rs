//! What a thread waits for: the result of a call, or a moment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use documented::documented;
use futures_util::future::AbortHandle;
use pyo3::exceptions::{PyBaseException, PyRuntimeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::bridge::completion::Completion;
use crate::bridge::fork::ForkGuarded;
use crate::bridge::threads::parker::Parker;
use crate::bridge::threads::slot::Slot;
use crate::bridge::threads::steps::as_step;

// The future of a call that is awaited without an event loop. A thread that waits for it sleeps
// without Python's lock, is woken by the engine itself, and makes the result's objects.
#[documented]
#[pyclass(frozen, module = "etcd_client._etcd_client")]
pub(crate) struct ThreadFuture {
    slot: ForkGuarded<Arc<Slot>>,
    /// Aborts the call's task on the engine.
    abort: Option<AbortHandle>,
    result: OnceLock<Result<Py<PyAny>, Py<PyBaseException>>>,
    cancelled: AtomicBool,
}

impl ThreadFuture {
    pub(crate) fn pending(abort: Option<AbortHandle>) -> Self {
        Self {
            slot: ForkGuarded::new(Arc::default()),
            abort,
            result: OnceLock::new(),
            cancelled: AtomicBool::new(false),
        }
    }

    pub(crate) fn finished(value: Py<PyAny>) -> Self {
        let future = Self::pending(None);
        let _ = future.result.set(Ok(value));
        future.end();
        future
    }

    pub(crate) fn slot(&self) -> PyResult<&Arc<Slot>> {
        self.slot
            .get()
            .ok_or_else(|| PyRuntimeError::new_err("this call belongs to the parent process"))
    }

    fn end(&self) {
        if let Some(slot) = self.slot.get() {
            slot.end();
        }
    }

    /// Aborts the call: nobody wants its result.
    pub(crate) fn give_up(&self) {
        if self.slot.get().is_some()
            && let Some(abort) = &self.abort
        {
            abort.abort();
        }
        if self.slot.get().is_some_and(|slot| !slot.has_ended()) {
            self.cancelled.store(true, Ordering::Relaxed);
        }
        self.end();
    }

    /// Whether it was given up before it had ended.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Waits until the call has ended; false if that takes until `until`. Raises what a signal
    /// handler or the interruption of this thread raises.
    pub(crate) fn block(&self, py: Python<'_>, until: Option<Instant>) -> PyResult<bool> {
        let slot = self.slot()?;
        let parker = Parker::here();
        loop {
            if slot.has_ended_or_wakes(&parker) {
                Parker::stay_at_exit(py);
                return Ok(true);
            }
            if until.is_some_and(|until| until <= Instant::now()) {
                return Ok(false);
            }
            parker.park(py, until)?;
        }
    }

    /// The result, for a caller that is the only one to ask; None if it was taken before.
    pub(crate) fn take(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let Some(completion) = self.slot()?.take() else { return Ok(None) };
        let result = as_step(|| completion.into_python(py));
        self.end();
        result.map(Some)
    }

    /// The result of a call that has ended, for any number of callers.
    pub(crate) fn result(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if let Some(completion) = self.slot()?.take() {
            let result = as_step(|| completion.into_python(py));
            let result = result.map_err(|error| error.into_value(py));
            // Nobody else has set it, because only one caller gets the completion.
            let _ = self.result.set(result);
            self.end();
        }
        match self.result.get() {
            Some(Ok(value)) => Ok(value.clone_ref(py)),
            Some(Err(error)) => Err(PyErr::from_value(error.bind(py).clone().into_any())),
            None => Err(PyRuntimeError::new_err("the call was cancelled")),
        }
    }
}

#[documented]
#[pymethods]
impl ThreadFuture {
    #[new]
    fn new() -> Self {
        Self::pending(None)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.result.get() {
            Some(Ok(value)) => visit.call(value),
            Some(Err(error)) => visit.call(error),
            None => Ok(()),
        }
    }

    // Ends the waits of all threads; for a future of no call.
    fn set(&self) -> PyResult<()> {
        self.slot()?.complete(Completion::Readable);
        Ok(())
    }

    // Whether waiting returns at once.
    fn done(&self) -> PyResult<bool> {
        Ok(self.slot()?.has_ended())
    }
}
