//! The responses about leases, as Python objects.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::bridge::bytes_object;
use crate::py::support::record::record;
use crate::py::support::to_python::{ResponseHeader, ToPython, done_record, header, object};
use crate::rpc::wire::messages as wire;

record! {
    LeaseGrantResponse { header: Py<ResponseHeader>, id: i64, ttl: i64 }
}

done_record! { LeaseRevokeResponse }

record! {
    LeaseKeepAliveResponse { header: Py<ResponseHeader>, id: i64, ttl: i64 }
}

record! {
    LeaseTimeToLiveResponse {
        header: Py<ResponseHeader>,
        id: i64,
        ttl: i64,
        granted_ttl: i64,
        keys: Py<PyTuple>,
    }
}

record! {
    LeasesResponse { header: Py<ResponseHeader>, leases: Py<PyTuple> }
}

impl ToPython for wire::LeaseGrantResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let header = header(py, self.header)?;
        object(py, LeaseGrantResponse { header, id: self.id, ttl: self.ttl })
    }
}

impl ToPython for wire::LeaseKeepAliveResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let header = header(py, self.header)?;
        object(py, LeaseKeepAliveResponse { header, id: self.id, ttl: self.ttl })
    }
}

impl ToPython for wire::LeaseTimeToLiveResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let keys: Vec<_> =
            self.keys.iter().map(|key| bytes_object(py, key)).collect::<PyResult<_>>()?;
        let response = LeaseTimeToLiveResponse {
            header: header(py, self.header)?,
            id: self.id,
            ttl: self.ttl,
            granted_ttl: self.granted_ttl,
            keys: PyTuple::new(py, keys)?.unbind(),
        };
        object(py, response)
    }
}

impl ToPython for wire::LeaseLeasesResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let leases = PyTuple::new(py, self.leases.iter().map(|lease| lease.id))?.unbind();
        object(py, LeasesResponse { header: header(py, self.header)?, leases })
    }
}
