//! The event loops of the process that have a bridge.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use pyo3::prelude::*;
use pyo3::types::PyWeakrefReference;

use crate::bridge::fork::PerProcess;
use crate::bridge::loops::completion_queue::CompletionQueue;
use crate::bridge::mutex::Mutex;

/// By the address of the loop.
type KnownLoops = HashMap<usize, KnownLoop>;

pub(crate) struct KnownLoop {
    /// A weak reference: a bridge lives for as long as its loop or a communicator needs it.
    pub(crate) bridge: Arc<Py<PyWeakrefReference>>,
    pub(crate) queue: Weak<CompletionQueue>,
}

static KNOWN: PerProcess<Mutex<KnownLoops>> = PerProcess::new();

/// Remembers a loop; the caller drops what stood there before.
pub(crate) fn insert(address: usize, known: KnownLoop) -> Option<KnownLoop> {
    KNOWN.get().with(|loops| loops.insert(address, known))
}

/// Forgets a loop, and leaves it to the caller to drop what was known.
pub(crate) fn remove(address: usize) -> Option<KnownLoop> {
    KNOWN.get().with(|loops| loops.remove(&address))
}

/// The bridge of the loop at that address, or of one that was there before.
pub(crate) fn bridge(address: usize) -> Option<Arc<Py<PyWeakrefReference>>> {
    KNOWN.get().with(|loops| loops.get(&address).map(|known| Arc::clone(&known.bridge)))
}

/// All bridges, each with the address of its loop.
pub(crate) fn bridges() -> Vec<(usize, Arc<Py<PyWeakrefReference>>)> {
    KNOWN.get().with(|loops| {
        loops.iter().map(|(address, known)| (*address, Arc::clone(&known.bridge))).collect()
    })
}

/// The queues of the bridges that still exist.
pub(crate) fn queues() -> Vec<Arc<CompletionQueue>> {
    KNOWN.get().with(|loops| loops.values().filter_map(|known| known.queue.upgrade()).collect())
}
