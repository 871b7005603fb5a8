//! Watches: the iterator over what a `Watcher` on the engine yields.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple, PyType};
use tokio::sync::{mpsc, watch};

use super::args::{self, Keywords};
use super::communicator::{self, Communicator};
use super::errors;
use super::kv_options::between;
use super::namespace::Inside;
use super::record::{describe, equal, values};
use super::responses::{KeyValue, key_value};
use crate::bridge::{
    self, Call, ForkGuarded, LoopBridge, Next, Receiver, Sender, Source, Step, Taken, Waiting,
};
use crate::rpc::error::Error;
use crate::rpc::keys::KeyRange;
use crate::rpc::messages::Event;
use crate::rpc::transport::Deadline;
use crate::rpc::watch::{Notice, WatchSpec, Watcher};

/// How many bytes of events may wait for their reader. Beyond it the server is held back.
const BUFFER: usize = 1 << 20;
/// What an event costs in memory beside its key and values.
const EVENT_OVERHEAD: usize = 256;

const DELETE: i32 = 1;

/// A change of one key.
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

/// The members of `WatchEventType`, looked up once.
fn event_type(py: Python<'_>, kind: i32) -> PyResult<Py<PyAny>> {
    static TYPES: PyOnceLock<(Py<PyAny>, Py<PyAny>)> = PyOnceLock::new();
    let (put, delete) = TYPES.get_or_try_init(py, || {
        let class = py.import("etcd_client.enums")?.getattr("WatchEventType")?;
        PyResult::Ok((class.getattr("PUT")?.unbind(), class.getattr("DELETE")?.unbind()))
    })?;
    Ok(if kind == DELETE { delete.clone_ref(py) } else { put.clone_ref(py) })
}

impl WatchEvent {
    fn from_wire(py: Python<'_>, event: Event) -> PyResult<Self> {
        let kv = key_value(py, &event.kv.unwrap_or_default())?;
        Ok(Self {
            key: kv.get().key.clone_ref(py),
            value: kv.get().value.clone_ref(py),
            event: event_type(py, event.kind)?,
            kv: Some(kv),
            prev_kv: event.prev_kv.map(|kv| key_value(py, &kv)).transpose()?,
            prev_value: None,
        })
    }
}

const FIELDS: &[&str] = &["key", "value", "event", "prev_value", "kv", "prev_kv"];

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

/// How a watch ended.
#[derive(Clone)]
enum End {
    /// By `cancel`, or with `once` after its event.
    Cancelled,
    Failed(Error),
}

fn lost() -> End {
    End::Failed(Error::Connection("the runtime was stopped under the watch".into()))
}

/// The reading side, shared by the iterators of one watch.
struct Reader {
    notices: Receiver<Notice, End>,
    progress: Mutex<Progress>,
    once: bool,
}

#[derive(Default)]
struct Progress {
    /// The rest of the batch whose events are being read one by one.
    events: VecDeque<Event>,
    events_revision: i64,
    /// The last revision that was read to its end.
    revision: i64,
    /// Whether the one event of `once` was read.
    done: bool,
}

impl Reader {
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
                Taken::Item(Notice::Events { revision, events }) => {
                    progress.events = events.into();
                    progress.events_revision = revision;
                }
                Taken::Item(Notice::Created { revision } | Notice::Progress { revision }) => {
                    progress.revision = progress.revision.max(revision);
                }
                Taken::Empty => return Ok(false),
                Taken::Ended(End::Cancelled) => return Err(PyStopAsyncIteration::new_err(())),
                Taken::Ended(End::Failed(error)) => return Err(errors::exception(py, error)),
            }
        }
    }

    fn finish_batch(&self, progress: &mut Progress) {
        progress.revision = progress.events_revision;
        if self.once {
            progress.done = true;
            progress.events.clear();
            self.notices.close(End::Cancelled);
        }
    }
}

struct Events(Arc<Reader>);

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

struct Batches(Arc<Reader>);

impl Source for Batches {
    fn take(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let mut progress = self.0.progress();
        if !self.0.fill(py, &mut progress)? {
            return Ok(None);
        }
        let events = std::mem::take(&mut progress.events);
        self.0.finish_batch(&mut progress);
        drop(progress);
        let events: Vec<_> = events
            .into_iter()
            .map(|event| WatchEvent::from_wire(py, event).and_then(|event| Py::new(py, event)))
            .collect::<PyResult<_>>()?;
        Ok(Some(PyList::new(py, events)?.into_any().unbind()))
    }

