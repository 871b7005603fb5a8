//! The open contexts of the process, and the engine that runs for as long as there is one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::bridge::engine::Engine;
use crate::bridge::fork::PerProcess;
use crate::bridge::loops::known;

/// How long the engine and its connections outlive the last context, for the next one: a
/// program that connects per operation does not pay for a new thread and socket each time.
pub(crate) const LINGER: Duration = Duration::from_millis(500);

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

static ENGINES: PerProcess<Mutex<Engines>> = PerProcess::new();

fn engines() -> MutexGuard<'static, Engines> {
    ENGINES.get().lock().unwrap_or_else(PoisonError::into_inner)
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

/// The engine has stopped, and the last calls with it: the loops may drop their bridges.
fn engine_stopped() {
    for queue in known::queues() {
        queue.offer_retirement();
    }
}

pub(crate) fn active_contexts() -> usize {
    engines().contexts
}

/// Takes the engine out of service and returns it with those that have not stopped yet, which
/// another thread may be stopping just now.
pub(crate) fn retire_all() -> Vec<Arc<Engine>> {
    let mut engines = engines();
    engines.retire();
    engines.retired.iter().filter_map(Weak::upgrade).collect()
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
