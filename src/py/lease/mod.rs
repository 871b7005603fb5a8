//! Lease calls.

pub mod keep_alives;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::bridge::Call;
use crate::py::communicator::{Communicator, Effect};
use crate::py::kv::options::lease_id;
use crate::py::namespace::Inside;
use crate::py::support::args::{Keywords, integer, wrong_value};
use crate::py::support::record::record;
use crate::py::support::responses::{ResponseHeader, ToPython, header};
use crate::rpc::lease::calls;
use crate::rpc::lease::keep_alive::renew_once;
use crate::rpc::wire::messages as wire;

record! {
    /// A lease that was granted; `ttl` is the server's, which may be more than was asked for.
    LeaseGrantResponse { header: Py<ResponseHeader>, id: i64, ttl: i64 }
}

record! {
    /// The outcome of a revocation.
    LeaseRevokeResponse { header: Py<ResponseHeader> }
}

record! {
    /// A lease that was renewed, for `ttl` seconds from then.
    LeaseKeepAliveResponse { header: Py<ResponseHeader>, id: i64, ttl: i64 }
}

record! {
    /// How long a lease still lives: `ttl` seconds, -1 where there is no such lease.
    LeaseTimeToLiveResponse {
        header: Py<ResponseHeader>,
        id: i64,
        ttl: i64,
        granted_ttl: i64,
        keys: Py<PyTuple>,
    }
}

record! {
    /// The ids of all leases.
    LeasesResponse { header: Py<ResponseHeader>, leases: Py<PyTuple> }
}

impl ToPython for wire::LeaseGrantResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let header = header(py, self.header)?;
        Ok(Py::new(py, LeaseGrantResponse { header, id: self.id, ttl: self.ttl })?.into_any())
    }
}

impl ToPython for wire::LeaseKeepAliveResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let header = header(py, self.header)?;
        Ok(Py::new(py, LeaseKeepAliveResponse { header, id: self.id, ttl: self.ttl })?.into_any())
    }
}

impl ToPython for wire::LeaseTimeToLiveResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let response = LeaseTimeToLiveResponse {
            header: header(py, self.header)?,
            id: self.id,
            ttl: self.ttl,
            granted_ttl: self.granted_ttl,
            keys: PyTuple::new(py, self.keys.iter().map(|key| PyBytes::new(py, key)))?.unbind(),
        };
        Ok(Py::new(py, response)?.into_any())
    }
}

impl ToPython for wire::LeaseLeasesResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let leases = PyTuple::new(py, self.leases.iter().map(|lease| lease.id))?.unbind();
        Ok(Py::new(py, LeasesResponse { header: header(py, self.header)?, leases })?.into_any())
    }
}

struct Revoked(wire::HeaderOnly);

impl ToPython for Revoked {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(Py::new(py, LeaseRevokeResponse { header: header(py, self.0.header)? })?.into_any())
    }
}

/// A number of whole seconds, at least one.
pub(crate) fn ttl(value: &Bound<'_, PyAny>, name: &str) -> PyResult<i64> {
    let seconds = integer(value, name)?;
    if seconds < 1 {
        let expected = "a number of seconds of at least 1";
        return Err(wrong_value(value.py(), name, expected, &seconds.to_string()));
    }
    Ok(seconds)
}

/// The id for a new lease; 0 asks for a random one, as it does in etcd's own API.
pub(crate) fn new_lease_id(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<i64>> {
    let id = value.map(|value| integer(value, "id")).transpose()?;
    Ok(id.filter(|&id| id != 0))
}

#[pymethods]
impl Communicator {
    #[pyo3(signature = (ttl, id=None, **options))]
    fn lease_grant(
        &self,
        py: Python<'_>,
        ttl: &Bound<'_, PyAny>,
        id: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("lease_grant", options);
        let ttl = self::ttl(ttl, "ttl")?;
        let id = new_lease_id(id)?;
        let deadline = self.deadline(py, keywords.seconds("timeout")?)?;
        keywords.finish()?;
        self.start(py, Effect::Changes, move |transport| async move {
            match id {
                Some(id) => calls::grant_with_id(&transport, id, ttl, deadline).await,
                None => calls::grant(&transport, calls::new_id(), ttl, deadline).await,
            }
        })
    }

    #[pyo3(signature = (id, **options))]
    fn lease_revoke(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("lease_revoke", options);
        let id = lease_id(id, "id")?;
        let deadline = self.deadline(py, keywords.seconds("timeout")?)?;
        keywords.finish()?;
        self.start(py, Effect::Changes, move |transport| async move {
            calls::revoke(&transport, id, deadline).await.map(Revoked)
        })
    }

    #[pyo3(signature = (id, **options))]
    fn lease_time_to_live(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("lease_time_to_live", options);
        let id = lease_id(id, "id")?;
        let keys = keywords.flag("keys")?;
        let deadline = self.deadline(py, keywords.seconds("timeout")?)?;
        keywords.finish()?;
        let inside = Inside::new(&self.namespace);
        self.start(py, Effect::Reads, move |transport| async move {
            let mut response = calls::time_to_live(&transport, id, keys, deadline).await?;
            inside.keep_own(&mut response.keys);
            Ok(response)
        })
    }

    #[pyo3(signature = (id, **options))]
    fn lease_keep_alive(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("lease_keep_alive", options);
        let id = lease_id(id, "id")?;
        let deadline = self.deadline(py, keywords.seconds("timeout")?)?;
        keywords.finish()?;
        self.start(py, Effect::Reads, move |transport| async move {
            renew_once(&transport, id, deadline).await
        })
    }

    #[pyo3(signature = (**options))]
    fn leases(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let mut keywords = Keywords::new("leases", options);
        let deadline = self.deadline(py, keywords.seconds("timeout")?)?;
        keywords.finish()?;
        self.start(py, Effect::Reads, move |transport| async move {
            calls::list(&transport, deadline).await
        })
    }
}
