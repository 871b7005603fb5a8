//! The end of a context, whatever a signal handler raises meanwhile.

use documented::documented;
use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::bridge::python_code::{self, attribute, call_method};

/// An `__exit__` of a class. Python calls signal handlers also before the first instruction of a
/// function, where none of its `try` statements has begun; this has no such instruction.
#[pyclass(frozen, dict, module = "etcd_client._etcd_client")]
struct Leaving {
    exit: Py<PyAny>,
    /// Python's type of bound methods.
    method: Py<PyAny>,
}

#[documented]
#[pyfunction]
pub(crate) fn leaving<'py>(exit: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = exit.py();
    let types = python_code::import(py, "types")?;
    let method = attribute(&types, intern!(py, "MethodType"))?.unbind();
    let leaving = Bound::new(py, Leaving { exit: exit.clone().unbind(), method })?;
    let functools = python_code::import(py, "functools")?;
    call_method(intern!(py, "update_wrapper"), [&functools, leaving.as_any(), exit])
}

#[pymethods]
impl Leaving {
    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        object: &Bound<'py, PyAny>,
        _owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if object.is_none() {
            return Ok(slf.clone().into_any());
        }
        python_code::call(slf.get().method.bind(slf.py()), (slf, object), None)
    }

    #[pyo3(signature = (*arguments))]
    fn __call__<'py>(&self, arguments: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let py = arguments.py();
        let exit = self.exit.bind(py);
        let left = python_code::call(exit, arguments, None);
        if let Err(interruption) = &left
            && !interruption.is_instance_of::<PyException>(py)
        {
            let object = arguments.get_item(0)?;
            let (kind, error) = (interruption.get_type(py), interruption.value(py));
            let again = (object, kind, error, interruption.traceback(py));
            // That it was interrupted says more than what becomes of this.
            let _ = python_code::call(exit, again, None);
        }
        left
    }
}
