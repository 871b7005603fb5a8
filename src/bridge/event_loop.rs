//! The bridge of an event loop: its pending calls, and the queue that finishes them.

use std::collections::VecDeque;
use std::sync::Arc;

use documented::documented;
use futures_util::future::AbortHandle;
use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyWeakrefMethods, PyWeakrefReference};

use crate::bridge::completer::Completer;
use crate::bridge::completion::{Completion, Lost, Ticket};
use crate::bridge::contexts;
use crate::bridge::fork::ForkGuarded;
use crate::bridge::loops::completion_queue::{CompletionQueue, Notifier};
use crate::bridge::loops::futures::FutureMaker;
use crate::bridge::loops::known::{self, KnownLoop};
use crate::bridge::loops::pending::{PendingCall, PendingCalls};
use crate::bridge::loops::running::running_loop;
use crate::bridge::loops::wakeup::{ThreadWakeup, Wakeup};
use crate::bridge::messenger::Messenger;
use crate::bridge::mutex::Mutex;
use crate::bridge::objects::or_exception;
use crate::bridge::python_code::{self, call_method};

/// How many calls one wake-up of the loop may finish before other callbacks have their turn.
const DRAIN_LIMIT: usize = 128;

#[documented]
#[pyclass(frozen, weakref, module = "etcd_client._etcd_client")]
pub(crate) struct LoopBridge {
    event_loop: Py<PyAny>,
    futures: FutureMaker,
    /// Makes what a task awaits of a call or a step, where that is not the call or step itself.
    drive: Option<Py<PyAny>>,
    native: ForkGuarded<Native>,
}

/// What the engine thread and the threads of other loops use too.
struct Native {
    pending: Mutex<PendingCalls>,
    /// Taken from the queue, but not yet finished because of `DRAIN_LIMIT`.
    backlog: Mutex<VecDeque<(Ticket, Completion)>>,
    queue: Arc<CompletionQueue>,
}

impl Native {
    /// The completions whose turn it is; the loop is woken again for those beyond the limit.
    fn next_batch(&self) -> VecDeque<(Ticket, Completion)> {
        let taken = self.queue.take();
        let (batch, is_all) = self.backlog.with(|backlog| {
            if backlog.is_empty() && taken.len() <= DRAIN_LIMIT {
                return (VecDeque::from(taken), true);
            }
            backlog.extend(taken);
            let limit = backlog.len().min(DRAIN_LIMIT);
            let later = backlog.split_off(limit);
            (std::mem::replace(backlog, later), backlog.is_empty())
        });
        if !is_all {
            self.queue.notify();
        }
        batch
    }
}

impl LoopBridge {
    /// The bridge of the running loop.
    pub(crate) fn current(py: Python<'_>) -> PyResult<Py<Self>> {
        let event_loop = running_loop(py)?;
        if event_loop.is_none() {
            return Err(PyRuntimeError::new_err("no running event loop"));
        }
        let address = event_loop.as_ptr() as usize;
        if let Some(bridge) = known::bridge(address).and_then(|weak| weak.bind(py).upgrade()) {
            let bridge = bridge.cast_into::<Self>()?;
            if bridge.get().event_loop.is(&event_loop) {
                return Ok(bridge.unbind());
            }
        }
        Self::forget_closed_loops(py);
        Self::open(py, event_loop, address)
    }

    fn open(py: Python<'_>, event_loop: Bound<'_, PyAny>, address: usize) -> PyResult<Py<Self>> {
        let bridge = match Wakeup::new() {
            Ok(wakeup) => Self::with_notifier(py, &event_loop, Notifier::Descriptor(wakeup))?,
            Err(_) => Self::with_notifier_thread(py, &event_loop)?,
        };
        let bridge = match bridge.get().add_reader(py, &bridge) {
            Err(error) if error.is_instance_of::<PyNotImplementedError>(py) => {
                Self::with_notifier_thread(py, &event_loop)?
            }
            outcome => outcome.map(|()| bridge)?,
        };
        let known = KnownLoop {
            bridge: Arc::new(PyWeakrefReference::new(bridge.bind(py))?.unbind()),
            queue: Arc::downgrade(&bridge.get().native()?.queue),
        };
        drop(known::insert(address, known));
        Ok(bridge)
    }

