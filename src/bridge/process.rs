//! What there is once per process: the engine, the count of open contexts, the known loops.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyWeakrefReference;

use crate::bridge::engine::{Engine, GRACE};
use crate::bridge::fork::{self, PerProcess};
use crate::bridge::loops::completion_queue::CompletionQueue;
use crate::bridge::loops::event_loop::LoopBridge;

/// How long the engine and its connections outlive the last context, for the next one: a
/// program that connects per operation does not pay for a new thread and socket each time.
pub(crate) const LINGER: Duration = Duration::from_millis(500);

/// How long the exit of the interpreter may wait for the engine thread.
const EXIT_LIMIT: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Process {
    engines: Mutex<Engines>,
    loops: Mutex<Loops>,
}

/// The bridges of the known event loops, by the address of the loop.
type Loops = HashMap<usize, KnownLoop>;

pub(crate) struct KnownLoop {
    /// A weak reference: a bridge lives for as long as its loop or a communicator needs it.
    pub(crate) bridge: Py<PyWeakrefReference>,
    pub(crate) queue: Weak<CompletionQueue>,
}

#[derive(Default)]
struct Engines {
    current: Option<Arc<Engine>>,
    /// Out of service, and perhaps not stopped yet.
    retired: Vec<Weak<Engine>>,
    contexts: usize,
}

impl Engines {
    /// Takes the current engine out of service.
    fn retire(&mut self) -> Option<Arc<Engine>> {
        let engine = self.current.take()?;
        self.retired.retain(|retired| retired.strong_count() > 0);
        self.retired.push(Arc::downgrade(&engine));
        Some(engine)
    }
}

static PROCESS: PerProcess<Process> = PerProcess::new();

fn process() -> &'static Process {
    PROCESS.get()
}

fn engines() -> MutexGuard<'static, Engines> {
    process().engines.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An open context; the runtime lives for as long as there is one.
pub(crate) struct Context(());

/// Opens a context.
pub(crate) fn enter() -> Context {
    let mut engines = engines();
    engines.contexts += 1;
    if let Some(engine) = &engines.current {
        engine.set_running();
    }
    Context(())
}

impl Context {
    /// The engine of this process, started anew where it was stopped.
    #[expect(clippy::unused_self, reason = "an engine is for those who hold a context")]
    pub(crate) fn engine(&self) -> std::io::Result<Arc<Engine>> {
        let mut engines = engines();
        if let Some(engine) = engines.current.as_ref().filter(|engine| engine.is_open()) {
            return Ok(Arc::clone(engine));
        }
        let engine = Engine::start(LINGER, may_retire, engine_stopped)?;
        engines.current = Some(Arc::clone(&engine));
        Ok(engine)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let mut engines = engines();
        engines.contexts -= 1;
        if engines.contexts == 0
            && let Some(engine) = &engines.current
        {
            engine.set_idle();
        }
    }
}

/// Takes the idle engine out of service, unless a context has been opened meanwhile.
fn may_retire(engine: &Arc<Engine>) -> bool {
    let mut engines = engines();
    if engines.contexts > 0 {
        return false;
    }
    if engines.current.as_ref().is_some_and(|current| Arc::ptr_eq(current, engine)) {
        engines.retire();
    }
    true
}

/// Has the loops let go of their bridges: the engine has stopped, and the last calls with it.
fn engine_stopped() {
    for queue in queues() {
        queue.offer_retirement();
    }
}

fn queues() -> Vec<Arc<CompletionQueue>> {
    loops().values().filter_map(|known| known.queue.upgrade()).collect()
}

pub(crate) fn active_contexts() -> usize {
    engines().contexts
}

/// Stops the engine: what is held is given back, pending calls get `GRACE` to finish, then they
/// fail. The next use starts a new one.
pub(crate) fn cleanup(py: Python<'_>) {
    let mut engines = engines();
    engines.retire();
    // Also those which another thread is stopping just now.
    let stopping: Vec<_> = engines.retired.iter().filter_map(Weak::upgrade).collect();
    drop(engines);
    py.detach(|| {
        for engine in stopping {
            engine.drain();
            engine.wait_until_stopped(GRACE + EXIT_LIMIT);
        }
    });
}

/// Gives up all calls and stops the engine, so that nothing of it runs while the interpreter goes
/// away; what has to be finished gets a last moment.
pub(crate) fn at_exit(py: Python<'_>) {
    // Other threads that are left are daemons. The interpreter freezes them in a moment: they
    // have no time for the errors of their calls.
    for queue in queues().iter().filter(|queue| !queue.is_at_home()) {
        queue.kill();
    }
    LoopBridge::abort_all(py);
    let mut stopping = engines();
    let current = stopping.current.take();
    let retired = std::mem::take(&mut stopping.retired);
    drop(stopping);
    py.detach(|| {
        for engine in retired.iter().filter_map(Weak::upgrade).chain(current) {
            engine.exit();
            engine.wait_until_stopped(EXIT_LIMIT);
        }
    });
}

/// Stops an engine that is idle anyhow without waiting for `LINGER`: its loop has ended.
pub(crate) fn retire_if_idle() {
    let mut engines = engines();
    if engines.contexts == 0
        && let Some(engine) = engines.retire()
    {
        engine.drain();
    }
}

pub(crate) fn after_fork_in_child() {
    fork::enter_child();
}

pub(crate) fn loops() -> MutexGuard<'static, Loops> {
    process().loops.lock().unwrap_or_else(PoisonError::into_inner)
}
