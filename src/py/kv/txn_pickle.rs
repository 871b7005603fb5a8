//! Pickling and copying transactions and their parts: as the bytes that go to the server.

use documented::documented;
use prost::Message;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::bridge::import;
use crate::py::errors;
use crate::py::kv::txn::{Compare, Txn, TxnOp};

/// What `__reduce__` returns: how to make the same object again, and of what.
type Reduced<'py> = (Bound<'py, PyAny>, Bound<'py, PyTuple>);

fn reduced<'py>(this: &Bound<'py, PyAny>, message: &impl Message) -> PyResult<Reduced<'py>> {
    let py = this.py();
    let restore = import(py, "etcd_client._pickles")?.getattr("restored")?;
    let bytes = PyBytes::new(py, &message.encode_to_vec());
    Ok((restore, (this.get_type(), bytes).into_pyobject(py)?))
}

fn decoded<M: Message + Default>(py: Python<'_>, bytes: &[u8]) -> PyResult<M> {
    M::decode(bytes).map_err(|error| errors::invalid_argument(py, &error.to_string()))
}

#[documented]
#[pymethods]
impl Txn {
    fn __reduce__<'py>(this: &Bound<'py, Self>) -> PyResult<Reduced<'py>> {
        reduced(this.as_any(), &this.get().0)
    }

    #[staticmethod]
    fn _restored(py: Python<'_>, encoded: &[u8]) -> PyResult<Self> {
        decoded(py, encoded).map(Self)
    }
}

#[documented]
#[pymethods]
impl TxnOp {
    fn __reduce__<'py>(this: &Bound<'py, Self>) -> PyResult<Reduced<'py>> {
        reduced(this.as_any(), &this.get().0)
    }

    #[staticmethod]
    fn _restored(py: Python<'_>, encoded: &[u8]) -> PyResult<Self> {
        decoded(py, encoded).map(Self)
    }
}

#[documented]
#[pymethods]
impl Compare {
    fn __reduce__<'py>(this: &Bound<'py, Self>) -> PyResult<Reduced<'py>> {
        reduced(this.as_any(), &this.get().0)
    }

    #[staticmethod]
    fn _restored(py: Python<'_>, encoded: &[u8]) -> PyResult<Self> {
        decoded(py, encoded).map(Self)
    }
}
