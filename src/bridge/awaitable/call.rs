//! What a call returns: a coroutine for asyncio, on top of a future of the loop.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use documented::documented;
use futures_util::future::{AbortHandle, Abortable};
use pyo3::exceptions::{PyAttributeError, PyStopIteration, PyTypeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::bridge::engine::Engine;
use crate::bridge::event_loop::LoopBridge;
use crate::bridge::loops::completion_queue::{Lost, Outcome, Ticket};

/// The result of a call on the engine thread.
pub(crate) trait Reply: Send + 'static {
    /// Makes the Python object or the exception, on the loop's thread.
    fn into_python(self, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

impl<R: Reply> Outcome for R {
    fn into_python(self: Box<Self>, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Reply::into_python(*self, py)
    }
}

/// Starts `task` on the engine and returns the call that awaits it. `lost` makes the error of
/// a task that ends without a reply, as happens when the runtime is stopped.
pub(crate) fn spawn<R: Reply>(
    py: Python<'_>,
    bridge: &Py<LoopBridge>,
    engine: &Arc<Engine>,
    lost: Lost,
    task: impl Future<Output = R> + Send + 'static,
) -> PyResult<Call> {
    let (abort, registration) = AbortHandle::new_pair();
    let (future, ticket, completer) = bridge.get().register(py, Some(abort), lost)?;
    let pending = engine.pending_call();
    let job = Abortable::new(task, registration);
    // If the engine has just stopped, the job is dropped, and its completer fails the call.
    engine.submit(async move {
        if let Ok(reply) = job.await {
            completer.finish(Box::new(reply));
        }
        drop(pending);
    });
    Ok(Call {
        future,
        bridge: bridge.clone_ref(py),
        ticket,
        started: AtomicBool::new(false),
        value: None,
        undo: None,
    })
}

/// A call that needs no task, because its value is known.
pub(crate) fn finished(
    py: Python<'_>,
    bridge: &Py<LoopBridge>,
    value: Py<PyAny>,
) -> PyResult<Call> {
    let future = bridge.get().create_future(py)?;
    future.call_method1(py, intern!(py, "set_result"), (value,))?;
    let started = AtomicBool::new(true);
    Ok(Call {
        future,
        bridge: bridge.clone_ref(py),
        ticket: Ticket::NONE,
        started,
        value: None,
        undo: None,
    })
}

#[documented]
#[pyclass(frozen, module = "etcd_client", name = "Call", generic)]
pub(crate) struct Call {
    future: Py<PyAny>,
    bridge: Py<LoopBridge>,
    ticket: Ticket,
    started: AtomicBool,
    /// Replaces the result of the call.
    value: Option<Py<PyAny>>,
    /// Undoes the effect of the call if its awaiter is cancelled between the arrival of the result
    /// and its own resumption: the exception may keep the call, and so the result, alive.
    undo: Option<Box<dyn Fn() + Send + Sync>>,
}

/// Yields a future to the task that drives this iterator, as `yield from future` does.
pub(crate) fn suspend_on(py: Python<'_>, future: &Py<PyAny>) -> PyResult<Py<PyAny>> {
    future.setattr(py, intern!(py, "_asyncio_future_blocking"), true)?;
    Ok(future.clone_ref(py))
}

pub(crate) fn stop_with(value: Py<PyAny>) -> PyErr {
    PyStopIteration::new_err((value,))
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
        self.future.call_method1(py, intern!(py, "add_done_callback"), (callback,))?;
        Ok(())
    }

    /// Asks the future, whose method is called so.
    fn is(&self, py: Python<'_>, state: &Bound<'_, PyString>) -> PyResult<bool> {
        self.future.call_method0(py, state)?.is_truthy(py)
    }

    fn give_up(&self, py: Python<'_>) -> PyResult<()> {
        self.bridge.get().give_up(self.ticket);
        // Other tasks that await the same call must not wait for ever.
        self.future.call_method0(py, intern!(py, "cancel"))?;
        if let Some(undo) = &self.undo {
            undo();
        }
        Ok(())
    }
}

impl Drop for Call {
    /// Cancels a call with `undo` if nobody can receive its result any more, as when a task is
    /// cancelled before its first step. Other calls run on without a caller.
    fn drop(&mut self) {
        if self.undo.is_some() && !self.started.load(Ordering::Relaxed) {
            self.bridge.get().give_up(self.ticket);
        }
    }
}

#[documented]
#[pymethods]
impl Call {
    /// There can be a cycle: the future holds an exception, whose traceback holds the frame that
    /// awaited this call, which holds this call.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.future)?;
        visit.call(&self.bridge)?;
        visit.call(&self.value)
    }

    fn __await__<'py>(this: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        this.get().bridge.get().awaited(this.clone().into_any())
    }

    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if self.started.swap(true, Ordering::Relaxed) {
            if self.is(py, intern!(py, "done"))? {
                let result = self.future.call_method0(py, intern!(py, "result"))?;
                let value = self.value.as_ref().map_or(result, |value| value.clone_ref(py));
                return Err(stop_with(value));
            }
            // A task that has received the future has taken the mark from it.
            if self.future.getattr(py, intern!(py, "_asyncio_future_blocking"))?.is_truthy(py)? {
                let message = "a call cannot be iterated over: await it, as in `in await call`";
                return Err(PyTypeError::new_err(message));
            }
        }
        suspend_on(py, &self.future)
    }

    /// For an attribute that there is not, because its result was meant.
    #[expect(clippy::unused_self, reason = "a special method has it")]
    fn __getattr__(&self, name: &str) -> PyResult<Py<PyAny>> {
        let message = format!("'Call' object has no attribute '{name}': await it for its result");
        Err(PyAttributeError::new_err(message))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(if self.is(py, intern!(py, "cancelled"))? {
            "<Call cancelled>"
        } else if self.is(py, intern!(py, "done"))? {
            "<Call finished>"
        } else {
            "<Call in flight>"
        })
    }

    fn send(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        if !value.is_none() {
            return Err(PyTypeError::new_err("can't send a value to a call"));
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
