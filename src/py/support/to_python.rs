//! Conversion of messages to Python objects.

use std::marker::PhantomData;

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3::{PyClass, PyClassInitializer};

use crate::bridge::{Reply, call, import};
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
    ResponseHeader { cluster_id: u64, member_id: u64, revision: i64, raft_term: u64 }
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

pub(crate) fn object<T: PyClass<BaseType = PyAny> + Into<PyClassInitializer<T>>>(
    py: Python<'_>,
    value: T,
) -> PyResult<Py<PyAny>> {
    Ok(Py::new(py, value)?.into_any())
}

/// A response that has only a header; `R` is its record.
pub(crate) struct Done<R>(Option<wire::ResponseHeader>, PhantomData<fn() -> R>);

impl<R> Done<R> {
    pub(crate) fn new(response: wire::HeaderOnly) -> Self {
        Self(response.header, PhantomData)
    }
}

impl<R> ToPython for Done<R>
where
    R: From<Py<ResponseHeader>> + PyClass<BaseType = PyAny> + Into<PyClassInitializer<R>> + 'static,
{
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        object(py, R::from(header(py, self.0)?))
    }
}

/// Defines the record of a response that has only a header.
macro_rules! done_record {
    ($name:ident) => {
        $crate::py::support::record::record! {
            $name { header: ::pyo3::Py<$crate::py::support::to_python::ResponseHeader> }
        }

        impl From<::pyo3::Py<$crate::py::support::to_python::ResponseHeader>> for $name {
            fn from(header: ::pyo3::Py<$crate::py::support::to_python::ResponseHeader>) -> Self {
                Self { header }
            }
        }
    };
}

pub(crate) use done_record;

/// An enum member. A number that the enum does not have, from a newer server, stays a number.
pub(crate) fn enum_member(py: Python<'_>, class: &str, value: i32) -> PyResult<Py<PyAny>> {
    let class = import(py, "etcd_client.enums")?.getattr(class)?;
    match call(&class, (value,), None) {
        Ok(member) => Ok(member.unbind()),
        Err(_) => Ok(value.into_pyobject(py)?.into_any().unbind()),
    }
}

pub(crate) fn strings(py: Python<'_>, strings: &[String]) -> PyResult<Py<PyTuple>> {
    Ok(PyTuple::new(py, strings)?.unbind())
}
