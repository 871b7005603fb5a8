//! Which event loop runs: asyncio's, or what stands for one in a trio program.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use crate::bridge::python_code::{call, imported};

/// The event loop of the running code; Python's `None` where there is none.
pub(crate) fn running_loop(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static GET_RUNNING_LOOP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if let Some(event_loop) = trio_loop(py)? {
        return Ok(event_loop);
    }
    call(imported(&GET_RUNNING_LOOP, py, "asyncio", "_get_running_loop")?, (), None)
}

/// The loop of the running trio task. In guest mode, asyncio's runs too, and is not the one asked
/// for. Programs that never import trio pay for one look into a dictionary.
fn trio_loop(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    static MODULES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    static IN_TRIO_TASK: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static RUNNING_LOOP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let modules = imported(&MODULES, py, "sys", "modules")?;
    if modules.get_item(intern!(py, "trio"))?.is_none_or(|trio| trio.is_none()) {
        return Ok(None);
    }
    let in_trio_task = imported(&IN_TRIO_TASK, py, "trio.lowlevel", "in_trio_task")?;
    if !call(in_trio_task, (), None)?.is_truthy()? {
        return Ok(None);
    }
    let running_loop =
        imported(&RUNNING_LOOP, py, "etcd_client._concurrency._trio_loop", "running_loop")?;
    Ok(Some(call(running_loop, (), None)?).filter(|event_loop| !event_loop.is_none()))
}
