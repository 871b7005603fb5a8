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
    let logger = call(&logging.getattr("getLogger")?, (LOGGER,), None)?;
    let debug = logging.getattr("DEBUG")?;
    call_method(intern!(py, "isEnabledFor"), [&logger, &debug])?.is_truthy()
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
