//! Calls of the server's lock service.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::bridge::Call;
use crate::py::communicator::{Communicator, Effect};
use crate::py::kv::options::lease_id;
use crate::py::namespace::Inside;
use crate::py::support::args::{self, Keywords};
use crate::py::support::record::record;
use crate::py::support::responses::{ResponseHeader, ToPython, header};
use crate::rpc::coordination::lock;
use crate::rpc::error::Error;
use crate::rpc::wire::messages as wire;

record! {
    /// A lock that is held for as long as `key` exists.
    LockResponse { header: Py<ResponseHeader>, key: Py<PyBytes> }
}

record! {
    /// The outcome of giving a lock back.
    UnlockResponse { header: Py<ResponseHeader> }
}

impl ToPython for wire::LockResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let key = PyBytes::new(py, &self.key).unbind();
        Ok(Py::new(py, LockResponse { header: header(py, self.header)?, key })?.into_any())
    }
}

struct Unlocked(wire::HeaderOnly);

impl ToPython for Unlocked {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(Py::new(py, UnlockResponse { header: header(py, self.0.header)? })?.into_any())
    }
}

#[pymethods]
impl Communicator {
    /// Locks with a lease of the caller's.
    #[pyo3(signature = (name, lease, **options))]
    fn _lock(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        lease: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("lock", options);
        let name = self.key(name, "name")?;
        let lease = lease_id(lease, "lease")?;
        let deadline = args::deadline(keywords.seconds("timeout")?);
        keywords.finish()?;
        let inside = Inside::new(&self.namespace);
        self.start(py, Effect::Changes, move |transport| async move {
            let mut response =
                lock::lock(&transport, name, lease, deadline).await.map_err(timed_out)?;
            inside.strip_key(&mut response.key);
            Ok(response)
        })
    }

    #[pyo3(signature = (key, **options))]
    fn _unlock(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("unlock", options);
        let key = self.key(key, "key")?;
        let deadline = self.deadline(py, keywords.seconds("timeout")?)?;
        keywords.finish()?;
        self.start(py, Effect::Changes, move |transport| async move {
            lock::unlock(&transport, key, deadline).await.map(Unlocked)
        })
    }
}

/// A lock that was not acquired in time is not: the server gives up with its caller.
fn timed_out(error: Error) -> Error {
    match error {
        Error::Timeout(message) | Error::Unreachable(message) => Error::LockTimeout(message),
        Error::OutcomeUnknown(cause) if matches!(*cause, Error::Timeout(_)) => timed_out(*cause),
        error => error,
    }
}
