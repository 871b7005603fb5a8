//! The reading side of a watch, on the loop's thread.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;

use crate::bridge::{Receiver, Source, Step, Taken, Waiting};
use crate::py::support::answers::End;
use crate::py::watch::event::{self, WatchEvent};
use crate::rpc::watch::Notice;
use crate::rpc::wire::messages::{Event, ResponseHeader};

/// The reading side, shared by the iterators of one watch.
pub(crate) struct Reader {
    notices: Receiver<Notice, End>,
    progress: Mutex<Progress>,
    once: bool,
}

#[derive(Default)]
struct Progress {
    /// The rest of the batch whose events are being read one by one.
    events: VecDeque<Event>,
    events_revision: i64,
    events_header: ResponseHeader,
    /// The last revision that was read to its end.
    revision: i64,
    /// Whether the one event of `once` was read.
    done: bool,
}

impl Reader {
    /// A reader of which nothing is read yet.
    pub(crate) fn new(notices: Receiver<Notice, End>, once: bool) -> Self {
        Self { notices, progress: Mutex::default(), once }
    }

    /// Ends the watch from this side; what was not read is dropped.
    pub(crate) fn cancel(&self) {
        let mut progress = self.progress();
        progress.done = true;
        progress.events.clear();
        drop(progress);
        self.notices.close(End::Finished);
    }

    /// The last revision that was read to its end, or that there was nothing new up to.
    pub(crate) fn revision(&self) -> i64 {
        self.progress().revision
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rest of the current batch, or the next one; `None` where there is nothing yet.
    fn fill(&self, py: Python<'_>, progress: &mut Progress) -> PyResult<bool> {
        loop {
            if !progress.events.is_empty() {
                return Ok(true);
            }
            if progress.done {
                return Err(PyStopAsyncIteration::new_err(()));
            }
            match self.notices.take() {
                Taken::Item(Notice::Events { revision, header, events }) => {
                    progress.events = events.into();
                    progress.events_header = header;
                    progress.events_revision = revision;
                }
                Taken::Item(Notice::Created { revision } | Notice::Progress { revision }) => {
                    progress.revision = progress.revision.max(revision);
                }
                Taken::Empty => return Ok(false),
                Taken::Ended(end) => return Err(end.exception(py)),
            }
        }
    }

    fn finish_batch(&self, progress: &mut Progress) {
        progress.revision = progress.events_revision;
        if self.once {
            progress.done = true;
            progress.events.clear();
            self.notices.close(End::Finished);
        }
    }
}

/// Takes one event after the other.
pub(crate) struct Events(pub(crate) Arc<Reader>);

impl Source for Events {
    fn take(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let mut progress = self.0.progress();
        if !self.0.fill(py, &mut progress)? {
            return Ok(None);
        }
        let Some(event) = progress.events.pop_front() else { return Ok(None) };
        if progress.events.is_empty() || self.0.once {
            self.0.finish_batch(&mut progress);
        }
        drop(progress);
        Ok(Some(Py::new(py, WatchEvent::from_wire(py, event)?)?.into_any()))
    }

    fn notify(&self, waiting: Waiting) {
        waiting.wake_by(&self.0.notices);
    }

    fn withdraw(&self, step: Step) {
        step.leaves(&self.0.notices);
    }
}

/// Takes the events of one revision after the other.
pub(crate) struct Batches(pub(crate) Arc<Reader>);

impl Source for Batches {
    fn take(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let mut progress = self.0.progress();
        if !self.0.fill(py, &mut progress)? {
            return Ok(None);
        }
        let events = std::mem::take(&mut progress.events);
        let header = progress.events_header;
        self.0.finish_batch(&mut progress);
        drop(progress);
        event::batch(py, header, events).map(Some)
    }

    fn notify(&self, waiting: Waiting) {
        waiting.wake_by(&self.0.notices);
    }

    fn withdraw(&self, step: Step) {
        step.leaves(&self.0.notices);
    }
}
