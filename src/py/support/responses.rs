//! What the server answers about keys and values, as Python objects.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::bridge::Reply;
use crate::py::errors;
use crate::py::support::record::record;
use crate::rpc::error::Error;
use crate::rpc::wire::messages as wire;

/// A decoded message that has a Python counterpart.
pub(crate) trait ToPython: Send + 'static {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

impl<T: ToPython> Reply for Result<T, Error> {
    fn into_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            Ok(value) => value.to_python(py),
            Err(error) => Err(errors::exception(py, error)),
        }
    }
}

impl ToPython for () {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(py.None())
    }
}

record! {
    /// What every response of a member says about it and its cluster.
    ResponseHeader { cluster_id: u64, member_id: u64, revision: i64, raft_term: u64 }
}

record! {
    /// A key, its value and their history.
    KeyValue {
        key: Py<PyBytes>,
        value: Py<PyBytes>,
        create_revision: i64,
        mod_revision: i64,
        version: i64,
        lease: i64,
    }
}

record! {
    /// The key-value pairs of a range.
    RangeResponse { header: Py<ResponseHeader>, kvs: Py<PyTuple>, more: bool, count: i64 }
}

record! {
    /// The outcome of a put.
    PutResponse { header: Py<ResponseHeader>, prev_kv: Option<Py<KeyValue>> }
}

record! {
    /// The outcome of a deletion.
    DeleteResponse { header: Py<ResponseHeader>, deleted: i64, prev_kvs: Py<PyTuple> }
}

record! {
    /// The outcome of a compaction.
    CompactResponse { header: Py<ResponseHeader> }
}

pub(crate) fn header(
    py: Python<'_>,
    header: Option<impl Into<wire::ResponseHeader>>,
) -> PyResult<Py<ResponseHeader>> {
    let header = header.map(Into::into).unwrap_or_default();
    let header = ResponseHeader {
        cluster_id: header.cluster_id,
        member_id: header.member_id,
        revision: header.revision,
        raft_term: header.raft_term,
    };
    Py::new(py, header)
}

pub(crate) fn key_value(py: Python<'_>, kv: &wire::KeyValue) -> PyResult<Py<KeyValue>> {
    let kv = KeyValue {
        key: PyBytes::new(py, &kv.key).unbind(),
        value: PyBytes::new(py, &kv.value).unbind(),
        create_revision: kv.create_revision,
        mod_revision: kv.mod_revision,
        version: kv.version,
        lease: kv.lease,
    };
    Py::new(py, kv)
}

pub(crate) fn key_values(py: Python<'_>, kvs: &[wire::KeyValue]) -> PyResult<Py<PyTuple>> {
    let kvs: Vec<_> = kvs.iter().map(|kv| key_value(py, kv)).collect::<PyResult<_>>()?;
    Ok(PyTuple::new(py, kvs)?.unbind())
}

pub(crate) fn object<T: pyo3::PyClass<BaseType = PyAny> + Into<pyo3::PyClassInitializer<T>>>(
    py: Python<'_>,
    value: T,
) -> PyResult<Py<PyAny>> {
    Ok(Py::new(py, value)?.into_any())
}

impl ToPython for wire::RangeResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let response = RangeResponse {
            header: header(py, self.header)?,
            kvs: key_values(py, &self.kvs)?,
            more: self.more,
            count: self.count,
        };
        object(py, response)
    }
}

impl ToPython for wire::PutResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let prev_kv = self.prev_kv.map(|kv| key_value(py, &kv)).transpose()?;
        object(py, PutResponse { header: header(py, self.header)?, prev_kv })
    }
}

impl ToPython for wire::DeleteResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let response = DeleteResponse {
            header: header(py, self.header)?,
            deleted: self.deleted,
            prev_kvs: key_values(py, &self.prev_kvs)?,
        };
        object(py, response)
    }
}

/// The outcome of `compact`.
pub(crate) struct Compacted(pub(crate) wire::HeaderOnly);

impl ToPython for Compacted {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        object(py, CompactResponse { header: header(py, self.0.header)? })
    }
}
