//! Logs the reports of a transport with Python's `logging`.

use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use crate::bridge::{Messenger, call, call_method, import, imported};
use crate::rpc::telemetry::{Level, Listening, Report, Reports};
use crate::rpc::transport::stats::Stats;

/// The logger's name.
const LOGGER: &str = "etcd_client";

/// Logs the reports of a transport on the thread of an event loop, while the result lives and the
/// loop exists.
pub(crate) fn attach(stats: &Arc<Stats>, messenger: Messenger) -> Listening<Reports> {
    // Weak, because the transport owns its listeners.
    let weak = Arc::downgrade(&stats.reports);
    stats.reports.listen(move || {
        let reports = weak.clone();
        messenger.send(move |py| {
            let Some(reports) = reports.upgrade() else { return };
            if let Err(error) = log(py, reports.take().into_reports()) {
                error.write_unraisable(py, None);
            }
        })
    })
}

/// Whether the log takes details now. A program that has not loaded `logging` has not asked for
/// them.
pub(crate) fn takes_details(py: Python<'_>) -> PyResult<bool> {
    static MODULES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let modules = imported(&MODULES, py, "sys", "modules")?;
    let Some(logging) = modules.get_item("logging")? else { return Ok(false) };
    // Not `isEnabledFor`, nor `getLogger`: they take a lock of `logging` by a function, which a
    // signal handler that raises may end before it says that it has the lock.
    let root = logging.getattr("root")?;
    let manager = root.getattr("manager")?;
    let loggers = manager.getattr("loggerDict")?.cast_into::<PyDict>()?;
    // There may be a placeholder instead, for a logger below it.
    let logger = loggers
        .get_item(LOGGER)?
        .filter(|found| found.hasattr("getEffectiveLevel").is_ok_and(|has| has));
    let level = call_method(intern!(py, "getEffectiveLevel"), [logger.as_ref().unwrap_or(&root)])?;
    let debug = logging.getattr("DEBUG")?;
    let is_disabled = match &logger {
        Some(logger) => logger.getattr("disabled")?.is_truthy()?,
        None => false,
    };
    Ok(!is_disabled && level.le(&debug)? && manager.getattr("disable")?.lt(&debug)?)
}

fn log(py: Python<'_>, reports: Vec<Report>) -> PyResult<()> {
    let logger = call(&import(py, "logging")?.getattr("getLogger")?, (LOGGER,), None)?;
    for Report { level, message } in reports {
        let method = match level {
            Level::Debug => "debug",
            Level::Warning => "warning",
        };
        // Not as the format itself, because a message may contain a percent sign.
        call(&logger.getattr(method)?, ("%s", message), None)?;
    }
    Ok(())
}
