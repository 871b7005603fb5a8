//! The reading side of a watch, on the event loop's thread.

use std::collections::VecDeque;
use std::sync::Arc;

use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;

use crate::bridge::{Mutex, Receiver, StepResult, StreamReader, Taken, WaitingSteps, or_exception};
use crate::py::support::stream::end::End;
use crate::py::watch::event::{self, WatchEvent};
use crate::rpc::telemetry;
use crate::rpc::transport::stats::Stats;
use crate::rpc::watch::Notice;
use crate::rpc::wire::messages::{Event, ResponseHeader};

/// The reading side, shared by the iterators of one watch.
pub(crate) struct NoticeReader {
    notices: Receiver<Notice, End>,
    /// Told how long events have waited; it tells nobody if there are no hooks.
    stats: Arc<Stats>,
    position: Mutex<Position>,
    once: bool,
}

#[derive(Default)]
struct Position {
    /// The unread events of the current batch.
    events: VecDeque<Event>,
    events_revision: i64,
    events_header: ResponseHeader,
    /// The last revision whose events have all been read.
    revision: i64,
    /// Whether the watch is over: it was cancelled, or the one event or batch of `once` was read.
    done: bool,
}

/// What is read at a time: one event, or all events of a revision.
trait Portion: Send {
    /// `events` must not be empty.
    fn take(events: &mut VecDeque<Event>) -> Self;

    fn put_back(self, events: &mut VecDeque<Event>);
}

impl Portion for Event {
    fn take(events: &mut VecDeque<Event>) -> Self {
        events.pop_front().unwrap_or_default()
    }

    fn put_back(self, events: &mut VecDeque<Event>) {
        events.push_front(self);
    }
}

impl Portion for VecDeque<Event> {
    fn take(events: &mut VecDeque<Event>) -> Self {
        std::mem::take(events)
    }

    fn put_back(mut self, events: &mut VecDeque<Event>) {
        self.append(events);
        *events = self;
    }
}

/// What is taken to be read now.
struct Unread<P> {
    portion: P,
    revision: i64,
    header: ResponseHeader,
    /// Whether the revision is complete once this is read.
    is_last: bool,
}

/// The outcome of taking the next portion.
enum Next<P> {
    Unread(Unread<P>),
    NothingYet,
    /// The server has made progress, without events.
    Progress,
    /// The one portion of `once` was read, or the watch was cancelled.
    Done,
    Ended(End),
}

impl NoticeReader {
    /// A reader that has read nothing yet.
    pub(crate) fn new(notices: Receiver<Notice, End>, stats: Arc<Stats>, once: bool) -> Self {
        Self { notices, stats, position: Mutex::default(), once }
    }

    /// Ends the watch and drops what was not read.
    pub(crate) fn cancel(&self) {
        let unread = self.position.with(|position| {
            position.done = true;
            std::mem::take(&mut position.events)
        });
        drop(unread);
        self.notices.close(End::Finished);
    }

    /// The last revision that was read completely, or that the server has reported progress to.
    pub(crate) fn revision(&self) -> i64 {
        self.position.with(|position| position.revision)
    }

    fn next<P: Portion>(&self, tells_progress: bool) -> Next<P> {
        self.position.with(|position| {
            while position.events.is_empty() {
                if position.done {
                    return Next::Done;
                }
                match self.notices.take() {
                    Taken::Item(Notice::Events { revision, header, events, arrived }) => {
                        if let Some(arrived) = arrived {
                            let (events, lag) = (events.len(), arrived.elapsed());
                            self.stats.tell(|| telemetry::Event::WatchRead {
                                revision,
                                events,
                                lag,
                            });
                        }
                        position.events = events.into();
                        position.events_header = header;
                        position.events_revision = revision;
                    }
                    Taken::Item(Notice::Created { revision } | Notice::Progress { revision }) => {
                        position.revision = position.revision.max(revision);
                        if tells_progress {
                            return Next::Progress;
                        }
                    }
                    Taken::Empty => return Next::NothingYet,
                    Taken::Ended(end) => return Next::Ended(end),
                }
            }
            let portion = P::take(&mut position.events);
            let is_last = position.events.is_empty() || self.once;
            let (revision, header) = (position.events_revision, position.events_header);
            Next::Unread(Unread { portion, revision, header, is_last })
        })
    }

    /// Makes a Python object of the next portion. If that fails, the portion stays the next one.
    fn read<P: Portion>(
        &self,
        py: Python<'_>,
        tells_progress: bool,
        make: impl FnOnce(&Unread<P>) -> PyResult<StepResult>,
    ) -> PyResult<Option<StepResult>> {
        let unread = match self.next(tells_progress) {
            Next::Unread(unread) => unread,
            Next::NothingYet => return Ok(None),
            Next::Progress => return StepResult::new(py.None(), py).map(Some),
            Next::Done => return Err(PyStopAsyncIteration::new_err(())),
            Next::Ended(end) => return Err(end.exception(py)),
        };
        match or_exception(|| make(&unread)) {
            Ok(object) => {
                if unread.is_last {
                    self.finish_batch(unread.revision);
                }
                Ok(Some(object))
            }
            Err(error) => {
                self.put_back(unread);
                Err(error)
            }
        }
    }

    fn finish_batch(&self, revision: i64) {
        self.position.with(|position| position.revision = position.revision.max(revision));
        if self.once {
            self.cancel();
        }
    }

    fn put_back<P: Portion>(&self, unread: Unread<P>) {
        self.position.with(|position| {
            if !position.done {
                unread.portion.put_back(&mut position.events);
                position.events_revision = unread.revision;
                position.events_header = unread.header;
            }
        });
    }
}

/// Reads one event at a time.
pub(crate) struct EventReader(pub(crate) Arc<NoticeReader>);

impl StreamReader for EventReader {
    fn take(&self, py: Python<'_>) -> PyResult<Option<StepResult>> {
        self.0.read(py, false, |unread| {
            StepResult::new(WatchEvent::from_wire(py, &unread.portion)?, py)
        })
    }

    fn waiting_steps(&self) -> &dyn WaitingSteps {
        &self.0.notices
    }

    fn cancel(&self) {
        self.0.cancel();
    }
}

/// Reads the events of one revision at a time. With `tells_progress`, also yields `None` when the
/// server has made progress without events.
pub(crate) struct BatchReader {
    pub(crate) reader: Arc<NoticeReader>,
    pub(crate) tells_progress: bool,
}

impl StreamReader for BatchReader {
    fn take(&self, py: Python<'_>) -> PyResult<Option<StepResult>> {
        self.reader.read(py, self.tells_progress, |unread: &Unread<VecDeque<_>>| {
            StepResult::new(event::batch(py, unread.header, &unread.portion)?, py)
        })
    }

    fn waiting_steps(&self) -> &dyn WaitingSteps {
        &self.reader.notices
    }

    fn cancel(&self) {
        self.reader.cancel();
    }
}
