//! Containers that the garbage collector need not traverse.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

/// A pair of bytes objects.
///
/// A range makes tens of thousands of them at once. The collector would traverse them several times
/// meanwhile, although they cannot be part of a cycle.
#[allow(unsafe_code)]
pub(crate) fn bytes_pair<'py>(
    py: Python<'py>,
    first: &[u8],
    second: &[u8],
) -> PyResult<Bound<'py, PyTuple>> {
    let pair = (PyBytes::new(py, first), PyBytes::new(py, second)).into_pyobject(py)?;
    // SAFETY: `pair` is a live object of a type that supports garbage collection. The collector
    // untracks such tuples itself when it comes across them.
    unsafe { ffi::PyObject_GC_UnTrack(pair.as_ptr().cast()) };
    Ok(pair)
}
