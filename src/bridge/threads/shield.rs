//! Clean-up that a thread does to its end, whatever interrupts it meanwhile.

use std::cell::{Cell, RefCell};

use documented::documented;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// The first error that would have ended a wait.
    static LATE: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

pub(crate) fn is_up() -> bool {
    DEPTH.get() > 0
}

/// Keeps an error that interrupted a wait until the clean-up is over.
pub(crate) fn keep(error: PyErr) {
    let unneeded = LATE.with_borrow_mut(|late| match late {
        None => late.replace(error),
        Some(_) => Some(error),
    });
    drop(unneeded);
}

// Within its context nothing ends the waits of the thread that entered it. Native, so that no
// signal handler runs between entering and the first instruction of the body.
#[documented]
#[pyclass(frozen, module = "etcd_client._etcd_client")]
pub(crate) struct Shield;

#[documented]
#[pymethods]
impl Shield {
    #[new]
    fn new() -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "a method of Python")]
    fn __enter__(&self) {
        DEPTH.set(DEPTH.get() + 1);
    }

    // Raises what would have ended a wait.
    #[expect(clippy::unused_self, reason = "a method of Python")]
    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        DEPTH.set(DEPTH.get().saturating_sub(1));
        if is_up() { Ok(()) } else { LATE.take().map_or(Ok(()), Err) }
    }
}
