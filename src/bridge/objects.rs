//! Python objects, where making one may fail, and what to do then.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::{PyMemoryError, PyRuntimeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

/// A bytes object; `MemoryError` where there is no room for it, which makes `PyBytes::new` panic.
#[allow(unsafe_code)]
pub(crate) fn bytes_object<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let length = ffi::Py_ssize_t::try_from(bytes.len())
        .map_err(|_| PyMemoryError::new_err("too long for a bytes object"))?;
    // SAFETY: the pointer and the length are those of a live slice, and the result is a new
    // reference to a bytes object, or null with an exception set.
    unsafe {
        let made = ffi::PyBytes_FromStringAndSize(bytes.as_ptr().cast(), length);
        Ok(Bound::from_owned_ptr_or_err(py, made)?.cast_into_unchecked())
    }
}

/// A pair of bytes objects.
///
/// A range makes tens of thousands of them at once, which the collector would traverse several
/// times while they are made, to find out what is known here: they cannot be part of a cycle.
#[allow(unsafe_code)]
pub(crate) fn bytes_pair<'py>(
    py: Python<'py>,
    first: &[u8],
    second: &[u8],
) -> PyResult<Bound<'py, PyTuple>> {
    let pair = (bytes_object(py, first)?, bytes_object(py, second)?).into_pyobject(py)?;
    // SAFETY: `pair` is a live object of a type that supports garbage collection. The collector
    // untracks such tuples itself when it comes across them.
    unsafe { ffi::PyObject_GC_UnTrack(pair.as_ptr().cast()) };
    Ok(pair)
}

/// Makes objects, or an exception where that panics: it fails what they are for, and nothing that
/// waits behind it.
pub(crate) fn or_exception<T>(make: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|panic| Err(exception_of(&*panic)))
}

fn exception_of(panic: &(dyn Any + Send)) -> PyErr {
    let text = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text.as_str(),
        (None, None) => "unknown",
    };
    // So PyO3 panics where Python has no memory for an integer, a string or a tuple.
    if text == "PyObject pointer is null" {
        return PyMemoryError::new_err("no memory for the result of the call");
    }
    PyRuntimeError::new_err(format!("a defect of etcd_client: {text}"))
}
