//! Builds the results of range requests straight from the receive buffer.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::bridge::{bytes_object, bytes_pair};
use crate::py::errors;
use crate::py::kv::records::{KeyValue, RangeResponse};
use crate::py::support::to_python::{ToPython, header};
use crate::rpc::error::grpc_status::INTERNAL;
use crate::rpc::error::{Error, GrpcStatus};
use crate::rpc::wire::fields::Malformed;
use crate::rpc::wire::range_reply::{KeyValueRef, RangeReply};

fn malformed(py: Python<'_>, error: Malformed) -> PyErr {
    errors::exception(py, Error::Server(GrpcStatus::new(INTERNAL, error.to_string())))
}

fn key_value(py: Python<'_>, kv: KeyValueRef<'_>) -> PyResult<Py<KeyValue>> {
    let kv = KeyValue {
        key: bytes_object(py, kv.key)?.unbind(),
        value: bytes_object(py, kv.value)?.unbind(),
        create_revision: kv.create_revision,
        mod_revision: kv.mod_revision,
        version: kv.version,
        lease: kv.lease,
    };
    Py::new(py, kv)
}

/// Applies `item` to each key-value pair.
fn list<T>(
    py: Python<'_>,
    reply: &RangeReply,
    item: impl Fn(KeyValueRef<'_>) -> PyResult<T>,
) -> PyResult<Vec<T>> {
    reply.kvs().map(|kv| item(kv.map_err(|error| malformed(py, error))?)).collect()
}

impl ToPython for RangeReply {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let summary = self.summary().map_err(|error| malformed(py, error))?;
        let kvs = list(py, &self, |kv| key_value(py, kv))?;
        let response = RangeResponse {
            header: header(py, Some(summary.header))?,
            kvs: PyTuple::new(py, kvs)?.unbind(),
            more: summary.more,
            count: summary.count,
        };
        Ok(Py::new(py, response)?.into_any())
    }
}

/// The first pair of a response, if there is one.
fn first<'a>(py: Python<'_>, reply: &'a RangeReply) -> PyResult<Option<KeyValueRef<'a>>> {
    reply.kvs().next().transpose().map_err(|error| malformed(py, error))
}

/// As Python: the value of the only key, or None.
pub(crate) struct OneValue(pub(crate) RangeReply);

impl ToPython for OneValue {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match first(py, &self.0)? {
            Some(kv) => Ok(bytes_object(py, kv.value)?.into_any().unbind()),
            None => Ok(py.None()),
        }
    }
}

/// As Python: the only key-value pair, or None.
pub(crate) struct OneKeyValue(pub(crate) RangeReply);

impl ToPython for OneKeyValue {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match first(py, &self.0)? {
            Some(kv) => Ok(key_value(py, kv)?.into_any()),
            None => Ok(py.None()),
        }
    }
}

/// As Python: a list of `(key, value)`.
pub(crate) struct Pairs(pub(crate) RangeReply);

impl ToPython for Pairs {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let pairs = list(py, &self.0, |kv| bytes_pair(py, kv.key, kv.value))?;
        Ok(PyList::new(py, pairs)?.into_any().unbind())
    }
}

/// As Python: a list of key-value pairs.
#[derive(Clone)]
pub(crate) struct KeyValues(pub(crate) RangeReply);

impl ToPython for KeyValues {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let kvs = list(py, &self.0, |kv| key_value(py, kv))?;
        Ok(PyList::new(py, kvs)?.into_any().unbind())
    }
}

/// As Python: a list of keys.
pub(crate) struct Keys(pub(crate) RangeReply);

impl ToPython for Keys {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let keys = list(py, &self.0, |kv| bytes_object(py, kv.key))?;
        Ok(PyList::new(py, keys)?.into_any().unbind())
    }
}

/// As Python: how many keys there are.
pub(crate) struct Count(pub(crate) RangeReply);

impl ToPython for Count {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let summary = self.0.summary().map_err(|error| malformed(py, error))?;
        Ok(summary.count.into_pyobject(py)?.into_any().unbind())
    }
}
