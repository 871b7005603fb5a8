//! What a call returns: a coroutine, on top of a future of its host.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use documented::documented;
use futures_util::future::{AbortHandle, Abortable};
use pyo3::exceptions::{PyAttributeError, PyBaseException, PyStopIteration, PyTypeError};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

use crate::bridge::awaitable::pending::Pending;
use crate::bridge::completion::{Lost, Outcome};
use crate::bridge::engine::Engine;
use crate::bridge::host::Host;

/// The result of a call on the engine thread.
pub(crate) trait Reply: Send + 'static {
    /// Makes the Python object or the exception, where the call is awaited.
    fn into_python(self, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

impl<R: Reply> Outcome for R {
    fn into_python(self: Box<Self>, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Reply::into_python(*self, py)
    }
}

/// Starts the task that `make` makes on the engine, and returns the call that awaits it. `make` is
/// called there even if the call is cancelled meanwhile, before what is asked of the engine later.
/// `lost` makes the error of a task that ends without a reply, as happens when the runtime is
/// stopped.
pub(crate) fn spawn<R: Reply, T>(
    py: Python<'_>,
    host: &Host,
    engine: &Arc<Engine>,
    lost: Lost,
    make: impl FnOnce() -> T + Send + 'static,
) -> PyResult<Call>
where
    T: Future<Output = R> + Send + 'static,
{
    let (abort, registration) = AbortHandle::new_pair();
    let (pending, completer) = Pending::new(py, host, Some(abort), lost)?;
    let counted = engine.pending_call();
    // If the engine has just stopped, this is dropped, and the completer fails the call.
    engine.submit_made(move || {
        let task = Abortable::new(Box::pin(make()), registration);
        async move {
            if let Ok(reply) = task.await {
                completer.finish(Box::new(reply));
            }
            drop(counted);
        }
    });
    Ok(Call { pending, started: AtomicBool::new(false), value: None, undo: None })
}

/// A call that needs no task, because its value is known.
pub(crate) fn finished(py: Python<'_>, host: &Host, value: Py<PyAny>) -> PyResult<Call> {
    let pending = Pending::finished(py, host, value)?;
    Ok(Call { pending, started: AtomicBool::new(true), value: None, undo: None })
}

#[documented]
#[pyclass(frozen, module = "etcd_client", name = "Call", generic)]
pub(crate) struct Call {
    pending: Pending,
    started: AtomicBool,
    /// Replaces the result of the call.
    value: Option<Py<PyAny>>,
    /// Undoes the effect of the call if its awaiter is cancelled between the arrival of the result
    /// and its own resumption: the exception may keep the call, and so the result, alive.
    undo: Option<Box<dyn Fn() + Send + Sync>>,
}

/// What an awaiting coroutine gets of a call.
enum Step {
    /// The future that it has to wait for.
    Waits(Py<PyAny>),
    Ended(Py<PyAny>),
}

fn stop_with(value: Py<PyAny>) -> PyErr {
    PyStopIteration::new_err((value,))
}

/// Ends an iteration with a result, as generators do: without an exception object, unless the
/// result could be taken for one or for its arguments.
#[allow(unsafe_code)]
fn end_with(result: Bound<'_, PyAny>) -> PyResult<Option<Py<PyAny>>> {
    if result.is_instance_of::<PyTuple>() || result.is_instance_of::<PyBaseException>() {
        return Err(stop_with(result.unbind()));
    }
    // SAFETY: both are live objects, and the thread is attached. Without a value, PyO3 returns a
    // null pointer and leaves the exception that is set.
    unsafe { ffi::PyErr_SetObject(ffi::PyExc_StopIteration, result.as_ptr()) };
    Ok(None)
}

/// The exception for `throw(type_or_instance, value)`.
pub(crate) fn thrown(kind: &Bound<'_, PyAny>, value: Option<&Bound<'_, PyAny>>) -> PyErr {
    let Ok(class) = kind.cast::<PyType>() else {
        return PyErr::from_value(kind.clone());
    };
    match value {
        Some(value) if value.is_instance(class).unwrap_or(false) => {
            PyErr::from_value(value.clone())
        }
        Some(value) => PyErr::from_type(class.clone(), (value.clone().unbind(),)),
        None => PyErr::from_type(class.clone(), ()),
    }
}

impl Call {
    /// The same call with another result.
    pub(crate) fn returning(mut self, value: Py<PyAny>) -> Self {
        self.value = Some(value);
        self
    }

    /// The same call, with something to do if nobody receives its result.
    pub(crate) fn undone_by(mut self, undo: impl Fn() + Send + Sync + 'static) -> Self {
        self.undo = Some(Box::new(undo));
        self
    }

    /// Calls `callback` with the future when the call has finished.
    pub(crate) fn when_done(&self, py: Python<'_>, callback: Py<PyAny>) -> PyResult<()> {
        self.pending.when_done(py, callback)
    }

    /// What the caller gets for the result of the future.
    fn value_for(&self, py: Python<'_>, result: Py<PyAny>) -> Py<PyAny> {
        self.value.as_ref().map_or(result, |value| value.clone_ref(py))
    }

    fn step(&self, py: Python<'_>) -> PyResult<Step> {
        if self.started.swap(true, Ordering::Relaxed) {
            if let Some(result) = self.pending.result(py)? {
                return Ok(Step::Ended(self.value_for(py, result)));
            }
            if !self.pending.is_awaited(py)? {
                let message = "a call cannot be iterated over: await it, as in `in await call`";
                return Err(PyTypeError::new_err(message));
            }
        }
        self.pending.suspend(py).map(Step::Waits)
    }

    fn give_up(&self, py: Python<'_>) -> PyResult<()> {
        if let Some(undo) = &self.undo {
            undo();
        }
        self.pending.cancel(py)
    }
}

impl Drop for Call {
    /// Cancels a call with `undo` if nobody can receive its result any more, as when a task is
    /// cancelled before its first step. Other calls run on without a caller.
    fn drop(&mut self) {
        if self.undo.is_some() && !self.started.load(Ordering::Relaxed) {
            self.pending.abort();
        }
    }
}

#[documented]
#[pymethods]
impl Call {
    /// There can be a cycle: the future holds an exception, whose traceback holds the frame that
    /// awaited this call, which holds this call.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.pending.visit(&visit)?;
        visit.call(&self.value)
    }

    fn __await__<'py>(this: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        this.get().pending.awaited(this.clone().into_any())
    }

    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        match self.step(py)? {
            Step::Waits(future) => Ok(Some(future)),
            Step::Ended(result) => end_with(result.into_bound(py)),
        }
    }

    #[pyo3(name = "_wait")]
    pub(crate) fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let Some(future) = self.pending.of_threads() else {
            return Err(PyTypeError::new_err("this call is awaited on an event loop"));
        };
        self.started.store(true, Ordering::Relaxed);
        if let Err(error) = future.block(py, None) {
            self.give_up(py)?;
            return Err(error);
        }
        let result = match future.take(py)? {
            Some(result) => result,
            None => future.result(py)?,
        };
        Ok(self.value_for(py, result))
    }

    /// For an attribute that there is not, because its result was meant.
    #[expect(clippy::unused_self, reason = "a special method has it")]
    fn __getattr__(&self, name: &str) -> PyResult<Py<PyAny>> {
        let message = format!("'Call' object has no attribute '{name}': await it for its result");
        Err(PyAttributeError::new_err(message))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(if self.pending.is_cancelled(py)? {
            "<Call cancelled>"
        } else if self.pending.is_done(py)? {
            "<Call finished>"
        } else {
            "<Call in flight>"
        })
    }

    fn send(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        if !value.is_none() {
            return Err(PyTypeError::new_err("can't send a value to a call"));
        }
        match self.step(py)? {
            Step::Waits(future) => Ok(future),
            Step::Ended(result) => Err(stop_with(result)),
        }
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
