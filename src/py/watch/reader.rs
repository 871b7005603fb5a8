//! The reading side of a watch, on the event loop's thread.

use std::collections::VecDeque;
use std::sync::Arc;

use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::bridge::{
    Completer, Mutex, StepResult, Steps, StreamReader, Ticket, WaitingSteps, or_exception,
};
use crate::py::namespace::Inside;
use crate::py::support::stream::end::End;
use crate::py::watch::event::{self, WatchEvent};
use crate::rpc::telemetry;
use crate::rpc::transport::stats::Stats;
use crate::rpc::watch::{Inbox, Notice, Watcher};
use crate::rpc::wire::messages::{Event, ResponseHeader};

/// The reading side, shared by the iterators of one watch.
pub(crate) struct NoticeReader {
    watcher: Watcher,
    steps: Arc<Steps>,
    /// Removes the namespace's prefix from the keys.
    inside: Inside,
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
    pub(crate) fn new(watcher: Watcher, inside: Inside, stats: Arc<Stats>, once: bool) -> Self {
        let (steps, position) = (Arc::default(), Mutex::default());
        Self { watcher, steps, inside, stats, position, once }
    }

    pub(crate) fn inbox(&self) -> &Arc<Inbox> {
        self.watcher.inbox()
    }

    /// Ends the watch and drops what was not read.
    pub(crate) fn cancel(&self) {
        let unread = self.position.with(|position| {
            position.done = true;
            std::mem::take(&mut position.events)
        });
        drop(unread);
        self.inbox().close();
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
                match self.inbox().take_now() {
                    Some(Ok(Notice::Events { revision, header, mut events, arrived })) => {
                        for event in &mut events {
                            self.inside.strip_all(event.kv.iter_mut().chain(&mut event.prev_kv));
                        }
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
                    Some(Ok(Notice::Created { revision } | Notice::Progress { revision })) => {
                        position.revision = position.revision.max(revision);
                        if tells_progress {
                            return Next::Progress;
                        }
                    }
                    None => return Next::NothingYet,
                    Some(Err(error)) => return Next::Ended(End::Failed(error)),
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
        make: impl FnOnce(&Unread<P>) -> PyResult<StepResult>,
    ) -> PyResult<Option<StepResult>> {
        let unread = match self.next(false) {
            Next::Unread(unread) => unread,
            Next::NothingYet | Next::Progress => return Ok(None),
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

impl WaitingSteps for NoticeReader {
    fn add(&self, step: Completer) {
        self.steps.add(step);
        if !self.inbox().wake_later(Arc::clone(&self.steps).into()) {
            self.steps.wake_all();
        }
    }

    fn withdraw(&self, step: Ticket) {
        self.steps.withdraw(step);
    }
}

/// Reads one event at a time.
impl StreamReader for NoticeReader {
    fn take(&self, py: Python<'_>) -> PyResult<Option<StepResult>> {
        self.read(py, |unread| StepResult::new(WatchEvent::from_wire(py, &unread.portion)?, py))
    }

    fn waiting_steps(&self) -> &dyn WaitingSteps {
        self
    }

    fn cancel(&self) {
        NoticeReader::cancel(self);
    }
}

/// Reads the events of one revision at a time.
pub(crate) struct BatchReader(pub(crate) Arc<NoticeReader>);

impl StreamReader for BatchReader {
    fn take(&self, py: Python<'_>) -> PyResult<Option<StepResult>> {
        self.0.read(py, |unread: &Unread<VecDeque<_>>| {
            StepResult::new(event::batch(py, unread.header, &unread.portion)?, py)
        })
    }

    fn waiting_steps(&self) -> &dyn WaitingSteps {
        &*self.0
    }

    fn cancel(&self) {
        self.0.cancel();
    }
}

/// Reads all revisions that have come at once, for a cache. An empty list says that the server has
/// made progress without events.
pub(crate) struct UpdateReader {
    reader: Arc<NoticeReader>,
    /// What was taken, until Python objects have been made of it.
    unread: Mutex<Vec<Unread<VecDeque<Event>>>>,
}

impl UpdateReader {
    /// How many revisions are read at once: meanwhile nothing else runs on the event loop.
    const MOST: usize = 100;

    pub(crate) fn new(reader: Arc<NoticeReader>) -> Self {
        Self { reader, unread: Mutex::default() }
    }
}

impl StreamReader for UpdateReader {
    fn take(&self, py: Python<'_>) -> PyResult<Option<StepResult>> {
        let mut unread = self.unread.with(std::mem::take);
        let mut progress = false;
        while unread.len() < Self::MOST {
            match self.reader.next(true) {
                Next::Unread(revision) => unread.push(revision),
                Next::Progress => progress = true,
                _ if progress || !unread.is_empty() => break,
                Next::NothingYet => return Ok(None),
                Next::Done => return Err(PyStopAsyncIteration::new_err(())),
                Next::Ended(end) => return Err(end.exception(py)),
            }
        }
        let made = or_exception(|| {
            let update = |one: &Unread<_>| event::update(py, &one.portion);
            let updates = unread.iter().map(update).collect::<PyResult<Vec<_>>>()?;
            StepResult::new(PyList::new(py, updates)?, py)
        });
        if made.is_err() {
            drop(self.unread.with(|kept| std::mem::replace(kept, unread)));
        } else if let Some(last) = unread.last() {
            self.reader.finish_batch(last.revision);
        }
        made.map(Some)
    }

    fn waiting_steps(&self) -> &dyn WaitingSteps {
        &*self.reader
    }

    fn cancel(&self) {
        self.reader.cancel();
    }
}
