//! Watches: the iterator over what a `Watcher` on the engine yields.

pub mod event;
pub mod options;
pub mod pump;
pub mod reader;

use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use tokio::sync::watch;

use crate::bridge::{self, Call, ForkGuarded, LoopBridge, Next};
use crate::py::communicator::Communicator;
use crate::py::errors;
use crate::py::kv::options::between;
use crate::py::namespace::Inside;
use crate::py::support::answers::{End, Nothing};
use crate::py::support::args::{self, Keywords};
use crate::py::watch::options::{Extras, read_filters, read_ranges};
use crate::py::watch::pump::{Moment, Pump, Status, until};
use crate::py::watch::reader::{Batches, Events, Reader};
use crate::rpc::keys::KeyRange;
use crate::rpc::transport::Deadline;
use crate::rpc::watch::{ProgressRequest, WatchSpec, Watcher};

/// How many bytes of events may wait here for their reader; three times as many may do so before
/// the watch's stream is held back.
const BUFFER: usize = 1 << 18;

/// An open watch.
#[pyclass(frozen, weakref, module = "etcd_client", name = "Watch")]
pub(crate) struct Watch {
    bridge: Py<LoopBridge>,
    native: ForkGuarded<Native>,
}

/// What the engine works on too.
struct Native {
    reader: Arc<Reader>,
    progress_request: ProgressRequest,
    status: watch::Receiver<Status>,
    engine: Arc<bridge::Engine>,
}

#[pymethods]
impl Watch {
    fn __aiter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __anext__(&self, py: Python<'_>) -> PyResult<Next> {
        let reader = Arc::clone(&self.native(py)?.reader);
        Ok(Next::new(Arc::new(Events(reader)), self.bridge.clone_ref(py)))
    }

    /// Iterates over lists, one for each revision.
    fn batches(&self, py: Python<'_>) -> PyResult<WatchBatches> {
        let reader = ForkGuarded::new(Arc::clone(&self.native(py)?.reader));
        Ok(WatchBatches { reader, bridge: self.bridge.clone_ref(py) })
    }

    /// Ends the watch, on the server too; what was not read is dropped.
    fn cancel(&self) {
        // In a forked child there is nothing to end: the stream is the parent's.
        if let Some(native) = self.native.get() {
            native.reader.cancel();
        }
    }

    /// Asks the server how far it has come.
    fn request_progress(&self, py: Python<'_>) -> PyResult<()> {
        self.native(py)?.progress_request.send();
        Ok(())
    }

    /// The last revision that was read to its end, or that there was nothing new up to.
    #[getter]
    fn revision(&self, py: Python<'_>) -> PyResult<i64> {
        let native = self.native(py)?;
        // What was not read yet is behind the beginning.
        Ok(native.reader.revision().max(native.status.borrow().begins_behind()))
    }

    /// Completes once the server has confirmed the watch; fails where that fails.
    fn ready(&self, py: Python<'_>) -> PyResult<Call> {
        let native = self.native(py)?;
        let confirmed = until(native.status.clone(), Moment::Confirmed);
        bridge::spawn(py, &self.bridge, &native.engine, errors::lost_read, confirmed)
    }

    /// Waits until the server has confirmed the watch.
    fn __aenter__(this: Py<Self>, py: Python<'_>) -> PyResult<Call> {
        Ok(this.get().ready(py)?.returning(this.into_any()))
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) -> Next {
        self.cancel();
        Next::new(Arc::new(Nothing), self.bridge.clone_ref(py))
    }
}

/// The iterator over the lists of a watch.
#[pyclass(frozen, module = "etcd_client", name = "WatchBatches")]
pub(crate) struct WatchBatches {
    reader: ForkGuarded<Arc<Reader>>,
    bridge: Py<LoopBridge>,
}

#[pymethods]
impl WatchBatches {
    fn __aiter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __anext__(&self, py: Python<'_>) -> PyResult<Next> {
        let reader = self.reader.get().ok_or_else(|| errors::forked(py))?;
        Ok(Next::new(Arc::new(Batches(Arc::clone(reader))), self.bridge.clone_ref(py)))
    }
}

/// Tells an `asyncio.Event` or a `CondVar` that the moment for it has come.
#[pyclass(frozen, module = "etcd_client._etcd_client")]
struct Signal {
    event: Py<PyAny>,
    status: ForkGuarded<watch::Receiver<Status>>,
    moment: Moment,
}

#[pymethods]
impl Signal {
    fn __call__(&self, py: Python<'_>, future: &Bound<'_, PyAny>) -> PyResult<()> {
        // Its error is told to whoever reads the watch; asyncio must not log it as forgotten.
        let _ = future.call_method0(intern!(py, "exception"));
        if self.status.get().is_none_or(|status| !status.borrow().has_come_to(self.moment)) {
            return Ok(());
        }
        let event = self.event.bind(py);
        let set =
            if event.hasattr(intern!(py, "notify_waiters"))? { "notify_waiters" } else { "set" };
        event.call_method0(set).map(drop)
    }
}

impl Communicator {
    fn watch_one(
        &self,
        py: Python<'_>,
        keys: KeyRange,
        mut keywords: Keywords<'_, '_>,
        extras: Extras<'_, '_>,
    ) -> PyResult<Watch> {
        let watch_id = keywords.count("watch_id")?;
        self.start_watch(py, vec![keys], watch_id, keywords, extras)
    }

