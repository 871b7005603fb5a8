//! Transactions: building them, and reading their responses.

use documented::documented;
use etcd_client::proto::{
    PbCompare, PbCompareTarget, PbTargetUnion, PbTxnOpRequest, PbTxnRequest, PbTxnRequestOp,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyTuple, PyType};

use crate::py::kv::options::{between, lease_id, read_delete, read_keys, read_put, read_range};
use crate::py::kv::txn_repr;
use crate::py::support::args::{self, Keywords, wrong_value};
use crate::py::support::to_python::{ResponseHeader, ToPython, header};
use crate::rpc::keys::prefix_end;
use crate::rpc::kv::range_request;
use crate::rpc::wire::messages as wire;

/// How deep transactions may be in each other. A response that is about three times as deep cannot
/// be decoded any more, although the server has applied the transaction; and each level takes stack.
const MOST_LEVELS: usize = 32;

/// The levels of a transaction, itself included.
fn depth(txn: &PbTxnRequest) -> usize {
    let inner = txn.success.iter().chain(&txn.failure).map(|operation| match &operation.request {
        Some(PbTxnOpRequest::RequestTxn(nested)) => depth(nested),
        _ => 0,
    });
    1 + inner.max().unwrap_or(0)
}

#[documented]
#[pyclass(frozen, module = "etcd_client", name = "Compare", from_py_object)]
#[derive(Clone)]
pub(crate) struct Compare(pub(crate) PbCompare);

impl Compare {
    fn make(
        key: &Bound<'_, PyAny>,
        cmp: &Bound<'_, PyAny>,
        target: PbCompareTarget,
        operand: PbTargetUnion,
    ) -> PyResult<Self> {
        Ok(Self(PbCompare {
            result: args::member_of(cmp, "CompareOp", "cmp")?,
            target: target as i32,
            key: args::bytes(key, "key")?,
            range_end: Vec::new(),
            target_union: Some(operand),
        }))
    }
}

#[documented]
#[pymethods]
impl Compare {
    #[staticmethod]
    fn value(
        key: &Bound<'_, PyAny>,
        cmp: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let operand = PbTargetUnion::Value(args::bytes(value, "value")?);
        Self::make(key, cmp, PbCompareTarget::Value, operand)
    }

    #[staticmethod]
    fn version(
        key: &Bound<'_, PyAny>,
        cmp: &Bound<'_, PyAny>,
        version: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let operand = PbTargetUnion::Version(args::integer(version, "version")?);
        Self::make(key, cmp, PbCompareTarget::Version, operand)
    }

    #[staticmethod]
    fn create_revision(
        key: &Bound<'_, PyAny>,
        cmp: &Bound<'_, PyAny>,
        revision: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let operand = PbTargetUnion::CreateRevision(args::integer(revision, "revision")?);
        Self::make(key, cmp, PbCompareTarget::Create, operand)
    }

    #[staticmethod]
    fn mod_revision(
        key: &Bound<'_, PyAny>,
        cmp: &Bound<'_, PyAny>,
        revision: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let operand = PbTargetUnion::ModRevision(args::integer(revision, "revision")?);
        Self::make(key, cmp, PbCompareTarget::Mod, operand)
    }

    #[staticmethod]
    fn lease(
        key: &Bound<'_, PyAny>,
        cmp: &Bound<'_, PyAny>,
        lease: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let operand = PbTargetUnion::Lease(lease_id(lease, "lease")?);
        Self::make(key, cmp, PbCompareTarget::Lease, operand)
    }

    fn with_range(&self, py: Python<'_>, end: &Bound<'_, PyAny>) -> PyResult<Self> {
        let keys = between(py, self.0.key.clone(), args::bytes(end, "end")?)?;
        Ok(Self(PbCompare { key: keys.key, range_end: keys.end, ..self.0.clone() }))
    }

    fn with_prefix(&self) -> Self {
        let range_end = prefix_end(&self.0.key);
        let key = if self.0.key.is_empty() { vec![0] } else { self.0.key.clone() };
        Self(PbCompare { key, range_end, ..self.0.clone() })
    }

    /// Refused, because `0 < key.version < 3` would silently mean `key.version < 3`.
    #[expect(clippy::unused_self, reason = "a special method has it")]
    fn __bool__(&self) -> PyResult<bool> {
        let message = "a condition is decided by the server; give several as a list to Txn.when";
        Err(PyTypeError::new_err(message))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        txn_repr::compare(py, &self.0)
    }
}

#[documented]
#[pyclass(frozen, module = "etcd_client", name = "TxnOp", from_py_object)]
#[derive(Clone)]
pub(crate) struct TxnOp(pub(crate) PbTxnRequestOp);

impl TxnOp {
    pub(crate) fn make(request: PbTxnOpRequest) -> Self {
        Self(PbTxnRequestOp { request: Some(request) })
    }
}

#[documented]
#[pymethods]
impl TxnOp {
    #[staticmethod]
    #[pyo3(signature = (key, **options))]
    fn get(
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let mut keywords = Keywords::new("TxnOp.get", options);
        let read = read_range(&mut keywords)?;
        let keys = read_keys(py, &mut keywords, args::bytes(key, "key")?)?;
        keywords.finish()?;
        Ok(Self::make(PbTxnOpRequest::RequestRange(range_request(keys, &read))))
    }

