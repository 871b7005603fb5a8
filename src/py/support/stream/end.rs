//! How a stream ends.

use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;

use crate::py::errors;
use crate::rpc::error::Error;

#[derive(Clone)]
pub(crate) enum End {
    /// After its last item, or because it was cancelled.
    Finished,
    Failed(Error),
}

impl End {
    /// The end of a stream whose runtime was stopped.
    pub(crate) fn stopped(what: &str) -> Self {
        Self::Failed(Error::Connection(format!("the runtime was stopped under the {what}")))
    }

    /// The exception that ends the iteration.
    pub(crate) fn exception(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Finished => PyStopAsyncIteration::new_err(()),
            Self::Failed(error) => errors::exception(py, error),
        }
    }
}
