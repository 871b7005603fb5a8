//! Stopping the engine: when a program asks for it, and when the interpreter exits.

use std::time::Duration;

use pyo3::prelude::*;

use crate::bridge::contexts;
use crate::bridge::engine::GRACE;
use crate::bridge::event_loop::LoopBridge;
use crate::bridge::loops::known;

/// How long the exit of the interpreter may wait for the engine thread.
const EXIT_LIMIT: Duration = Duration::from_secs(2);

/// Stops the engine: what is held is given back, pending calls get `GRACE` to finish, then they
/// fail. The next use starts a new one.
pub(crate) fn cleanup(py: Python<'_>) {
    let stopping = contexts::retire_all();
    py.detach(|| {
        for engine in stopping {
            engine.drain();
            engine.wait_until_stopped(GRACE + EXIT_LIMIT);
        }
    });
}

/// Gives up all calls and stops the engine, so that nothing of it runs while the interpreter goes
/// away; what has to be finished gets a last moment.
pub(crate) fn at_exit(py: Python<'_>) {
    // Other threads that are left are daemons. The interpreter freezes them in a moment: they
    // have no time for the errors of their calls.
    for queue in known::queues().iter().filter(|queue| !queue.is_at_home()) {
        queue.kill();
    }
    LoopBridge::abort_all(py);
    let stopping = contexts::retire_all();
    py.detach(|| {
        for engine in stopping {
            engine.exit();
            engine.wait_until_stopped(EXIT_LIMIT);
        }
    });
}
