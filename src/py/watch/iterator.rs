//! An open watch: the iterators over its events, and over lists of them.

use std::sync::Arc;

use documented::documented;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::bridge::{Call, ForkGuarded};
use crate::py::communicator::Communicator;
use crate::py::errors;
use crate::py::namespace::Inside;
use crate::py::support::stream::iterator::Stream;
use crate::py::support::stream::moment::{Course, Moment};
use crate::py::watch::reader::{BatchReader, NoticeReader, UpdateReader};
use crate::rpc::transport::Deadline;
use crate::rpc::watch::{Inbox, WatchSpec, Watcher};

#[documented]
#[pyclass(frozen, extends = Stream, module = "etcd_client", name = "Watch")]
pub(crate) struct Watch {
    reader: ForkGuarded<Arc<NoticeReader>>,
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
        let context = communicator.watches(py)?;
        let (watcher, beginning) = Watcher::of_context(&session.transport, spec, context);
        session.engine.submit(async move {
            match deadline {
                None => beginning.place(),
                Some(deadline) => beginning.place_until(deadline).await,
            }
        });
        let course: Arc<dyn Course> = Arc::<Inbox>::clone(watcher.inbox());
        let inside = Inside::new(&communicator.namespace);
        let stats = Arc::clone(&session.transport.stats);
        let reader = Arc::new(NoticeReader::new(watcher, inside, stats, once));
        let reading = Arc::<NoticeReader>::clone(&reader);
        let stream = communicator.stream_of(py, &session, reading, course, subject);
        let watch = Self { reader: ForkGuarded::new(reader) };
        Bound::new(py, PyClassInitializer::from(stream).add_subclass(watch))
    }

    fn reader(&self, py: Python<'_>) -> PyResult<&Arc<NoticeReader>> {
        self.reader.get().ok_or_else(|| errors::forked(py))
    }
}

#[documented]
#[pymethods]
impl Watch {
    fn batches(this: &Bound<'_, Self>) -> PyResult<Py<WatchBatches>> {
        let reader = Arc::clone(this.get().reader(this.py())?);
        let stream = this.as_super().get().read_by(this.py(), Arc::new(BatchReader(reader)))?;
        Py::new(this.py(), PyClassInitializer::from(stream).add_subclass(WatchBatches {}))
    }

    fn _updates(this: &Bound<'_, Self>) -> PyResult<Stream> {
        let reader = Arc::clone(this.get().reader(this.py())?);
        this.as_super().get().read_by(this.py(), Arc::new(UpdateReader::new(reader)))
    }

    fn request_progress(&self, py: Python<'_>) -> PyResult<()> {
        self.reader(py)?.inbox().request_progress();
        Ok(())
    }

    #[getter]
    fn revision(&self, py: Python<'_>) -> PyResult<i64> {
        let reader = self.reader(py)?;
        // Unread events come after the revision at which the watch began.
        Ok(reader.revision().max(reader.inbox().begins_behind().unwrap_or_default()))
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

#[pymethods]
impl Watch {
    fn __enter__(this: &Bound<'_, Self>) -> PyResult<()> {
        errors::needs_async(this.as_any())
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(_this: &Bound<'_, Self>, _exception: &Bound<'_, PyTuple>) {}
}

#[documented]
#[pyclass(frozen, extends = Stream, module = "etcd_client", name = "WatchBatches")]
pub(crate) struct WatchBatches {}