    #[staticmethod]
    #[pyo3(signature = (key, value, **options))]
    fn put(
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let mut keywords = Keywords::new("TxnOp.put", options);
        let value = args::bytes(value, "value")?;
        let put = read_put(&mut keywords, args::bytes(key, "key")?, value)?;
        keywords.finish()?;
        Ok(Self::make(PbTxnOpRequest::RequestPut(put)))
    }

    #[staticmethod]
    #[pyo3(signature = (key, **options))]
    fn delete(
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let mut keywords = Keywords::new("TxnOp.delete", options);
        let keys = read_keys(py, &mut keywords, args::bytes(key, "key")?)?;
        let delete = read_delete(&mut keywords, keys)?;
        keywords.finish()?;
        Ok(Self::make(PbTxnOpRequest::RequestDeleteRange(delete)))
    }

    #[staticmethod]
    fn txn(txn: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = txn.py();
        let txn = args::instance::<Txn>(txn, "txn", "Txn")?.get();
        let depth = depth(&txn.0) + 1;
        if depth > MOST_LEVELS {
            let expected = format!("transactions in each other in at most {MOST_LEVELS} levels");
            return Err(wrong_value(py, "txn", &expected, &depth.to_string()));
        }
        Ok(Self::make(PbTxnOpRequest::RequestTxn(txn.0.clone())))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        txn_repr::operation(py, &self.0)
    }
}

#[documented]
#[pyclass(frozen, module = "etcd_client", name = "Txn", from_py_object)]
#[derive(Clone, Default)]
pub(crate) struct Txn(pub(crate) PbTxnRequest);

impl Txn {
    /// A branch can be set only once: a second one would silently replace the first.
    fn refuse_twice(py: Python<'_>, given: bool, step: &str) -> PyResult<()> {
        if given {
            return Err(wrong_value(py, step, "to be given once", "a second call"));
        }
        Ok(())
    }
}

#[documented]
#[pymethods]
impl Txn {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn when(&self, compares: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = compares.py();
        let compares = args::instances::<Compare>(compares, "compares", "Compare")?;
        Self::refuse_twice(py, !self.0.compare.is_empty(), "when")?;
        let compare = compares.into_iter().map(|compare| compare.0).collect();
        Ok(Self(PbTxnRequest { compare, ..self.0.clone() }))
    }

    fn and_then(&self, operations: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = operations.py();
        let operations = args::instances::<TxnOp>(operations, "operations", "TxnOp")?;
        Self::refuse_twice(py, !self.0.success.is_empty(), "and_then")?;
        let success = operations.into_iter().map(|operation| operation.0).collect();
        Ok(Self(PbTxnRequest { success, ..self.0.clone() }))
    }

    fn or_else(&self, operations: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = operations.py();
        let operations = args::instances::<TxnOp>(operations, "operations", "TxnOp")?;
        Self::refuse_twice(py, !self.0.failure.is_empty(), "or_else")?;
        let failure = operations.into_iter().map(|operation| operation.0).collect();
        Ok(Self(PbTxnRequest { failure, ..self.0.clone() }))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        txn_repr::txn(py, &self.0)
    }
}

#[documented]
#[pyclass(frozen, module = "etcd_client", name = "TxnResponse")]
pub(crate) struct TxnResponse {
    #[pyo3(get)]
    header: Py<ResponseHeader>,
    succeeded: bool,
    #[pyo3(get)]
    responses: Py<PyTuple>,
}

// Not a `record`, because 0.5.1 has `succeeded` as a method.
#[documented]
#[pymethods]
impl TxnResponse {
    #[new]
    fn new(header: Py<ResponseHeader>, succeeded: bool, responses: Py<PyTuple>) -> Self {
        Self { header, succeeded, responses }
    }

    fn succeeded(&self) -> bool {
        self.succeeded
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!(
            "TxnResponse(header={}, succeeded={}, responses={})",
            self.header.bind(py).repr()?,
            if self.succeeded { "True" } else { "False" },
            self.responses.bind(py).repr()?,
        ))
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented()) };
        let equal = self.values(py)?.eq(other.get().values(py)?)?;
        Ok(PyBool::new(py, equal).to_owned().into_any().unbind())
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.values(py)?.hash()
    }

    fn __reduce__<'py>(
        this: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        Ok((this.as_any().get_type(), this.get().values(this.py())?))
    }
}

impl TxnResponse {
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        (self.header.clone_ref(py), self.succeeded, self.responses.clone_ref(py)).into_pyobject(py)
    }
}

impl ToPython for wire::TxnResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let responses: Vec<_> = self
            .responses
            .into_iter()
            .map(|operation| match operation.response {
                Some(wire::OpResponse::Range(range)) => range.to_python(py),
                Some(wire::OpResponse::Put(put)) => put.to_python(py),
                Some(wire::OpResponse::Delete(delete)) => delete.to_python(py),
                Some(wire::OpResponse::Txn(txn)) => txn.to_python(py),
                // The response of an operation that this client does not know.
                None => Ok(py.None()),
            })
            .collect::<PyResult<_>>()?;
        let outcome = TxnResponse {
            header: header(py, self.header)?,
            succeeded: self.succeeded,
            responses: PyTuple::new(py, responses)?.unbind(),
        };
        Ok(Py::new(py, outcome)?.into_any())
    }
}
