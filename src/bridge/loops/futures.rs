//! Making the futures of a loop.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::bridge::python_code::{call, import};

pub(crate) enum FutureMaker {
    /// asyncio's class, and its arguments.
    Class(Py<PyAny>, Py<PyDict>),
    /// The method of the loop.
    Method(Py<PyAny>),
}

impl FutureMaker {
    /// For a loop of asyncio, or of another library that has asyncio's tasks.
    ///
    /// asyncio's own loops make a future in a function of Python, which takes longer than to make
    /// it: here, this is done without that function, unless a loop has one of its own.
    pub(crate) fn of_asyncio(event_loop: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = event_loop.py();
        let method = event_loop.getattr(intern!(py, "create_future"))?;
        let asyncio = import(py, "asyncio")?;
        let usual =
            asyncio.getattr(intern!(py, "BaseEventLoop"))?.getattr(intern!(py, "create_future"))?;
        match method.getattr_opt(intern!(py, "__func__"))? {
            Some(function) if function.is(&usual) => {
                let keywords = PyDict::new(py);
                keywords.set_item(intern!(py, "loop"), event_loop)?;
                let class = asyncio.getattr(intern!(py, "Future"))?;
                Ok(Self::Class(class.unbind(), keywords.unbind()))
            }
            _ => Ok(Self::Method(method.unbind())),
        }
    }

    /// For a loop that is not asyncio's.
    pub(crate) fn of_other(event_loop: &Bound<'_, PyAny>) -> PyResult<Self> {
        let method = event_loop.getattr(intern!(event_loop.py(), "create_future"))?;
        Ok(Self::Method(method.unbind()))
    }

    pub(crate) fn make(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            Self::Class(class, keywords) => call(class.bind(py), (), Some(keywords.bind(py))),
            Self::Method(method) => call(method.bind(py), (), None),
        }
        .map(Bound::unbind)
    }

    pub(crate) fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Class(class, keywords) => {
                visit.call(class)?;
                visit.call(keywords)
            }
            Self::Method(method) => visit.call(method),
        }
    }
}
