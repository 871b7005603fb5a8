//! One step of an async iterator over a stream.

use std::sync::Arc;

use documented::documented;
use pyo3::exceptions::{PyStopIteration, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;

use crate::bridge::awaitable::call::{suspend_on, thrown};
use crate::bridge::awaitable::channel::WaitingSteps;
use crate::bridge::event_loop::LoopBridge;
use crate::bridge::fork::ForkGuarded;
use crate::bridge::loops::completion_queue::Ticket;
use crate::bridge::mutex::Mutex;

/// The loop's side of a stream.
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
        let stop = py.get_type::<PyStopIteration>().call1((item,))?;
        Ok(Self(PyErr::from_value(stop)))
    }
}

// What `__anext__` returns. An item is taken when the awaiting task resumes, not before: a step that
// is cancelled while it waits has taken nothing.
#[documented]
#[pyclass(frozen, module = "etcd_client", name = "Next", generic)]
pub(crate) struct Next {
    reader: ForkGuarded<Arc<dyn StreamReader>>,
    bridge: Py<LoopBridge>,
    waiting: Mutex<Option<(Py<PyAny>, Ticket)>>,
}

impl Next {
    pub(crate) fn new(reader: Arc<dyn StreamReader>, bridge: Py<LoopBridge>) -> Self {
        Self { reader: ForkGuarded::new(reader), bridge, waiting: Mutex::new(None) }
    }

    fn give_up(&self, py: Python<'_>) -> PyResult<()> {
        let waiting = self.waiting.with(Option::take);
        if let Some((future, ticket)) = waiting {
            if let Some(reader) = self.reader.get() {
                reader.waiting_steps().withdraw(ticket);
            }
            self.bridge.get().give_up(ticket);
            future.call_method0(py, intern!(py, "cancel"))?;
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

#[documented]
#[pymethods]
impl Next {
    fn __await__<'py>(this: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        this.get().bridge.get().awaited(this.clone().into_any())
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
        let (future, ticket, completer) = self.bridge.get().register(py, None, lost)?;
        let suspended = suspend_on(py, &future)?;
        drop(self.waiting.with(|waiting| waiting.replace((future, ticket))));
        reader.waiting_steps().add(completer);
        Ok(suspended)
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
