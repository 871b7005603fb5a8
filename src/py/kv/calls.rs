//! The key-value calls of `Communicator`.

use documented::documented;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};

use crate::bridge::{Call, call, lend};
use crate::py::communicator::{Communicator, Effect};
use crate::py::kv::options::{
    between, read_delete, read_get, read_keys, read_list, read_put, read_range,
};
use crate::py::kv::range::{Count, Keys, OneKeyValue, OneValue, Pairs};
use crate::py::kv::records::CompactResponse;
use crate::py::kv::txn::Txn;
use crate::py::namespace::Inside;
use crate::py::support::args::{self, Keywords};
use crate::py::support::to_python::{Done, ToPython};
use crate::rpc::keys::KeyRange;
use crate::rpc::kv::{self, RangeOptions, range_request};
use crate::rpc::wire::LARGE;
use crate::rpc::wire::messages::{DeleteResponse, HeaderOnly, PutResponse, TxnResponse};
use crate::rpc::wire::range_reply::RangeReply;

impl Communicator {
    fn start_range<T: ToPython>(
        &self,
        py: Python<'_>,
        keys: KeyRange,
        read: &RangeOptions,
        keywords: Keywords<'_, '_>,
        shape: fn(RangeReply) -> T,
    ) -> PyResult<Call> {
        let options = self.last_options(py, keywords)?;
        let request = kv::range(&range_request(self.keys(keys), read));
        let namespace = self.namespace.len();
        self.start(py, Effect::Reads, move |transport| async move {
            let message = transport.unary(request, options).await?;
            Ok(shape(RangeReply::new(message, namespace)))
        })
    }

    /// Passes a write that has a `once` to the Python side, which makes the several calls that it
    /// takes. `None` if it has none.
    fn exactly_once<'py>(
        this: &Bound<'py, Self>,
        name: &str,
        arguments: &[&Bound<'py, PyAny>],
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let once = pyo3::intern!(this.py(), "once");
        let Some(options) = options.filter(|options| options.contains(once).unwrap_or(false))
        else {
            return Ok(None);
        };
        let name = PyString::new(this.py(), name).into_any();
        let arguments = std::iter::once(&name).chain(arguments.iter().copied());
        let arguments = PyTuple::new(this.py(), arguments.collect::<Vec<_>>())?;
        call(&this.getattr("_exactly_once")?, arguments, Some(options)).map(Some)
    }

    fn start_put(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator.put", options);
        let value = match value.cast_exact::<PyBytes>() {
            Ok(bytes) if bytes.as_bytes().len() >= LARGE => lend(bytes, self.host.messenger()?),
            _ => args::bytes(value, "value")?.into(),
        };
        let inside = Inside::new(&self.namespace);
        let key = inside.enter_key(args::bytes(key, "key")?);
        let request = read_put(&mut keywords, key, Vec::new())?;
        let options = self.last_options(py, keywords)?;
        let request = kv::put(&request, value);
        self.start(py, Effect::Changes, move |transport| async move {
            let mut response: PutResponse = transport.call(request, options).await?;
            inside.strip_put(&mut response);
            Ok(response)
        })
    }

    fn start_txn(
        &self,
        py: Python<'_>,
        txn: &Txn,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let keywords = Keywords::new("Communicator.txn", options);
        let options = self.last_options(py, keywords)?;
        let inside = Inside::new(&self.namespace);
        let request = kv::txn(&inside.enter_txn(&txn.0));
        self.start(py, Effect::Changes, move |transport| async move {
            let mut response: TxnResponse = transport.call(request, options).await?;
            inside.strip_txn(&mut response);
            Ok(response)
        })
    }

    fn start_delete(
        &self,
        py: Python<'_>,
        keys: KeyRange,
        mut keywords: Keywords<'_, '_>,
    ) -> PyResult<Call> {
        let request = kv::delete(&read_delete(&mut keywords, self.keys(keys))?);
        let options = self.last_options(py, keywords)?;
        let inside = Inside::new(&self.namespace);
        self.start(py, Effect::Changes, move |transport| async move {
            let mut response: DeleteResponse = transport.call(request, options).await?;
            inside.strip_delete(&mut response);
            Ok(response)
        })
    }
}

#[documented]
#[pymethods]
impl Communicator {
    #[pyo3(signature = (key, **options))]
    fn get(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator.get", options);
        let read = read_get(&mut keywords)?;
        self.start_range(py, KeyRange::one(args::bytes(key, "key")?), &read, keywords, OneValue)
    }

    #[pyo3(signature = (key, **options))]
    fn get_kv(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator.get_kv", options);
        let read = read_get(&mut keywords)?;
        self.start_range(py, KeyRange::one(args::bytes(key, "key")?), &read, keywords, OneKeyValue)
    }

