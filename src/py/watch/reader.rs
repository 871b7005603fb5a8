//! The reading side of a watch, on the loop's thread.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;

use crate::bridge::{Receiver, StreamReader, Taken, WaitingSteps};
use crate::py::support::stream::end::End;
use crate::py::watch::event::{self, WatchEvent};
use crate::rpc::watch::Notice;
use crate::rpc::wire::messages::{Event, ResponseHeader};

/// The reading side, shared by the iterators of one watch.
pub(crate) struct NoticeReader {
    notices: Receiver<Notice, End>,
    position: Mutex<Position>,
    once: bool,
}

#[derive(Default)]
struct Position {
    /// The rest of the batch whose events are being read one by one.
    events: VecDeque<Event>,
    events_revision: i64,
    events_header: ResponseHeader,
    /// The last revision that was read to its end.
    revision: i64,
    /// Whether the one event of `once` was read.
    done: bool,
}

impl NoticeReader {
    /// A reader of which nothing is read yet.
    pub(crate) fn new(notices: Receiver<Notice, End>, once: bool) -> Self {
        Self { notices, position: Mutex::default(), once }
    }

    /// Ends the watch from this side; what was not read is dropped.
    pub(crate) fn cancel(&self) {
        let mut position = self.position();
        position.done = true;
        position.events.clear();
        drop(position);
        self.notices.close(End::Finished);
    }

    /// The last revision that was read to its end, or that there was nothing new up to.
    pub(crate) fn revision(&self) -> i64 {
        self.position().revision
    }

    fn position(&self) -> MutexGuard<'_, Position> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rest of the current batch, or the next one; `None` where there is nothing yet.
    fn fill(&self, py: Python<'_>, position: &mut Position) -> PyResult<bool> {
        loop {
            if !position.events.is_empty() {
                return Ok(true);
            }
            if position.done {
                return Err(PyStopAsyncIteration::new_err(()));
            }
            match self.notices.take() {
                Taken::Item(Notice::Events { revision, header, events }) => {
                    position.events = events.into();
                    position.events_header = header;
                    position.events_revision = revision;
                }
                Taken::Item(Notice::Created { revision } | Notice::Progress { revision }) => {
                    position.revision = position.revision.max(revision);
                }
                Taken::Empty => return Ok(false),
                Taken::Ended(end) => return Err(end.exception(py)),
            }
        }
    }

    fn finish_batch(&self, position: &mut Position) {
        position.revision = position.events_revision;
        if self.once {
            position.done = true;
            position.events.clear();
            self.notices.close(End::Finished);
        }
    }
}

/// Takes one event after the other.
pub(crate) struct EventReader(pub(crate) Arc<NoticeReader>);

impl StreamReader for EventReader {
    fn take(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let mut position = self.0.position();
        if !self.0.fill(py, &mut position)? {
            return Ok(None);
        }
        let Some(event) = position.events.pop_front() else { return Ok(None) };
        if position.events.is_empty() || self.0.once {
            self.0.finish_batch(&mut position);
        }
        drop(position);
        Ok(Some(Py::new(py, WatchEvent::from_wire(py, event)?)?.into_any()))
    }

    fn waiting_steps(&self) -> &dyn WaitingSteps {
        &self.0.notices
    }

    fn cancel(&self) {
        self.0.cancel();
    }
}

/// Takes the events of one revision after the other.
pub(crate) struct BatchReader(pub(crate) Arc<NoticeReader>);

impl StreamReader for BatchReader {
    fn take(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let mut position = self.0.position();
        if !self.0.fill(py, &mut position)? {
            return Ok(None);
        }
        let events = std::mem::take(&mut position.events);
        let header = position.events_header;
        self.0.finish_batch(&mut position);
        drop(position);
        event::batch(py, header, events).map(Some)
    }

    fn waiting_steps(&self) -> &dyn WaitingSteps {
        &self.0.notices
    }

    fn cancel(&self) {
        self.0.cancel();
    }
}
