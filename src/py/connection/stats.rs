//! `communicator.stats()`.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;

use crate::py::support::record::record;
use crate::rpc::transport::Transport;

record! {
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

impl Stats {
    pub(crate) fn of(transport: &Transport) -> Self {
        let stats = &transport.stats;
        let counts = transport.pool.counts();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Self {
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
        }
    }
}
