//! Puts a thread to sleep until somebody wakes it.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use documented::documented;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::bridge::fork::{self, PerProcess};
use crate::bridge::mutex::Mutex;
use crate::bridge::python_code::{self, attribute, call_method};
use crate::bridge::threads::shield;
use crate::bridge::threads::sleep::Sleep;

/// How long the main thread sleeps at most before it looks for signals. A signal ends its sleep at
/// once, unless it comes between that look and the sleep.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(100);

/// One thread's sleep.
#[derive(Default)]
pub(crate) struct Parker {
    sleep: Sleep,
    interrupted: AtomicBool,
    /// When the thread is interrupted although nobody asked for it.
    deadline: Mutex<Option<Instant>>,
}

thread_local! {
    static PARKER: Arc<Parker> = Arc::default();
    /// Whether this is the main thread of the process of that generation.
    static MAIN: Cell<Option<(u32, bool)>> = const { Cell::new(None) };
}

/// The thread that runs the end of the process; the others must not come back to Python then.
static EXITING: PerProcess<OnceLock<ThreadId>> = PerProcess::new();

/// From now on only this thread wakes up: the interpreter ends.
pub(crate) fn exit() {
    let _ = EXITING.get().set(thread::current().id());
}

/// Keeps a thread, which has left Python's lock, if the interpreter ends on another one.
fn stay_at_exit() {
    while is_stopped() {
        thread::park();
    }
}

fn is_stopped() -> bool {
    EXITING.get().get().is_some_and(|exiting| *exiting != thread::current().id())
}

impl Parker {
    /// The parker of this thread.
    pub(crate) fn here() -> Arc<Self> {
        PARKER.with(Arc::clone)
    }

    /// Keeps a thread whose call has ended because the interpreter ends: it would only complain.
    pub(crate) fn stay_at_exit(py: Python<'_>) {
        if is_stopped() {
            py.detach(stay_at_exit);
        }
    }

    pub(crate) fn unpark(&self) {
        self.sleep.wake();
    }

    /// Wakes the thread to look whether it is to be cancelled; now, or at its next sleep.
    fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Release);
        self.unpark();
    }

    /// Sleeps until it is woken, or until an instant, or until there may be a signal. Raises what a
    /// signal handler raises, and what `on_interrupt` raises if the thread was interrupted.
    pub(crate) fn park(&self, py: Python<'_>, until: Option<Instant>) -> PyResult<()> {
        self.look(py)?;
        let deadline = self.deadline.with(|deadline| *deadline).filter(|_| !shield::is_up());
        let next_look = is_main_thread(py)?.then(|| Instant::now() + SIGNAL_INTERVAL);
        let until = [until, deadline, next_look].into_iter().flatten().min();
        py.detach(|| {
            self.sleep.sleep(until);
            stay_at_exit();
        });
        self.look(py)
    }

    /// Raises what a signal handler raises, or the interruption of this thread.
    pub(crate) fn look(&self, py: Python<'_>) -> PyResult<()> {
        py.check_signals()?;
        if shield::is_up() {
            return Ok(());
        }
        let overdue = self.deadline.with(|deadline| {
            let overdue = deadline.is_some_and(|deadline| deadline <= Instant::now());
            if overdue {
                *deadline = None;
            }
            overdue
        });
        if (self.interrupted.swap(false, Ordering::AcqRel) || overdue)
            && let Some(hook) = HOOK.get(py)
        {
            python_code::call(hook.bind(py), (), None)?;
        }
        Ok(())
    }
}

static HOOK: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

#[documented]
#[pyfunction]
pub(crate) fn on_interrupt(py: Python<'_>, hook: Py<PyAny>) {
    let _ = HOOK.set(py, hook);
}

/// Whether this thread is the one that serves signals.
fn is_main_thread(py: Python<'_>) -> PyResult<bool> {
    let process = fork::generation();
    if let Some((at, main)) = MAIN.get()
        && at == process
    {
        return Ok(main);
    }
    let threading = python_code::import(py, "threading")?;
    let main = call_method(intern!(py, "main_thread"), [&threading])?;
    let main = attribute(&main, intern!(py, "ident"))?;
    let main = main.eq(call_method(intern!(py, "get_ident"), [&threading])?)?;
    MAIN.set(Some((process, main)));
    Ok(main)
}

// A thread, for others to interrupt its waits.
#[documented]
#[pyclass(frozen, module = "etcd_client._etcd_client")]
pub(crate) struct ThreadHandle(Arc<Parker>);

#[documented]
#[pymethods]
impl ThreadHandle {
    // The calling thread.
    #[new]
    fn new() -> Self {
        Self(Parker::here())
    }

    // Interrupts the wait of the thread, or its next one.
    fn interrupt(&self) {
        self.0.interrupt();
    }

    // Interrupts a wait of the thread when that many seconds have passed; `None` for never.
    fn interrupt_after(&self, seconds: Option<f64>) {
        let at = seconds.and_then(instant_after);
        self.0.deadline.with(|deadline| *deadline = at);
    }
}

/// The instant in that many seconds; `None` where that is further than instants reach.
pub(crate) fn instant_after(seconds: f64) -> Option<Instant> {
    let wait = Duration::try_from_secs_f64(seconds.max(0.0)).ok()?;
    Instant::now().checked_add(wait)
}
