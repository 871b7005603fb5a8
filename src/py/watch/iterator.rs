//! An open watch: the iterators over its events, and over lists of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use documented::documented;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::bridge::{Call, ForkGuarded};
use crate::py::communicator::Communicator;
use crate::py::errors;
use crate::py::namespace::Inside;
use crate::py::support::stream::iterator::Stream;
use crate::py::support::stream::moment::Moment;
use crate::py::watch::reader::{BatchReader, EventReader, NoticeReader};
use crate::py::watch::source::WatchSource;
use crate::rpc::transport::Deadline;
use crate::rpc::watch::{ProgressRequest, WatchSpec, Watcher};

#[documented]
#[pyclass(frozen, extends = Stream, module = "etcd_client", name = "Watch")]
pub(crate) struct Watch {
    native: ForkGuarded<Native>,
}

/// The part that is shared with the engine.
struct Native {
    reader: Arc<NoticeReader>,
    progress_request: ProgressRequest,
    /// The revision after which the watch begins; 0 until the server has confirmed it.
    begins_behind: Arc<AtomicI64>,
}

impl Watch {
    /// Starts a watch, which must be confirmed within the deadline.
    pub(crate) fn open<'py>(
        py: Python<'py>,
        communicator: &Communicator,
        spec: WatchSpec,
        once: bool,
        deadline: Deadline,
        subject: String,
    ) -> PyResult<Bound<'py, Self>> {
        let session = communicator.session(py)?;
        let watcher = Watcher::new(Arc::clone(&session.transport), spec);
        let progress_request = watcher.progress_request();
        let inside = Inside::new(&communicator.namespace);
        let begins_behind = Arc::<AtomicI64>::default();
        let source = WatchSource {
            watcher,
            inside,
            begins_behind: Arc::clone(&begins_behind),
            unconfirmed_until: deadline,
        };
        let stats = Arc::clone(&session.transport.stats);
        let reader = |notices| EventReader(Arc::new(NoticeReader::new(notices, stats, once)));
        let (stream, events) = communicator.open_stream(py, &session, source, reader, subject)?;
        let reader = Arc::clone(&events.0);
        let watch =
            Self { native: ForkGuarded::new(Native { reader, progress_request, begins_behind }) };
        Bound::new(py, PyClassInitializer::from(stream).add_subclass(watch))
    }

    fn native(&self, py: Python<'_>) -> PyResult<&Native> {
        self.native.get().ok_or_else(|| errors::forked(py))
    }
}

#[documented]
#[pymethods]
impl Watch {
    fn batches(this: &Bound<'_, Self>) -> PyResult<Py<WatchBatches>> {
        WatchBatches::of(this, false)
    }

    /// Iterates over lists, and `None` where all that has come is how far the server is.
    fn _batches_and_progress(this: &Bound<'_, Self>) -> PyResult<Py<WatchBatches>> {
        WatchBatches::of(this, true)
    }

    fn request_progress(&self, py: Python<'_>) -> PyResult<()> {
        self.native(py)?.progress_request.send();
        Ok(())
    }

    #[getter]
    fn revision(&self, py: Python<'_>) -> PyResult<i64> {
        let native = self.native(py)?;
        // Unread events come after the revision at which the watch began.
        Ok(native.reader.revision().max(native.begins_behind.load(Ordering::Acquire)))
    }

    fn ready(this: &Bound<'_, Self>) -> PyResult<Call> {
        this.as_super().get().until(this.py(), Moment::Begun)
    }

    /// Waits until the server has confirmed the watch.
    fn __aenter__(this: &Bound<'_, Self>) -> PyResult<Call> {
        Ok(Self::ready(this)?.returning(this.clone().into_any().unbind()))
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__(this: &Bound<'_, Self>, _exception: &Bound<'_, PyTuple>) -> PyResult<Call> {
        this.as_super().get().leave(this.py())
    }
}

#[documented]
#[pyclass(frozen, extends = Stream, module = "etcd_client", name = "WatchBatches")]
pub(crate) struct WatchBatches {}

impl WatchBatches {
    fn of(watch: &Bound<'_, Watch>, tells_progress: bool) -> PyResult<Py<Self>> {
        let py = watch.py();
        let reader = Arc::clone(&watch.get().native(py)?.reader);
        let batches = Arc::new(BatchReader { reader, tells_progress });
        let stream = watch.as_super().get().read_by(py, batches)?;
        Py::new(py, PyClassInitializer::from(stream).add_subclass(Self {}))
    }
}
