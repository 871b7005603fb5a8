//! The steps of coroutines that threads drive by themselves: one at a time in the whole process.
//!
//! The code of such coroutines is written for an event loop, where nothing else runs between two
//! awaits. So a thread takes a lock for each step, and leaves it while it waits.

use std::cell::Cell;
use std::time::Duration;

use documented::documented;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::bridge::fork::PerProcess;
use crate::bridge::python_code;
use crate::bridge::threads::lock::{Lock, Taken};

static LOCK: PerProcess<Lock> = PerProcess::new();

/// How long the interpreter's exit may wait for the step of another thread.
const EXIT_LIMIT: Duration = Duration::from_millis(100);

thread_local! {
    static DRIVING: Cell<bool> = const { Cell::new(false) };
}

/// Takes the lock; false if this thread has it already.
fn take(py: Python<'_>) -> bool {
    let lock = LOCK.get();
    match lock.try_take() {
        Taken::Now => true,
        Taken::Before => false,
        // Without Python's own lock: the owner needs it to go on.
        Taken::Not => py.detach(|| lock.take()),
    }
}

/// Lets no other thread begin a step any more: the interpreter ends, and would stop it anywhere. One
/// that is in a step has a moment for leaving it.
pub(crate) fn exit(py: Python<'_>) {
    py.detach(|| LOCK.get().keep(EXIT_LIMIT));
}

/// Whether the running Python code is such a step, so that this thread waits for its calls, even
/// if it runs an event loop.
pub(crate) fn is_step() -> bool {
    DRIVING.get()
}

/// Does something as part of a step that does not need the lock.
pub(crate) fn as_step<R>(work: impl FnOnce() -> R) -> R {
    let before = DRIVING.replace(true);
    let result = work();
    DRIVING.set(before);
    result
}

/// Does one step, after those of other threads; `work` may be part of an outer step.
pub(crate) fn step<R>(py: Python<'_>, work: impl FnOnce() -> R) -> R {
    let taken = take(py);
    let result = as_step(work);
    if taken {
        LOCK.get().leave();
    }
    result
}

/// Does something that is no part of the step that this thread is in, if it is in one: waits, and
/// runs functions of the program.
pub(crate) fn outside<R>(py: Python<'_>, work: impl FnOnce() -> R) -> R {
    let had = LOCK.get().leave();
    let before = DRIVING.replace(false);
    let result = work();
    DRIVING.set(before);
    if had {
        take(py);
    }
    result
}

#[documented]
#[pyfunction]
pub(crate) fn in_step() -> bool {
    is_step()
}

#[documented]
#[pyfunction]
#[pyo3(signature = (function, *arguments))]
pub(crate) fn call_outside<'py>(
    function: &Bound<'py, PyAny>,
    arguments: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    outside(function.py(), || python_code::call(function, arguments, None))
}
