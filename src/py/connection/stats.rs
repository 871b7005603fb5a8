//! `communicator.stats()`.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;

use crate::py::communicator::Communicator;
use crate::py::support::record::record;

record! {
    /// Counters of what has happened on the connections of a communicator.
    Stats {
        requests: u64,
        in_flight: u64,
        retries: u64,
        connects: u64,
        reconnects: u64,
        failovers: u64,
        resumes: u64,
        connections: u64,
        streams: u64,
        watches: u64,
        watch_streams: u64,
        leases_kept: u64,
        keep_alive_streams: u64,
    }
}

#[pymethods]
impl Communicator {
    /// Counters of the connections, which communicators with the same endpoints and options share.
    fn stats(&self, py: Python<'_>) -> PyResult<Stats> {
        let session = self.shared(py)?.session(py)?;
        let stats = &session.transport.stats;
        let counts = session.transport.pool.counts();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Ok(Stats {
            requests: read(&stats.requests),
            in_flight: read(&stats.in_flight),
            retries: read(&stats.retries),
            connects: read(&stats.connects),
            reconnects: read(&stats.reconnects),
            failovers: read(&stats.failovers),
            resumes: read(&stats.resumes),
            connections: counts.connections,
            streams: counts.streams,
            watches: read(&stats.watches),
            watch_streams: read(&stats.watch_streams),
            leases_kept: read(&stats.leases_kept),
            keep_alive_streams: read(&stats.keep_alive_streams),
        })
    }
}
