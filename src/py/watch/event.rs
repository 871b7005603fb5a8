//! What a watch yields.

use documented::documented;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList, PyTuple, PyType};

use crate::bridge::{bytes_object, call, import, imported};
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
    kind: i32,
    numbers: Numbers,
    /// Made of the above when it is asked for, as most programs do not.
    kv: PyOnceLock<Option<Py<KeyValue>>>,
    #[pyo3(get)]
    prev_kv: Option<Py<KeyValue>>,
    prev_value: Option<Py<PyBytes>>,
}

/// What a pair has beside its key and value.
#[derive(Default)]
struct Numbers {
    create_revision: i64,
    mod_revision: i64,
    version: i64,
    lease: i64,
}

/// The member of `WatchEventType`; both members are looked up only once.
fn event_type(py: Python<'_>, kind: i32) -> PyResult<Py<PyAny>> {
    static TYPES: PyOnceLock<(Py<PyAny>, Py<PyAny>)> = PyOnceLock::new();
    let (put, delete) = TYPES.get_or_try_init(py, || {
        let class = import(py, "etcd_client.enums")?.getattr("WatchEventType")?;
        PyResult::Ok((class.getattr("PUT")?.unbind(), class.getattr("DELETE")?.unbind()))
    })?;
    Ok(if kind == DELETE { delete.clone_ref(py) } else { put.clone_ref(py) })
}

impl WatchEvent {
    pub(crate) fn from_wire(py: Python<'_>, event: &Event) -> PyResult<Self> {
        let missing = wire::KeyValue::default();
        let kv = event.kv.as_ref().unwrap_or(&missing);
        Ok(Self {
            key: bytes_object(py, &kv.key)?.unbind(),
            value: bytes_object(py, &kv.value)?.unbind(),
            kind: event.kind,
            numbers: Numbers {
                create_revision: kv.create_revision,
                mod_revision: kv.mod_revision,
                version: kv.version,
                lease: kv.lease,
            },
            kv: PyOnceLock::new(),
            prev_kv: event.prev_kv.as_ref().map(|kv| key_value(py, kv)).transpose()?,
            prev_value: None,
        })
    }

    fn make_kv(&self, py: Python<'_>) -> PyResult<Py<KeyValue>> {
        let Numbers { create_revision, mod_revision, version, lease } = self.numbers;
        let (key, value) = (self.key.clone_ref(py), self.value.clone_ref(py));
        Py::new(py, KeyValue { key, value, create_revision, mod_revision, version, lease })
    }
}

/// Makes a `WatchBatch`, a class of the Python package.
pub(crate) fn batch<'a>(
    py: Python<'_>,
    header: wire::ResponseHeader,
    events: impl IntoIterator<Item = &'a Event>,
) -> PyResult<Py<PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = imported(&CLASS, py, "etcd_client._watch.batch", "WatchBatch")?;
    let mut revision = 0;
    let events: Vec<_> = events
        .into_iter()
        .map(|event| {
            revision = event.kv.as_ref().map_or(0, |kv| kv.mod_revision);
            Py::new(py, WatchEvent::from_wire(py, event)?)
        })
        .collect::<PyResult<_>>()?;
    let batch = call(class, (events,), None)?;
    batch.setattr(intern!(py, "header"), header_object(py, Some(header))?)?;
    batch.setattr(intern!(py, "revision"), revision)?;
    Ok(batch.unbind())
}

/// The changes of one revision: its number, and each key with its pair, `None` where it was deleted.
pub(crate) fn update<'py, 'a>(
    py: Python<'py>,
    events: impl IntoIterator<Item = &'a Event>,
) -> PyResult<Bound<'py, PyTuple>> {
    let mut revision = 0;
    let changes: Vec<_> = events
        .into_iter()
        .map(|event| {
            let kv = event.kv.as_ref();
            revision = kv.map_or(0, |kv| kv.mod_revision);
            if event.kind == DELETE {
                let key = bytes_object(py, kv.map_or(&[], |kv| &kv.key))?;
                return (key, py.None()).into_pyobject(py);
            }
            let kv = key_value(py, kv.unwrap_or(&wire::KeyValue::default()))?;
            let key = kv.get().key.clone_ref(py).into_bound(py);
            (key, kv).into_pyobject(py)
        })
        .collect::<PyResult<_>>()?;
    (revision, PyList::new(py, changes)?).into_pyobject(py)
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
        let given = PyOnceLock::new();
        let _ = given.set(py, kv);
        Ok(Self {
            key: to_bytes(key, "key")?,
            value: to_bytes(value, "value")?,
            kind: args::member_of(event, "WatchEventType", "event")?,
            numbers: Numbers::default(),
            kv: given,
            prev_kv,
            prev_value: prev_value.map(|value| to_bytes(value, "prev_value")).transpose()?,
        })
    }

    #[getter]
    fn event(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        event_type(py, self.kind)
    }

    #[getter]
    fn kv(&self, py: Python<'_>) -> PyResult<Option<Py<KeyValue>>> {
        let made = self.kv.get_or_try_init(py, || self.make_kv(py).map(Some))?;
        Ok(made.as_ref().map(|kv| kv.clone_ref(py)))
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