    fn with_notifier(
        py: Python<'_>,
        event_loop: &Bound<'_, PyAny>,
        notifier: Notifier,
    ) -> PyResult<Py<Self>> {
        let drive = event_loop.getattr_opt(intern!(py, "drive_call"))?.map(Bound::unbind);
        let futures = match drive {
            None => FutureMaker::of_asyncio(event_loop)?,
            Some(_) => FutureMaker::of_other(event_loop)?,
        };
        let bridge = Self {
            event_loop: event_loop.clone().unbind(),
            futures,
            drive,
            native: ForkGuarded::new(Native {
                pending: Mutex::default(),
                backlog: Mutex::default(),
                queue: Arc::new(CompletionQueue::new(notifier)),
            }),
        };
        Py::new(py, bridge)
    }

    fn add_reader(&self, py: Python<'_>, this: &Py<Self>) -> PyResult<()> {
        let Some(descriptor) = self.native()?.queue.descriptor() else { return Ok(()) };
        let drain = this.getattr(py, intern!(py, "_drain"))?;
        let add = self.event_loop.bind(py).getattr(intern!(py, "add_reader"))?;
        python_code::call(&add, (descriptor, drain), None).map(drop)
    }

    /// For loops that cannot watch a descriptor, such as the default one of Windows: a separate
    /// thread schedules the drain, once per batch.
    fn with_notifier_thread(py: Python<'_>, event_loop: &Bound<'_, PyAny>) -> PyResult<Py<Self>> {
        let wakeup = Arc::<ThreadWakeup>::default();
        let notifier = Notifier::Thread(Arc::clone(&wakeup));
        let bridge = Self::with_notifier(py, event_loop, notifier)?;
        let weak = PyWeakrefReference::new(bridge.bind(py))?.unbind();
        std::thread::Builder::new().name("etcd-client-notify".into()).spawn(move || {
            while wakeup.wait() {
                let alive =
                    Python::try_attach(|py| Self::schedule_drain(py, &weak)).unwrap_or(false);
                if !alive {
                    break;
                }
            }
        })?;
        Ok(bridge)
    }

    fn schedule_drain(py: Python<'_>, weak: &Py<PyWeakrefReference>) -> bool {
        let Some(bridge) = weak.bind(py).upgrade() else { return false };
        let Ok(bridge) = bridge.cast_into::<Self>() else { return false };
        let scheduled = bridge.getattr(intern!(py, "_drain")).and_then(|drain| {
            let event_loop = bridge.get().event_loop.bind(py);
            call_method(intern!(py, "call_soon_threadsafe"), [event_loop, &drain])
        });
        scheduled.is_ok()
    }

    /// Cancels the calls of loops that were closed while calls were pending.
    fn forget_closed_loops(py: Python<'_>) {
        for (address, weak) in known::bridges() {
            let closed = match weak.bind(py).upgrade().map(Bound::cast_into::<Self>) {
                Some(Ok(bridge)) => {
                    let closed = bridge.get().is_closed(py);
                    if closed {
                        bridge.get().shut();
                    }
                    closed
                }
                _ => true,
            };
            if closed {
                drop(known::remove(address));
            }
        }
    }

    /// Aborts the tasks of all calls of all loops, so that the calls fail.
    pub(crate) fn abort_all(py: Python<'_>) {
        for (_, weak) in known::bridges() {
            if let Some(Ok(bridge)) = weak.bind(py).upgrade().map(Bound::cast_into::<Self>)
                && let Some(native) = bridge.get().native.get()
            {
                let aborts = native.pending.with(|pending| pending.abort_handles());
                aborts.iter().for_each(AbortHandle::abort);
            }
        }
    }

    pub(crate) fn is_closed(&self, py: Python<'_>) -> bool {
        let closed = call_method(intern!(py, "is_closed"), [self.event_loop.bind(py)]);
        closed.and_then(|closed| closed.is_truthy()).unwrap_or(true)
    }

    /// Fails unless this bridge's loop is the running one.
    pub(crate) fn check_running(&self, py: Python<'_>) -> PyResult<bool> {
        // None where no loop runs, which is no error of its own.
        Ok(running_loop(py)?.is(&self.event_loop))
    }

    pub(crate) fn messenger(&self) -> PyResult<Messenger> {
        Ok(Messenger::of_loop(&self.native()?.queue))
    }

    fn native(&self) -> PyResult<&Native> {
        self.native
            .get()
            .ok_or_else(|| PyRuntimeError::new_err("this event loop belongs to the parent process"))
    }

