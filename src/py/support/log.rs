//! Logs the reports of a transport with Python's `logging`.

use std::sync::Arc;

use pyo3::prelude::*;

use crate::bridge::Messenger;
use crate::rpc::transport::stats::{Listening, Stats};

/// The logger's name.
const LOGGER: &str = "etcd_client";

/// Logs the reports of a transport on the thread of an event loop, while the result lives and the
/// loop exists.
pub(crate) fn attach(stats: &Arc<Stats>, messenger: Messenger) -> Listening {
    // Weak, because the transport owns its listeners.
    let weak = Arc::downgrade(stats);
    stats.listen(move || {
        let stats = weak.clone();
        messenger.send(move |py| {
            let Some(stats) = stats.upgrade() else { return };
            if let Err(error) = warn(py, stats.take_reports()) {
                error.write_unraisable(py, None);
            }
        })
    })
}

fn warn(py: Python<'_>, messages: Vec<String>) -> PyResult<()> {
    let logger = py.import("logging")?.call_method1("getLogger", (LOGGER,))?;
    for message in messages {
        // Not as the format itself, because a message may contain a percent sign.
        logger.call_method1("warning", ("%s", message))?;
    }
    Ok(())
}
