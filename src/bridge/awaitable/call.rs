//! The result of a call: a coroutine for asyncio, a future of the loop underneath.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{AbortHandle, Abortable};
use pyo3::exceptions::{PyStopIteration, PyTypeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::bridge::engine::Engine;
use crate::bridge::event_loop::LoopBridge;
use crate::bridge::loops::completion_queue::{Lost, Outcome, Ticket};

/// What a call brings back from the engine thread.
pub(crate) trait Reply: Send + 'static {
    /// Makes the Python object, or the exception; on the loop's thread.
    fn into_python(self, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

impl<R: Reply> Outcome for R {
    fn into_python(self: Box<Self>, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Reply::into_python(*self, py)
    }
}

/// Starts `task` on the engine and returns the call that awaits it. `lost` makes the error for
/// a task that ends without a reply, as it does when the runtime is stopped under it.
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
    // Where the engine has just stopped, the job is dropped and its completer says so.
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

/// A call that needed no task: its value was at hand.
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

/// A call that is under way. It can be awaited like a coroutine, once or several times.
#[pyclass(frozen, module = "etcd_client", name = "Call", generic)]
pub(crate) struct Call {
    future: Py<PyAny>,
    bridge: Py<LoopBridge>,
    ticket: Ticket,
    started: AtomicBool,
    /// What the call returns instead of its own result.
    value: Option<Py<PyAny>>,
    /// Takes the result back when its awaiter is cancelled after it came and before it resumed:
    /// the exception may keep the call, and the result in it, for any time.
    undo: Option<Box<dyn Fn() + Send + Sync>>,
}

/// Hands a future to the task that drives this iterator, as `yield from future` does.
pub(crate) fn suspend_on(py: Python<'_>, future: &Py<PyAny>) -> PyResult<Py<PyAny>> {
    future.setattr(py, intern!(py, "_asyncio_future_blocking"), true)?;
    Ok(future.clone_ref(py))
}

pub(crate) fn stop_with(value: Py<PyAny>) -> PyErr {
    PyStopIteration::new_err((value,))
}

/// The exception that `throw(type_or_instance, value)` stands for.
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

    /// The same call, with something to do when nobody gets its result.
    pub(crate) fn undone_by(mut self, undo: impl Fn() + Send + Sync + 'static) -> Self {
        self.undo = Some(Box::new(undo));
        self
    }

    /// Calls `callback` with the future once the call is over.
    pub(crate) fn when_done(&self, py: Python<'_>, callback: Py<PyAny>) -> PyResult<()> {
        self.future.call_method1(py, intern!(py, "add_done_callback"), (callback,))?;
        Ok(())
    }

    fn give_up(&self, py: Python<'_>) -> PyResult<()> {
        self.bridge.get().give_up(self.ticket);
        // Others that await the same call must not wait for ever.
        self.future.call_method0(py, intern!(py, "cancel"))?;
        if let Some(undo) = &self.undo {
            undo();
        }
        Ok(())
    }
}

impl Drop for Call {
    /// A result that would have to be taken back is not waited for where nobody can get it, as
    /// when a task is cancelled before its first step. Other calls go on without their caller.
    fn drop(&mut self) {
        if self.undo.is_some() && !self.started.load(Ordering::Relaxed) {
            self.bridge.get().give_up(self.ticket);
        }
    }
}

#[pymethods]
impl Call {
    /// For the garbage collector: the traceback of the exception that the future keeps has the
    /// frame that awaited this call, and this call with it.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.future)?;
        visit.call(&self.value)
    }

    fn __await__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if self.started.swap(true, Ordering::Relaxed)
            && self.future.call_method0(py, intern!(py, "done"))?.is_truthy(py)?
        {
            let result = self.future.call_method0(py, intern!(py, "result"))?;
            return Err(stop_with(self.value.as_ref().map_or(result, |value| value.clone_ref(py))));
        }
        suspend_on(py, &self.future)
    }

    /// Resumes the call, as a task does.
    fn send(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        if !value.is_none() {
            return Err(PyTypeError::new_err("can't send a value to a call"));
        }
        self.__next__(py)
    }

    /// Ends the call with an exception, as the cancellation of its task does.
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

    /// Cancels the call.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.give_up(py)
    }
}