    fn notify(&self, waiting: Waiting) {
        waiting.wake_by(&self.0.notices);
    }

    fn withdraw(&self, step: Step) {
        step.leaves(&self.0.notices);
    }
}

/// An open watch.
#[pyclass(frozen, weakref, module = "etcd_client", name = "Watch")]
pub(crate) struct Watch {
    bridge: Py<LoopBridge>,
    native: ForkGuarded<Native>,
}

/// What the engine works on too.
struct Native {
    reader: Arc<Reader>,
    commands: mpsc::UnboundedSender<Command>,
    status: watch::Receiver<Status>,
    engine: Arc<bridge::Engine>,
}

/// What an open watch can be asked for.
enum Command {
    Progress,
}

/// How far a watch has come.
#[derive(Clone, Default)]
struct Status {
    confirmed: bool,
    end: Option<End>,
}

impl Status {
    fn has_come_to(&self, moment: Moment) -> bool {
        match moment {
            Moment::Confirmed => self.confirmed,
            Moment::Ended => self.end.is_some(),
        }
    }
}

/// What a program may wait for.
#[derive(Clone, Copy)]
enum Moment {
    Confirmed,
    Ended,
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
        let Some(native) = self.native.get() else { return };
        let mut progress = native.reader.progress();
        progress.done = true;
        progress.events.clear();
        drop(progress);
        native.reader.notices.close(End::Cancelled);
    }

    /// Has the server tell how far it has come.
    fn request_progress(&self, py: Python<'_>) -> PyResult<()> {
        // Where the watch has ended there is nobody to ask.
        let _ = self.native(py)?.commands.send(Command::Progress);
        Ok(())
    }

    /// The last revision that was read to its end, or that there was nothing new up to.
    #[getter]
    fn revision(&self, py: Python<'_>) -> PyResult<i64> {
        Ok(self.native(py)?.reader.progress().revision)
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

/// A step that is over at once.
struct Nothing;

impl Source for Nothing {
    fn take(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        Ok(Some(py.None()))
    }

    fn notify(&self, _: Waiting) {}

    fn withdraw(&self, _: Step) {}
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

/// Waits for a moment, or for the end: then fails where the moment can't come because of it.
async fn until(mut status: watch::Receiver<Status>, moment: Moment) -> Result<(), Error> {
    // The sender goes away with the watch's task, which is the end as well.
    let _ = status.wait_for(|now| now.has_come_to(moment) || now.end.is_some()).await;
    let now = status.borrow();
    match &now.end {
        Some(End::Failed(error)) if !now.has_come_to(moment) => Err(error.clone()),
        _ => Ok(()),
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

/// The engine's side of a watch: reads from the server as fast as the reader takes it.
struct Pump {
    watcher: Watcher,
    sender: Sender<Notice, End>,
    commands: mpsc::UnboundedReceiver<Command>,
    status: watch::Sender<Status>,
    closing: watch::Receiver<bool>,
    inside: Inside,
}

impl Pump {
    async fn run(mut self, deadline: Deadline) {
        let end = self.pass_on(deadline).await;
        self.status.send_modify(|status| status.end = Some(end.clone()));
        self.sender.end(end);
    }

    async fn pass_on(&mut self, deadline: Deadline) -> End {
        let Self { watcher, sender, commands, status, closing, inside } = self;
        let overdue = overdue(status.subscribe(), deadline);
        tokio::pin!(overdue);
        loop {
            tokio::select! {
                biased;
                () = sender.closed() => return End::Cancelled,
                () = communicator::closed(closing) => return End::Failed(Error::Closed),
                () = &mut overdue => {
                    let trouble = watcher.trouble().map(|why| format!(": {why}"));
                    let message = format!(
                        "the watch was not confirmed within the deadline{}",
                        trouble.unwrap_or_default()
                    );
                    return End::Failed(Error::Timeout(message));
                }
                Some(Command::Progress) = commands.recv() => watcher.request_progress(),
                notice = watcher.next() => {
                    let mut notice = match notice {
                        Ok(notice) => notice,
                        Err(error) => return End::Failed(error),
                    };
                    match &mut notice {
                        Notice::Created { .. } => {
                            status.send_modify(|status| status.confirmed = true);
                        }
                        Notice::Events { events, .. } => strip(inside, events),
                        Notice::Progress { .. } => {}
                    }
                    let weight = weight_of(&notice);
                    // A reader that takes its time must not keep a closed context's stream.
                    tokio::select! {
                        biased;
                        sent = sender.send(notice, weight) => {
                            if !sent {
                                return End::Cancelled;
                            }
                        }
                        () = communicator::closed(closing) => return End::Failed(Error::Closed),
                    }
                }
            }
        }
    }
}

/// Completes when a watch is not confirmed in time.
async fn overdue(status: watch::Receiver<Status>, deadline: Deadline) {
    if let Some(deadline) = deadline {
        tokio::time::sleep_until(deadline).await;
        if !status.borrow().confirmed {
            return;
        }
    }
    std::future::pending::<()>().await;
}

fn strip(inside: &Inside, events: &mut [Event]) {
    for event in events {
        inside.strip_all(event.kv.iter_mut().chain(&mut event.prev_kv));
    }
}

fn weight_of(notice: &Notice) -> usize {
    let Notice::Events { events, .. } = notice else { return 0 };
    events
        .iter()
        .flat_map(|event| [&event.kv, &event.prev_kv])
        .flatten()
        .map(|kv| kv.key.len() + kv.value.len() + EVENT_OVERHEAD)
        .sum()
}

impl Communicator {
    fn start_watch(
        &self,
        py: Python<'_>,
        keys: KeyRange,
        mut keywords: Keywords<'_, '_>,
        extras: Extras<'_, '_>,
    ) -> PyResult<Watch> {
        let spec = WatchSpec {
            keys: self.keys(keys),
            start_revision: keywords.count("start_revision")?,
            prev_kv: keywords.flag("prev_kv")?,
            filters: keywords.read("filters", read_filters)?.unwrap_or_default(),
            progress_notify: keywords.flag("progress_notify")?,
            fragment: keywords.flag("fragment")?,
            watch_id: keywords.count("watch_id")?,
        };
        let deadline = self.deadline(py, keywords.seconds("timeout")?)?;
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
        let (sender, notices) = bridge::channel(BUFFER, lost);
        let (commands, asked) = mpsc::unbounded_channel();
        let (told, status) = watch::channel(Status::default());
        let pump = Pump {
            watcher: Watcher::new(Arc::clone(&session.transport), spec),
            sender,
            commands: asked,
            status: told,
            closing: self.closing(py)?,
            inside: Inside::new(&self.namespace),
        };
        let engine = Arc::clone(&session.engine);
        engine.submit(pump.run(deadline));
        let reader = Arc::new(Reader { notices, progress: Mutex::default(), once });
        let native = ForkGuarded::new(Native { reader, commands, status, engine });
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

fn read_filters(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<i32>> {
    let mut filters = Vec::new();
    for filter in
        value.try_iter().map_err(|_| args::wrong_type(name, "a list of WatchFilterType", value))?
    {
        filters.push(args::member_of(&filter?, "WatchFilterType", name)?);
    }
    Ok(filters)
}

/// Refuses events that could not be told before a watch is opened.
fn check_event(event: &Bound<'_, PyAny>, name: &str) -> PyResult<()> {
    let py = event.py();
    if event.hasattr(intern!(py, "notify_waiters"))? || event.hasattr(intern!(py, "set"))? {
        return Ok(());
    }
    Err(args::wrong_type(name, "an asyncio.Event or a CondVar", event))
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
        self.start_watch(py, keys, Keywords::new("watch", options), extras)
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
        self.start_watch(py, keys, Keywords::new("watch_prefix", options), extras)
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
        self.start_watch(py, keys, Keywords::new("watch_range", options), extras)
    }
}

/// What does not concern the server.
struct Extras<'a, 'py> {
    once: bool,
    ready_event: Option<&'a Bound<'py, PyAny>>,
    cleanup_event: Option<&'a Bound<'py, PyAny>>,
}

impl<'a, 'py> Extras<'a, 'py> {
    fn read(
        once: Option<&Bound<'py, PyAny>>,
        ready_event: Option<&'a Bound<'py, PyAny>>,
        cleanup_event: Option<&'a Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        let once = once.map(|once| args::boolean(once, "once")).transpose()?.unwrap_or(false);
        ready_event.map(|event| check_event(event, "ready_event")).transpose()?;
        cleanup_event.map(|event| check_event(event, "cleanup_event")).transpose()?;
        Ok(Self { once, ready_event, cleanup_event })
    }
}
