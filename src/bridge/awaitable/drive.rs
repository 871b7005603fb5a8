//! Runs a coroutine to its end in the calling thread, which waits for what the coroutine awaits.

use documented::documented;
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyTuple};

use crate::bridge::awaitable::call::Call;
use crate::bridge::awaitable::step::{Next, returned};
use crate::bridge::python_code::{self, call_method};
use crate::bridge::threads::future::ThreadFuture;
use crate::bridge::threads::parker::{Parker, instant_after};
use crate::bridge::threads::{shield, steps};

#[documented]
#[pyfunction]
#[pyo3(signature = (function, *arguments, **keywords))]
pub(crate) fn run<'py>(
    function: &Bound<'py, PyAny>,
    arguments: &Bound<'py, PyTuple>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Py<PyAny>> {
    let py = function.py();
    let returned = steps::step(py, || python_code::call(function, arguments, keywords))?;
    if let Ok(call) = returned.cast::<Call>() {
        return steps::outside(py, || call.get().wait(py));
    }
    if let Ok(next) = returned.cast::<Next>() {
        return steps::outside(py, || next.get().wait(py, None));
    }
    if returned.hasattr(intern!(py, "send"))? {
        return drive(&returned);
    }
    Ok(returned.unbind())
}

fn drive(coroutine: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let py = coroutine.py();
    let none = py.None().into_bound(py);
    let mut thrown: Option<PyErr> = None;
    loop {
        let step = steps::step(py, || {
            let Some(error) = thrown.take() else {
                return call_method(intern!(py, "send"), [coroutine, &none]);
            };
            let error = error.into_value(py).into_bound(py).into_any();
            call_method(intern!(py, "throw"), [coroutine, &error])
        });
        let awaited = match step {
            Ok(awaited) => awaited,
            Err(error) => return returned(py, error),
        };
        thrown = steps::outside(py, || wait_for(&awaited)).err();
    }
}

/// Waits for what a coroutine has yielded: a future, or a number of seconds.
fn wait_for(awaited: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = awaited.py();
    let (future, until) = if let Ok(future) = awaited.cast::<ThreadFuture>() {
        (future.clone(), None)
    } else if let Ok(seconds) = awaited.cast::<PyFloat>() {
        (Bound::new(py, ThreadFuture::pending(None))?, instant_after(seconds.value()))
    } else {
        let message = "only what etcd_client makes can be awaited without an event loop";
        return Err(PyRuntimeError::new_err(message));
    };
    Parker::here().look(py)?;
    loop {
        match future.get().block(py, until) {
            Err(error) if shield::is_up() => shield::keep(error),
            outcome => return outcome.map(drop),
        }
    }
}
