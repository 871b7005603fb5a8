//! What a communicator with hooks has open, for gauges.

use std::sync::Arc;

use documented::documented;
use pyo3::prelude::*;

use crate::bridge::ForkGuarded;
use crate::py::connection::stats::Stats;
use crate::rpc::transport::Transport;

/// Finds the transport of the communicator, while it is open.
type Find = Box<dyn Fn() -> Option<Arc<Transport>> + Send + Sync>;

#[documented]
#[pyclass(frozen, module = "etcd_client._etcd_client")]
pub(crate) struct StatsSource(ForkGuarded<Find>);

impl StatsSource {
    pub(crate) fn new(find: impl Fn() -> Option<Arc<Transport>> + Send + Sync + 'static) -> Self {
        Self(ForkGuarded::new(Box::new(find)))
    }
}

#[documented]
#[pymethods]
impl StatsSource {
    fn read(&self) -> Option<(usize, Stats)> {
        let transport = self.0.get()?()?;
        Some((Arc::as_ptr(&transport).addr(), Stats::of(&transport)))
    }
}
