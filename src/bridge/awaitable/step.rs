//! One step of an async iterator over a stream.

use std::sync::Arc;

use documented::documented;
use pyo3::exceptions::{PyStopIteration, PyTimeoutError, PyTypeError};
use pyo3::prelude::*;

use crate::bridge::awaitable::call::thrown;
use crate::bridge::awaitable::pending::Pending;
use crate::bridge::awaitable::waiting_steps::WaitingSteps;
use crate::bridge::fork::ForkGuarded;
use crate::bridge::host::Host;
use crate::bridge::mutex::Mutex;
use crate::bridge::python_code::call;
use crate::bridge::threads::future::ThreadFuture;
use crate::bridge::threads::parker::instant_after;

/// The reading side of a stream.
pub(crate) trait StreamReader: Send + Sync {
    /// The next item, if there is one now; the error where the stream has ended.
    fn take(&self, py: Python<'_>) -> PyResult<Option<StepResult>>;

    /// The steps that wait until `take` returns an item or an error.
    fn waiting_steps(&self) -> &dyn WaitingSteps;

    /// Ends the stream from this side; unread items are dropped.
    fn cancel(&self);
}

/// What a step returns, made to the end: nothing that is left to do can fail and lose the item.
pub(crate) struct StepResult(PyErr);

impl StepResult {
    pub(crate) fn new<'py>(item: impl IntoPyObject<'py>, py: Python<'py>) -> PyResult<Self> {
        let stop = call(&py.get_type::<PyStopIteration>(), (item,), None)?;
        Ok(Self(PyErr::from_value(stop)))
    }
}

// What `__anext__` returns. An item is taken when the awaiting task resumes, not before: a step that
// is cancelled while it waits has taken nothing.
#[documented]
#[pyclass(frozen, module = "etcd_client", name = "Next", generic)]
pub(crate) struct Next {
    reader: ForkGuarded<Arc<dyn StreamReader>>,
    host: Host,
    waiting: Mutex<Option<Pending>>,
}

impl Next {
    pub(crate) fn new(reader: Arc<dyn StreamReader>, host: Host) -> Self {
        Self { reader: ForkGuarded::new(reader), host, waiting: Mutex::new(None) }
    }

    fn give_up(&self, py: Python<'_>) -> PyResult<()> {
        let waiting = self.waiting.with(Option::take);
        if let Some(pending) = waiting {
            if let Some(reader) = self.reader.get() {
                reader.waiting_steps().withdraw(pending.ticket());
            }
            pending.cancel(py)?;
        }
        Ok(())
    }
}

/// The error that ends the wait of a step whose runtime is gone; reading the stream again says
/// why.
fn lost() -> PyErr {
    pyo3::exceptions::PyRuntimeError::new_err("the stream's runtime was stopped")
}

fn forked() -> PyErr {
    pyo3::exceptions::PyRuntimeError::new_err("the stream belongs to the parent process")
}

/// What a coroutine that ended with `error` has returned.
pub(crate) fn returned(py: Python<'_>, error: PyErr) -> PyResult<Py<PyAny>> {
    if error.is_instance_of::<PyStopIteration>(py) {
        return error.value(py).getattr("value").map(Bound::unbind);
    }
    Err(error)
}

#[documented]
#[pymethods]
impl Next {
    fn __await__<'py>(this: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        this.get().host.awaited(this.clone().into_any())
    }

    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __repr__(&self) -> &'static str {
        let waits = self.waiting.with(|waiting| waiting.is_some());
        if waits { "<Next waiting>" } else { "<Next>" }
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let reader = self.reader.get().ok_or_else(forked)?;
        if let Some(item) = reader.take(py)? {
            return Err(item.0);
        }
        let (pending, completer) = Pending::new(py, &self.host, None, lost)?;
        let suspended = pending.suspend(py)?;
        drop(self.waiting.with(|waiting| waiting.replace(pending)));
        reader.waiting_steps().add(completer);
        Ok(suspended)
    }

    // Nothing is taken by a wait that raises.
    #[pyo3(signature = (seconds=None))]
    #[pyo3(name = "_wait")]
    pub(crate) fn wait(&self, py: Python<'_>, seconds: Option<f64>) -> PyResult<Py<PyAny>> {
        let until = seconds.and_then(instant_after);
        loop {
            let suspended = match self.__next__(py) {
                Ok(suspended) => suspended.into_bound(py).cast_into::<ThreadFuture>()?,
                Err(error) => return returned(py, error),
            };
            match suspended.get().block(py, until) {
                Ok(true) => {}
                Ok(false) => {
                    self.give_up(py)?;
                    return Err(PyTimeoutError::new_err("nothing came within the timeout"));
                }
                Err(error) => {
                    self.give_up(py)?;
                    return Err(error);
                }
            }
        }
    }

    fn send(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        if !value.is_none() {
            return Err(PyTypeError::new_err("can't send a value to a step"));
        }
        self.__next__(py)
    }

    #[pyo3(signature = (kind, value=None, traceback=None, /))]
    fn throw(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        value: Option<&Bound<'_, PyAny>>,
        traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let _ = traceback;
        self.give_up(py)?;
        Err(thrown(kind, value))
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.give_up(py)
    }
}
