//! Which interpreter of the process this is.

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Refuses a sub-interpreter. The loops, the engine and the cached objects are of the process; what
/// a second interpreter left in them when it ends would be used by the first.
#[allow(unsafe_code)]
pub(crate) fn refuse_sub_interpreter(_py: Python<'_>) -> PyResult<()> {
    // SAFETY: the token says that this thread is attached to an interpreter.
    let interpreter = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    if interpreter == 0 {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "etcd_client cannot be imported in a sub-interpreter; use a thread or a process instead",
    ))
}
