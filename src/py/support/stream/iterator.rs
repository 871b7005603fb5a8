//! The event loop's side of a stream: the async iterator.

use std::sync::Arc;

use documented::documented;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::bridge::{
    self, Call, Engine, ForkGuarded, Host, Next, Receiver, StepResult, StreamReader, Taken,
    WaitingSteps, or_exception,
};
use crate::py::errors;
use crate::py::support::stream::end::End;
use crate::py::support::stream::moment::{Course, Moment, StreamState};
use crate::py::support::to_python::ToPython;

#[documented]
#[pyclass(frozen, subclass, weakref, generic, module = "etcd_client._etcd_client", name = "Stream")]
pub(crate) struct Stream {
    host: Host,
    native: ForkGuarded<Native>,
    /// What it is about, for its `repr`.
    subject: Arc<str>,
}

/// The part that is shared with the engine.
struct Native {
    reader: Arc<dyn StreamReader>,
    course: Arc<dyn Course>,
    engine: Arc<Engine>,
}

impl Stream {
    pub(crate) fn new(
        host: Host,
        engine: Arc<Engine>,
        reader: Arc<dyn StreamReader>,
        course: Arc<dyn Course>,
        subject: Arc<str>,
    ) -> Self {
        Self { host, native: ForkGuarded::new(Native { reader, course, engine }), subject }
    }

    fn native(&self, py: Python<'_>) -> PyResult<&Native> {
        self.native.get().ok_or_else(|| errors::forked(py))
    }

    /// The same stream with another reader.
    pub(crate) fn read_by(&self, py: Python<'_>, reader: Arc<dyn StreamReader>) -> PyResult<Self> {
        let Native { course, engine, .. } = self.native(py)?;
        let (engine, course) = (Arc::clone(engine), Arc::clone(course));
        Ok(Self::new(self.host.clone_ref(py), engine, reader, course, Arc::clone(&self.subject)))
    }

    pub(crate) fn course(&self, py: Python<'_>) -> PyResult<Arc<dyn Course>> {
        Ok(Arc::clone(&self.native(py)?.course))
    }

    /// Fails on another event loop than the communicator's.
    fn check_loop(&self, py: Python<'_>) -> PyResult<()> {
        if self.host.check_running(py)? { Ok(()) } else { Err(errors::wrong_loop(py)) }
    }

    /// Waits for a moment of the stream; fails once it cannot come any more.
    pub(crate) fn until(&self, py: Python<'_>, moment: Moment) -> PyResult<Call> {
        let native = self.native(py)?;
        self.check_loop(py)?;
        let reached = Arc::clone(&native.course).until(moment);
        bridge::spawn(py, &self.host, &native.engine, errors::lost_read, || reached)
    }

    /// Ends the stream when its `async with` block is left.
    pub(crate) fn leave(&self, py: Python<'_>) -> PyResult<Call> {
        self.cancel();
        bridge::finished(py, &self.host, py.None())
    }
}

#[documented]
#[pymethods]
impl Stream {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.host.visit(&visit)
    }

    fn __aiter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __anext__(&self, py: Python<'_>) -> PyResult<Next> {
        let reader = Arc::clone(&self.native(py)?.reader);
        self.check_loop(py)?;
        Ok(Next::new(reader, self.host.clone_ref(py)))
    }

    fn cancel(&self) {
        // In a forked child there is nothing to end: the stream is the parent's.
        if let Some(native) = self.native.get() {
            native.reader.cancel();
        }
    }
}

#[pymethods]
impl Stream {
    fn __repr__(this: &Bound<'_, Self>) -> PyResult<String> {
        let Self { native, subject, .. } = this.get();
        let state = match native.get().map(|native| native.course.state()) {
            None => "of the parent process",
            Some(StreamState { end: Some(End::Failed(_)), .. }) => "failed",
            Some(StreamState { end: Some(_), .. }) => "ended",
            Some(StreamState { begun: true, .. }) => "open",
            Some(_) => "opening",
        };
        Ok(format!("<{} {subject} {state}>", this.get_type().name()?))
    }
}

/// Makes a Python object of the next item. If that fails, the item stays the next one.
pub(crate) fn read<T: Send>(
    py: Python<'_>,
    items: &Receiver<T, End>,
    make: impl FnOnce(&T) -> PyResult<Py<PyAny>>,
) -> PyResult<Option<StepResult>> {
    let item = match items.take() {
        Taken::Item(item) => item,
        Taken::Empty => return Ok(None),
        Taken::Ended(end) => return Err(end.exception(py)),
    };
    match or_exception(|| StepResult::new(make(&item)?, py)) {
        Ok(object) => Ok(Some(object)),
        Err(error) => {
            items.put_back(item);
            Err(error)
        }
    }
}

/// Reads one item at a time.
pub(crate) struct ItemReader<T>(pub(crate) Receiver<T, End>);

impl<T: ToPython + Clone> StreamReader for ItemReader<T> {
    fn take(&self, py: Python<'_>) -> PyResult<Option<StepResult>> {
        read(py, &self.0, |item| item.clone().to_python(py))
    }

    fn waiting_steps(&self) -> &dyn WaitingSteps {
        &self.0
    }

    fn cancel(&self) {
        self.0.close(End::Finished);
    }
}
