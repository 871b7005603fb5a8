//! The future behind what is awaited: one of an event loop, or one of threads.

use futures_util::future::AbortHandle;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;

use crate::bridge::completer::Completer;
use crate::bridge::completion::{Lost, Ticket};
use crate::bridge::event_loop::LoopBridge;
use crate::bridge::host::Host;
use crate::bridge::python_code::{self, call_method};
use crate::bridge::threads::future::ThreadFuture;

pub(crate) enum Pending {
    Loop { bridge: Py<LoopBridge>, future: Py<PyAny>, ticket: Ticket },
    Thread { future: Py<ThreadFuture>, ticket: Ticket },
}

impl Pending {
    /// A new future, and the completer that finishes it.
    pub(crate) fn new(
        py: Python<'_>,
        host: &Host,
        abort: Option<AbortHandle>,
        lost: Lost,
    ) -> PyResult<(Self, Completer)> {
        match host {
            Host::Loop(bridge) => {
                let (future, ticket, completer) = bridge.get().register(py, abort, lost)?;
                Ok((Self::Loop { bridge: bridge.clone_ref(py), future, ticket }, completer))
            }
            Host::Threads => {
                let future = Py::new(py, ThreadFuture::pending(abort))?;
                let ticket = Ticket::unlisted();
                let slot = future.get().slot()?.clone();
                let completer = Completer::of_slot(slot, ticket, lost);
                Ok((Self::Thread { future, ticket }, completer))
            }
        }
    }

    /// A future that has a result already.
    pub(crate) fn finished(py: Python<'_>, host: &Host, value: Py<PyAny>) -> PyResult<Self> {
        match host {
            Host::Loop(bridge) => {
                let future = bridge.get().create_future(py)?;
                let objects = [future.bind(py), value.bind(py)];
                call_method(intern!(py, "set_result"), objects)?;
                let bridge = bridge.clone_ref(py);
                Ok(Self::Loop { bridge, future, ticket: Ticket::NONE })
            }
            Host::Threads => {
                let future = Py::new(py, ThreadFuture::finished(value))?;
                Ok(Self::Thread { future, ticket: Ticket::NONE })
            }
        }
    }

    pub(crate) fn ticket(&self) -> Ticket {
        match self {
            Self::Loop { ticket, .. } | Self::Thread { ticket, .. } => *ticket,
        }
    }

    /// What a task awaits of the call that waits for this.
    pub(crate) fn awaited<'py>(&self, awaitable: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Loop { bridge, .. } => bridge.get().awaited(awaitable),
            Self::Thread { .. } => Ok(awaitable),
        }
    }

    /// What an awaiting coroutine yields to whoever drives it.
    pub(crate) fn suspend(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            Self::Loop { future, .. } => {
                // As `yield from future` does.
                future.setattr(py, intern!(py, "_asyncio_future_blocking"), true)?;
                Ok(future.clone_ref(py))
            }
            Self::Thread { future, .. } => Ok(future.clone_ref(py).into_any()),
        }
    }

    pub(crate) fn is_done(&self, py: Python<'_>) -> PyResult<bool> {
        match self {
            Self::Loop { future, .. } => {
                call_method(intern!(py, "done"), [future.bind(py)])?.is_truthy()
            }
            Self::Thread { future, .. } => Ok(future.get().slot()?.has_ended()),
        }
    }

    pub(crate) fn is_cancelled(&self, py: Python<'_>) -> PyResult<bool> {
        match self {
            Self::Loop { future, .. } => {
                call_method(intern!(py, "cancelled"), [future.bind(py)])?.is_truthy()
            }
            Self::Thread { future, .. } => Ok(future.get().is_cancelled()),
        }
    }

    /// Whether whoever drives the awaiting coroutine has taken what it has yielded.
    pub(crate) fn is_awaited(&self, py: Python<'_>) -> PyResult<bool> {
        match self {
            Self::Loop { future, .. } => {
                // A task that has received the future has taken the mark from it.
                let mark = future.getattr(py, intern!(py, "_asyncio_future_blocking"))?;
                mark.is_truthy(py).map(|marked| !marked)
            }
            Self::Thread { .. } => Ok(true),
        }
    }

    /// The result, if there is one already.
    pub(crate) fn result(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        match self {
            Self::Loop { future, .. } => {
                if !self.is_done(py)? {
                    return Ok(None);
                }
                let result = call_method(intern!(py, "result"), [future.bind(py)])?;
                Ok(Some(result.unbind()))
            }
            Self::Thread { future, .. } => {
                if !self.is_done(py)? {
                    return Ok(None);
                }
                future.get().result(py).map(Some)
            }
        }
    }

    /// The future, if threads wait for it.
    pub(crate) fn of_threads(&self) -> Option<&ThreadFuture> {
        match self {
            Self::Loop { .. } => None,
            Self::Thread { future, .. } => Some(future.get()),
        }
    }

    /// Aborts the task of the call; its outcome is ignored.
    pub(crate) fn abort(&self) {
        match self {
            Self::Loop { bridge, ticket, .. } => bridge.get().give_up(*ticket),
            Self::Thread { future, .. } => future.get().give_up(),
        }
    }

    /// Aborts the task of the call, and ends the waits for its result.
    pub(crate) fn cancel(&self, py: Python<'_>) -> PyResult<()> {
        self.abort();
        let Self::Loop { bridge, future, .. } = self else { return Ok(()) };
        // Other tasks that await the same call must not wait for ever.
        match call_method(intern!(py, "cancel"), [future.bind(py)]) {
            // Those of a closed loop are woken no more, whatever they wait for.
            Err(_) if bridge.get().is_closed(py) => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// Calls `callback` with the future when it has ended.
    pub(crate) fn when_done(&self, py: Python<'_>, callback: Py<PyAny>) -> PyResult<()> {
        match self {
            Self::Loop { future, .. } => {
                let objects = [future.bind(py), callback.bind(py)];
                call_method(intern!(py, "add_done_callback"), objects)?;
            }
            Self::Thread { future, .. } => {
                let ended = future.clone_ref(py);
                future.get().slot()?.when_ended(Box::new(move |py| {
                    if let Err(error) = python_code::call(callback.bind(py), (ended,), None) {
                        error.write_unraisable(py, None);
                    }
                }));
            }
        }
        Ok(())
    }

    pub(crate) fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Loop { bridge, future, .. } => {
                visit.call(future)?;
                visit.call(bridge)
            }
            Self::Thread { future, .. } => visit.call(future),
        }
    }
}