    /// What a task of the loop awaits: asyncio's take the futures that `awaitable` yields.
    pub(crate) fn awaited<'py>(&self, awaitable: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match &self.drive {
            None => Ok(awaitable),
            Some(drive) => python_code::call(drive.bind(awaitable.py()), (awaitable,), None),
        }
    }

    pub(crate) fn create_future(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.futures.make(py)
    }

    /// A new future of the loop, and the completer that finishes it.
    pub(crate) fn register(
        &self,
        py: Python<'_>,
        abort: Option<AbortHandle>,
        lost: Lost,
    ) -> PyResult<(Py<PyAny>, Ticket, Completer)> {
        let future = self.create_future(py)?;
        let call = PendingCall { future: future.clone_ref(py), abort };
        let native = self.native()?;
        let ticket = native.pending.with(|pending| pending.insert(call));
        let completer = Completer::new(Arc::clone(&native.queue), ticket, lost);
        Ok((future, ticket, completer))
    }

    /// Cancels a pending call: its task ends, and its outcome is ignored.
    pub(crate) fn give_up(&self, ticket: Ticket) {
        let Some(native) = self.native.get() else { return };
        let call = native.pending.with(|pending| pending.remove(ticket));
        if let Some(abort) = call.and_then(|call| call.abort) {
            abort.abort();
        }
    }

    fn finish(&self, py: Python<'_>, ticket: Ticket, completion: Completion) -> PyResult<()> {
        let call = self.native()?.pending.with(|pending| pending.remove(ticket));
        let Some(call) = call else { return Ok(()) };
        let future = call.future.bind(py);
        let set = match completion.into_python(py) {
            Ok(value) => call_method(intern!(py, "set_result"), [future, value.bind(py)]),
            Err(error) => set_exception(future, error),
        };
        match set {
            // The call was cancelled before.
            Err(_) if call_method(intern!(py, "done"), [future])?.is_truthy()? => Ok(()),
            // Nobody must wait for ever because there was no memory for telling the loop.
            Err(error) => set_exception(future, error).map(drop),
            Ok(_) => Ok(()),
        }
    }

    /// Ends all calls: the loop is closed, or no longer needs the bridge.
    fn shut(&self) {
        let Some(native) = self.native.get() else { return };
        native.queue.kill();
        let calls = native.pending.with(PendingCalls::take_all);
        for abort in calls.into_iter().filter_map(|call| call.abort) {
            abort.abort();
        }
    }

    fn retire(&self, py: Python<'_>, native: &Native) -> PyResult<()> {
        if contexts::active_contexts() > 0 {
            return Ok(());
        }
        if !native.pending.with(|pending| pending.is_empty()) {
            // What the engine's end has finished may still be in the backlog. What another
            // engine works on is followed by that one's end.
            if !native.backlog.with(|backlog| backlog.is_empty()) {
                native.queue.offer_retirement();
            }
            return Ok(());
        }
        drop(known::remove(self.event_loop.as_ptr() as usize));
        if let Some(descriptor) = native.queue.descriptor() {
            let remove = self.event_loop.bind(py).getattr(intern!(py, "remove_reader"))?;
            python_code::call(&remove, (descriptor,), None)?;
        }
        self.shut();
        Ok(())
    }
}

fn set_exception<'py>(future: &Bound<'py, PyAny>, error: PyErr) -> PyResult<Bound<'py, PyAny>> {
    let py = future.py();
    let error = error.into_value(py).into_bound(py).into_any();
    call_method(intern!(py, "set_exception"), [future, &error])
}

#[documented]
#[pymethods]
impl LoopBridge {
    /// For the garbage collector: a loop refers to its bridge by what it watches, and the bridge to
    /// the loop. Where nobody else has either, both go, and their descriptors with them.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.event_loop)?;
        self.futures.visit(&visit)?;
        visit.call(&self.drive)?;
        let Some(native) = self.native.get() else { return Ok(()) };
        let visited = native
            .pending
            .try_with(|pending| pending.futures().try_for_each(|future| visit.call(future)));
        visited.unwrap_or(Ok(()))
    }

    /// Finishes the calls that are done; the loop calls it when the queue says so.
    fn _drain(&self, py: Python<'_>) -> PyResult<()> {
        // A forked child may run its parent's loop to the end.
        let Some(native) = self.native.get() else { return Ok(()) };
        let mut failure = None;
        for (ticket, completion) in native.next_batch() {
            if let Err(error) = or_exception(|| self.finish(py, ticket, completion)) {
                failure = Some(error);
            }
        }
        for errand in native.queue.take_errands() {
            errand(py);
        }
        if native.queue.take_retirement_offer() {
            self.retire(py, native)?;
        }
        failure.map_or(Ok(()), Err)
    }
}

impl Drop for LoopBridge {
    fn drop(&mut self) {
        self.shut();
        contexts::retire_if_idle();
    }
}
