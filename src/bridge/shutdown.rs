//! Stopping the engine: on request, and when the interpreter exits.

use std::time::Duration;

use pyo3::prelude::*;

use crate::bridge::contexts;
use crate::bridge::engine::GRACE;
use crate::bridge::event_loop::LoopBridge;
use crate::bridge::loops::known;
use crate::bridge::threads::{parker, steps};

/// How long the interpreter's exit may wait for the engine thread.
const EXIT_LIMIT: Duration = Duration::from_secs(2);

/// Stops the engine: held leases and locks are released, and pending calls fail unless they finish
/// within `GRACE`. The next use starts a new engine.
pub(crate) fn cleanup(py: Python<'_>) {
    let stopping = contexts::retire_all();
    py.detach(|| {
        for engine in stopping {
            engine.drain();
            engine.wait_until_stopped(GRACE + EXIT_LIMIT);
        }
    });
}

/// Cancels all calls and stops the engine, so that nothing of it runs while the interpreter shuts
/// down; what must be finished has a last moment.
pub(crate) fn at_exit(py: Python<'_>) {
    // The other remaining threads are daemons, which the interpreter freezes in a moment: they
    // could not handle the errors of their calls.
    for queue in known::queues().iter().filter(|queue| !queue.is_at_home()) {
        queue.kill();
    }
    parker::exit();
    steps::exit(py);
    LoopBridge::abort_all(py);
    let stopping = contexts::retire_all();
    py.detach(|| {
        for engine in stopping {
            engine.exit();
            engine.wait_until_stopped(EXIT_LIMIT);
        }
    });
}
