//! The responses about keys and values, as Python objects.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::bridge::bytes_object;
use crate::py::support::record::record;
use crate::py::support::to_python::{ResponseHeader, ToPython, done_record, header, object};
use crate::rpc::wire::messages as wire;

record! {
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
    RangeResponse { header: Py<ResponseHeader>, kvs: Py<PyTuple>, more: bool, count: i64 }
}

record! {
    PutResponse { header: Py<ResponseHeader>, prev_kv: Option<Py<KeyValue>> }
}

record! {
    DeleteResponse { header: Py<ResponseHeader>, deleted: i64, prev_kvs: Py<PyTuple> }
}

done_record! { CompactResponse }

pub(crate) fn key_value(py: Python<'_>, kv: &wire::KeyValue) -> PyResult<Py<KeyValue>> {
    let kv = KeyValue {
        key: bytes_object(py, &kv.key)?.unbind(),
        value: bytes_object(py, &kv.value)?.unbind(),
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
