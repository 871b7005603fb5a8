//! The iterator over the renewals of a lease that was granted elsewhere.

use std::sync::Arc;

use documented::documented;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::bridge::Call;
use crate::py::communicator::Communicator;
use crate::py::errors;
use crate::py::kv::options::lease_id;
use crate::py::support::args::Keywords;
use crate::py::support::stream::feed::StreamSource;
use crate::py::support::stream::iterator::{ItemReader, Stream};
use crate::py::support::stream::moment::Moment;
use crate::rpc::error::Error;
use crate::rpc::lease::keep_alive::KeptLease;
use crate::rpc::transport::{Deadline, Transport};
use crate::rpc::wire::messages::LeaseKeepAliveResponse;

#[documented]
#[pyclass(frozen, extends = Stream, module = "etcd_client", name = "LeaseKeepAlives")]
pub(crate) struct LeaseKeepAlives {}

#[documented]
#[pymethods]
impl LeaseKeepAlives {
    /// Waits for the first renewal.
    fn __aenter__(this: &Bound<'_, Self>) -> PyResult<Call> {
        let call = this.as_super().get().until(this.py(), Moment::Begun)?;
        Ok(call.returning(this.clone().into_any().unbind()))
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__(this: &Bound<'_, Self>, _exception: &Bound<'_, PyTuple>) -> PyResult<Call> {
        this.as_super().get().leave(this.py())
    }
}

#[pymethods]
impl LeaseKeepAlives {
    fn __enter__(this: &Bound<'_, Self>) -> PyResult<()> {
        errors::needs_async(this.as_any())
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(_this: &Bound<'_, Self>, _exception: &Bound<'_, PyTuple>) {}
}

/// Renews a lease, whether or not the program reads the responses.
struct Renewals {
    transport: Arc<Transport>,
    id: i64,
    deadline: Deadline,
    /// `None` before the first renewal.
    kept: Option<KeptLease>,
}

impl StreamSource for Renewals {
    type Item = LeaseKeepAliveResponse;
    const NAME: &'static str = "keep-alive";
    const LIMIT: usize = 16;
    const DROPS_OLDEST: bool = true;

    async fn next(&mut self) -> Result<Option<(LeaseKeepAliveResponse, usize)>, Error> {
        let Some(kept) = &mut self.kept else {
            let (kept, first) =
                KeptLease::taken_over(&self.transport, self.id, self.deadline).await?;
            self.kept = Some(kept);
            return Ok(Some((first, 1)));
        };
        match kept.renewed().await {
            Ok(renewal) => Ok(Some((renewal, 1))),
            Err(why) => {
                self.transport.stats.lease_lost(self.id, &why);
                Err(Error::LeaseLost(format!("the lease {:x} was lost: {why}", self.id)))
            }
        }
    }
}

#[documented]
#[pymethods]
impl Communicator {
    #[pyo3(signature = (id, **options))]
    fn lease_keep_alive_stream(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<LeaseKeepAlives>> {
        let mut keywords = Keywords::new("Communicator.lease_keep_alive_stream", options);
        let id = lease_id(id, "id")?;
        let deadline = self.deadline(py, keywords.seconds("timeout")?)?;
        keywords.finish()?;
        let session = self.session(py)?;
        let transport = Arc::clone(&session.transport);
        let subject = format!("id={id:x}");
        let renewals = Renewals { transport, id, deadline, kept: None };
        let (stream, _) = self.open_stream(py, &session, renewals, ItemReader, subject)?;
        Py::new(py, PyClassInitializer::from(stream).add_subclass(LeaseKeepAlives {}))
    }
}
