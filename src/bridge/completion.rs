//! How a call ends.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;

use crate::bridge::objects::or_exception;

/// The outcome of a call; turned into Python objects where the call is awaited.
pub(crate) trait Outcome: Send {
    fn into_python(self: Box<Self>, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

/// Makes the error of a call whose task ended without an outcome.
pub(crate) type Lost = fn() -> PyErr;

pub(crate) enum Completion {
    Finished(Box<dyn Outcome>),
    /// A stream has an item, or has ended.
    Readable,
    Lost(Lost),
}

impl Completion {
    pub(crate) fn into_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        or_exception(|| match self {
            Completion::Finished(outcome) => outcome.into_python(py),
            Completion::Readable => Ok(py.None()),
            Completion::Lost(error) => Err(error()),
        })
    }
}

/// A function to run in Python, which no call waits for.
pub(crate) type Errand = Box<dyn FnOnce(Python<'_>) + Send>;

/// The slot of a pending call; a slot that is reused has another generation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl Ticket {
    /// The ticket of no call.
    pub(crate) const NONE: Self = Self { index: u32::MAX, generation: 0 };

    /// A ticket for a call that has no slot in a list.
    pub(crate) fn unlisted() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self { index: u32::MAX, generation: NEXT.fetch_add(1, Ordering::Relaxed) }
    }
}