    fn start_watch(
        &self,
        py: Python<'_>,
        ranges: Vec<KeyRange>,
        watch_id: i64,
        mut keywords: Keywords<'_, '_>,
        extras: Extras<'_, '_>,
    ) -> PyResult<Watch> {
        let spec = WatchSpec {
            ranges: ranges.into_iter().map(|keys| self.keys(keys)).collect(),
            start_revision: keywords.count("start_revision")?,
            prev_kv: keywords.flag("prev_kv")?,
            filters: keywords.read("filters", read_filters)?.unwrap_or_default(),
            progress_notify: keywords.flag("progress_notify")?,
            watch_id,
        };
        // Fragments are always asked for: who reads cannot tell.
        keywords.flag("fragment")?;
        // The first confirmation is as patient as a resume unless the program says otherwise.
        let deadline = args::deadline(keywords.seconds("timeout")?);
        keywords.finish()?;
        let watch = self.open_watch(py, spec, extras.once, deadline)?;
        if let Some(event) = extras.ready_event {
            watch.signal(py, event, Moment::Confirmed)?;
        }
        if let Some(event) = extras.cleanup_event {
            watch.signal(py, event, Moment::Ended)?;
        }
        Ok(watch)
    }

    fn open_watch(
        &self,
        py: Python<'_>,
        spec: WatchSpec,
        once: bool,
        deadline: Deadline,
    ) -> PyResult<Watch> {
        let session = self.session(py)?;
        let (sender, notices) = bridge::channel(BUFFER, || End::stopped("watch"));
        let watcher = Watcher::new(Arc::clone(&session.transport), spec);
        let progress_request = watcher.progress_request();
        let (told, status) = watch::channel(Status::default());
        let pump = Pump {
            watcher,
            sender,
            status: told,
            closing: self.closing(py)?,
            inside: Inside::new(&self.namespace),
        };
        let engine = Arc::clone(&session.engine);
        engine.submit(pump.run(deadline));
        let reader = Arc::new(Reader::new(notices, once));
        let native = ForkGuarded::new(Native { reader, progress_request, status, engine });
        Ok(Watch { bridge: self.bridge.clone_ref(py), native })
    }
}

impl Watch {
    fn native(&self, py: Python<'_>) -> PyResult<&Native> {
        self.native.get().ok_or_else(|| errors::forked(py))
    }

    fn signal(&self, py: Python<'_>, event: &Bound<'_, PyAny>, moment: Moment) -> PyResult<()> {
        let native = self.native(py)?;
        let status = ForkGuarded::new(native.status.clone());
        let signal = Signal { event: event.clone().unbind(), status, moment };
        let reached = until(native.status.clone(), moment);
        bridge::spawn(py, &self.bridge, &native.engine, errors::lost_read, reached)?
            .when_done(py, Py::new(py, signal)?.into_any())
    }
}

#[pymethods]
impl Communicator {
    // 0.5.1 takes `once` and the events by position too.
    #[pyo3(signature = (key, once=None, ready_event=None, cleanup_event=None, **options))]
    fn watch(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        once: Option<&Bound<'_, PyAny>>,
        ready_event: Option<&Bound<'_, PyAny>>,
        cleanup_event: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Watch> {
        let keys = KeyRange::one(args::bytes(key, "key")?);
        let extras = Extras::read(once, ready_event, cleanup_event)?;
        self.watch_one(py, keys, Keywords::new("watch", options), extras)
    }

    #[pyo3(signature = (key, once=None, ready_event=None, cleanup_event=None, **options))]
    fn watch_prefix(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        once: Option<&Bound<'_, PyAny>>,
        ready_event: Option<&Bound<'_, PyAny>>,
        cleanup_event: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Watch> {
        let keys = KeyRange::prefix(args::bytes(key, "key")?);
        let extras = Extras::read(once, ready_event, cleanup_event)?;
        self.watch_one(py, keys, Keywords::new("watch_prefix", options), extras)
    }

    #[pyo3(signature = (key, range_end, once=None, ready_event=None, cleanup_event=None, **options))]
    #[allow(clippy::too_many_arguments)]
    fn watch_range(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        range_end: &Bound<'_, PyAny>,
        once: Option<&Bound<'_, PyAny>>,
        ready_event: Option<&Bound<'_, PyAny>>,
        cleanup_event: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Watch> {
        let keys = between(py, args::bytes(key, "key")?, args::bytes(range_end, "range_end")?)?;
        let extras = Extras::read(once, ready_event, cleanup_event)?;
        self.watch_one(py, keys, Keywords::new("watch_range", options), extras)
    }

    #[pyo3(signature = (**options))]
    fn watch_many(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Watch> {
        let mut keywords = Keywords::new("watch_many", options);
        let ranges = read_ranges(py, &mut keywords)?;
        let (once, ready_event, cleanup_event) =
            (keywords.get("once")?, keywords.get("ready_event")?, keywords.get("cleanup_event")?);
        let extras = Extras::read(once.as_ref(), ready_event.as_ref(), cleanup_event.as_ref())?;
        self.start_watch(py, ranges, 0, keywords, extras)
    }
}
