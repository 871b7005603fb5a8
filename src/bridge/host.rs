//! Where calls are awaited: on an event loop, or in threads without one.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::bridge::event_loop::LoopBridge;
use crate::bridge::messenger::Messenger;
use crate::bridge::threads::steps::is_step;

pub(crate) enum Host {
    Loop(Py<LoopBridge>),
    Threads,
}

impl Host {
    /// The host of the running code.
    pub(crate) fn current(py: Python<'_>) -> PyResult<Self> {
        if is_step() { Ok(Self::Threads) } else { LoopBridge::current(py).map(Self::Loop) }
    }

    pub(crate) fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Loop(bridge) => Self::Loop(bridge.clone_ref(py)),
            Self::Threads => Self::Threads,
        }
    }

    /// Whether the running code may make calls: it runs on this loop, or there is none.
    pub(crate) fn check_running(&self, py: Python<'_>) -> PyResult<bool> {
        match self {
            Self::Loop(bridge) => bridge.get().check_running(py),
            Self::Threads => Ok(true),
        }
    }

    /// What a task awaits of a call or a step.
    pub(crate) fn awaited<'py>(&self, awaitable: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Loop(bridge) => bridge.get().awaited(awaitable),
            Self::Threads => Ok(awaitable),
        }
    }

    pub(crate) fn messenger(&self) -> PyResult<Messenger> {
        match self {
            Self::Loop(bridge) => bridge.get().messenger(),
            Self::Threads => Ok(Messenger::Threads),
        }
    }

    pub(crate) fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Loop(bridge) => visit.call(bridge),
            Self::Threads => Ok(()),
        }
    }
}
