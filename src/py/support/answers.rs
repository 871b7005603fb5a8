//! The reading side of a stream whose answers are passed on one by one.

use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;

use crate::bridge::{Receiver, Source, Step, Taken, Waiting};
use crate::py::errors;
use crate::py::support::responses::ToPython;
use crate::rpc::error::Error;

/// How a stream ended.
#[derive(Clone)]
pub(crate) enum End {
    /// With its last answer, or with a reader that wants no more.
    Finished,
    Failed(Error),
}

impl End {
    /// The end of a stream whose task went away with the runtime.
    pub(crate) fn stopped(what: &str) -> Self {
        Self::Failed(Error::Connection(format!("the runtime was stopped under the {what}")))
    }

    /// What the iteration ends with.
    pub(crate) fn exception(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Finished => PyStopAsyncIteration::new_err(()),
            Self::Failed(error) => errors::exception(py, error),
        }
    }
}

/// Answers as they come.
pub(crate) struct Answers<T>(pub(crate) Receiver<T, End>);

impl<T: ToPython + Send> Source for Answers<T> {
    fn take(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        match self.0.take() {
            Taken::Item(answer) => answer.to_python(py).map(Some),
            Taken::Empty => Ok(None),
            Taken::Ended(end) => Err(end.exception(py)),
        }
    }

    fn notify(&self, waiting: Waiting) {
        waiting.wake_by(&self.0);
    }

    fn withdraw(&self, step: Step) {
        step.leaves(&self.0);
    }
}

/// A step that is over at once.
pub(crate) struct Nothing;

impl Source for Nothing {
    fn take(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        Ok(Some(py.None()))
    }

    fn notify(&self, _: Waiting) {}

    fn withdraw(&self, _: Step) {}
}
