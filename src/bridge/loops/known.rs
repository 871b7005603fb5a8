//! The event loops of the process that have a bridge.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use pyo3::prelude::*;
use pyo3::types::PyWeakrefReference;

use crate::bridge::fork::PerProcess;
use crate::bridge::loops::completion_queue::CompletionQueue;

/// By the address of the loop.
type KnownLoops = HashMap<usize, KnownLoop>;

pub(crate) struct KnownLoop {
    /// A weak reference: a bridge lives while its loop or a communicator needs it.
    pub(crate) bridge: Py<PyWeakrefReference>,
    pub(crate) queue: Weak<CompletionQueue>,
}

static KNOWN: PerProcess<Mutex<KnownLoops>> = PerProcess::new();

pub(crate) fn known_loops() -> MutexGuard<'static, KnownLoops> {
    KNOWN.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// The queues of the bridges that still exist.
pub(crate) fn queues() -> Vec<Arc<CompletionQueue>> {
    known_loops().values().filter_map(|known| known.queue.upgrade()).collect()
}
