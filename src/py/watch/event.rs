//! What a watch yields.

use documented::documented;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyTuple, PyType};

use crate::py::kv::records::{KeyValue, key_value};
use crate::py::support::args;
use crate::py::support::record::{describe, equal, values};
use crate::py::support::to_python::header as header_object;
use crate::rpc::wire::messages::{self as wire, Event};

const DELETE: i32 = 1;

#[documented]
#[pyclass(frozen, module = "etcd_client", name = "WatchEvent")]
pub(crate) struct WatchEvent {
    #[pyo3(get)]
    key: Py<PyBytes>,
    #[pyo3(get)]
    value: Py<PyBytes>,
    #[pyo3(get)]
    event: Py<PyAny>,
    #[pyo3(get)]
    kv: Option<Py<KeyValue>>,
    #[pyo3(get)]
    prev_kv: Option<Py<KeyValue>>,
    prev_value: Option<Py<PyBytes>>,
}

/// The member of `WatchEventType`; both members are looked up only once.
fn event_type(py: Python<'_>, kind: i32) -> PyResult<Py<PyAny>> {
    static TYPES: PyOnceLock<(Py<PyAny>, Py<PyAny>)> = PyOnceLock::new();
    let (put, delete) = TYPES.get_or_try_init(py, || {
        let class = py.import("etcd_client.enums")?.getattr("WatchEventType")?;
        PyResult::Ok((class.getattr("PUT")?.unbind(), class.getattr("DELETE")?.unbind()))
    })?;
    Ok(if kind == DELETE { delete.clone_ref(py) } else { put.clone_ref(py) })
}

impl WatchEvent {
    pub(crate) fn from_wire(py: Python<'_>, event: &Event) -> PyResult<Self> {
        let kv = match &event.kv {
            Some(kv) => key_value(py, kv)?,
            None => key_value(py, &wire::KeyValue::default())?,
        };
        Ok(Self {
            key: kv.get().key.clone_ref(py),
            value: kv.get().value.clone_ref(py),
            event: event_type(py, event.kind)?,
            kv: Some(kv),
            prev_kv: event.prev_kv.as_ref().map(|kv| key_value(py, kv)).transpose()?,
            prev_value: None,
        })
    }
}

/// Makes a `WatchBatch`, a class of the Python package.
pub(crate) fn batch<'a>(
    py: Python<'_>,
    header: wire::ResponseHeader,
    events: impl IntoIterator<Item = &'a Event>,
) -> PyResult<Py<PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = CLASS.import(py, "etcd_client._watch.batch", "WatchBatch")?;
    let mut revision = 0;
    let events: Vec<_> = events
        .into_iter()
        .map(|event| {
            revision = event.kv.as_ref().map_or(0, |kv| kv.mod_revision);
            Py::new(py, WatchEvent::from_wire(py, event)?)
        })
        .collect::<PyResult<_>>()?;
    let batch = class.call1((events,))?;
    batch.setattr(intern!(py, "header"), header_object(py, Some(header))?)?;
    batch.setattr(intern!(py, "revision"), revision)?;
    Ok(batch.unbind())
}

const FIELDS: &[&str] = &["key", "value", "event", "prev_value", "kv", "prev_kv"];

#[documented]
#[pymethods]
impl WatchEvent {
    #[new]
    #[pyo3(signature = (key, value, event, prev_value=None, kv=None, prev_kv=None))]
    fn new(
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        event: &Bound<'_, PyAny>,
        prev_value: Option<&Bound<'_, PyAny>>,
        kv: Option<Py<KeyValue>>,
        prev_kv: Option<Py<KeyValue>>,
    ) -> PyResult<Self> {
        let to_bytes = |value: &Bound<'_, PyAny>, name: &str| {
            args::bytes(value, name).map(|bytes| PyBytes::new(py, &bytes).unbind())
        };
        Ok(Self {
            key: to_bytes(key, "key")?,
            value: to_bytes(value, "value")?,
            event: event_type(py, args::member_of(event, "WatchEventType", "event")?)?,
            kv,
            prev_kv,
            prev_value: prev_value.map(|value| to_bytes(value, "prev_value")).transpose()?,
        })
    }

    #[getter]
    fn prev_value(&self, py: Python<'_>) -> Option<Py<PyBytes>> {
        let given = self.prev_value.as_ref().map(|value| value.clone_ref(py));
        given.or_else(|| self.prev_kv.as_ref().map(|kv| kv.get().value.clone_ref(py)))
    }

    fn __repr__(this: &Bound<'_, Self>) -> PyResult<String> {
        describe(this.as_any(), &FIELDS[..4])
    }

    fn __eq__(this: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        equal(this.as_any(), other, FIELDS)
    }

    fn __hash__(this: &Bound<'_, Self>) -> PyResult<isize> {
        values(this.as_any(), FIELDS)?.hash()
    }

    fn __reduce__<'py>(
        this: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        Ok((this.as_any().get_type(), values(this.as_any(), FIELDS)?))
    }
}