    #[pyo3(signature = (prefix, **options))]
    fn get_prefix(
        &self,
        py: Python<'_>,
        prefix: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator.get_prefix", options);
        let read = read_list(&mut keywords)?;
        let keys = KeyRange::prefix(args::bytes(prefix, "prefix")?);
        self.start_range(py, keys, &read, keywords, Pairs)
    }

    #[pyo3(signature = (key, range_end, **options))]
    fn get_range(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        range_end: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator.get_range", options);
        let read = read_list(&mut keywords)?;
        let keys = between(py, args::bytes(key, "key")?, args::bytes(range_end, "range_end")?)?;
        self.start_range(py, keys, &read, keywords, Pairs)
    }

    // 0.5.1 calls the argument `key`.
    #[pyo3(signature = (key, **options))]
    fn keys_prefix(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator.keys_prefix", options);
        let read = RangeOptions { keys_only: true, ..read_list(&mut keywords)? };
        self.start_range(py, KeyRange::prefix(args::bytes(key, "key")?), &read, keywords, Keys)
    }

    #[pyo3(signature = (key, range_end, **options))]
    fn keys_range(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        range_end: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator.keys_range", options);
        let read = RangeOptions { keys_only: true, ..read_list(&mut keywords)? };
        let keys = between(py, args::bytes(key, "key")?, args::bytes(range_end, "range_end")?)?;
        self.start_range(py, keys, &read, keywords, Keys)
    }

    #[pyo3(signature = (key, **options))]
    fn range(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator.range", options);
        let read = read_range(&mut keywords)?;
        let keys = read_keys(py, &mut keywords, args::bytes(key, "key")?)?;
        self.start_range(py, keys, &read, keywords, |response| response)
    }

    #[pyo3(signature = (prefix, **options))]
    fn count_prefix(
        &self,
        py: Python<'_>,
        prefix: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator.count_prefix", options);
        let read = RangeOptions { count_only: true, ..read_get(&mut keywords)? };
        let keys = KeyRange::prefix(args::bytes(prefix, "prefix")?);
        self.start_range(py, keys, &read, keywords, Count)
    }

    #[pyo3(signature = (key, value, **options))]
    fn put<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Some(call) = Self::exactly_once(slf, "put", &[key, value], options)? {
            return Ok(call);
        }
        let call = slf.get().start_put(slf.py(), key, value, options)?;
        call.into_bound_py_any(slf.py())
    }

    #[pyo3(signature = (key, **options))]
    fn delete<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Some(call) = Self::exactly_once(slf, "delete", &[key], options)? {
            return Ok(call);
        }
        let py = slf.py();
        let mut keywords = Keywords::new("Communicator.delete", options);
        let keys = read_keys(py, &mut keywords, args::bytes(key, "key")?)?;
        slf.get().start_delete(py, keys, keywords)?.into_bound_py_any(py)
    }

    // 0.5.1 calls the argument `key`.
    #[pyo3(signature = (key, **options))]
    fn delete_prefix<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Some(call) = Self::exactly_once(slf, "delete_prefix", &[key], options)? {
            return Ok(call);
        }
        let py = slf.py();
        let keywords = Keywords::new("Communicator.delete_prefix", options);
        let keys = KeyRange::prefix(args::bytes(key, "key")?);
        slf.get().start_delete(py, keys, keywords)?.into_bound_py_any(py)
    }

    #[pyo3(signature = (key, range_end, **options))]
    fn delete_range<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        range_end: &Bound<'py, PyAny>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Some(call) = Self::exactly_once(slf, "delete_range", &[key, range_end], options)? {
            return Ok(call);
        }
        let py = slf.py();
        let keywords = Keywords::new("Communicator.delete_range", options);
        let keys = between(py, args::bytes(key, "key")?, args::bytes(range_end, "range_end")?)?;
        slf.get().start_delete(py, keys, keywords)?.into_bound_py_any(py)
    }

    #[pyo3(signature = (txn, **options))]
    fn txn<'py>(
        slf: &Bound<'py, Self>,
        txn: &Bound<'py, PyAny>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let txn = args::instance::<Txn>(txn, "txn", "Txn")?;
        if let Some(call) = Self::exactly_once(slf, "txn", &[txn.as_any()], options)? {
            return Ok(call);
        }
        slf.get().start_txn(slf.py(), txn.get(), options)?.into_bound_py_any(slf.py())
    }

    #[pyo3(signature = (revision, **options))]
    fn compact(
        &self,
        py: Python<'_>,
        revision: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator.compact", options);
        let revision = args::count(revision, "revision")?;
        let request = kv::compact(revision, keywords.flag("physical")?);
        let options = self.last_options(py, keywords)?;
        self.start(py, Effect::Changes, move |transport| async move {
            transport.call::<HeaderOnly>(request, options).await.map(Done::<CompactResponse>::new)
        })
    }
}
