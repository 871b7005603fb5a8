//! The open contexts of the process, and the engine that runs while there are any.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::bridge::engine::{Counted, Engine};
use crate::bridge::fork::PerProcess;
use crate::bridge::loops::known;
use crate::bridge::mutex::Mutex;

/// How long the engine and its connections outlive the last context, so that a program that
/// connects for each operation does not pay for a new thread and socket each time.
pub(crate) const LINGER: Duration = Duration::from_millis(500);

#[derive(Default)]
struct Engines {
    current: Option<Arc<Engine>>,
    /// Engines that take no new work, and may not have stopped yet.
    retired: Vec<Weak<Engine>>,
    contexts: usize,
}

impl Engines {
    /// Retires the current engine: it gets no new work.
    fn retire(&mut self) -> Option<Arc<Engine>> {
        let engine = self.current.take()?;
        self.retired.retain(|retired| retired.strong_count() > 0);
        self.retired.push(Arc::downgrade(&engine));
        Some(engine)
    }
}

static ENGINES: PerProcess<Mutex<Engines>> = PerProcess::new();

fn with_engines<R: Send>(work: impl FnOnce(&mut Engines) -> R + Send) -> R {
    ENGINES.get().with(work)
}

/// An open context; the runtime lives while there is any.
pub(crate) struct Context(());

/// Opens a context.
pub(crate) fn enter() -> Context {
    with_engines(|engines| {
        engines.contexts += 1;
        if let Some(engine) = &engines.current {
            engine.set_running();
        }
    });
    Context(())
}

impl Context {
    /// Admits a call to the engine of this process, which is started again if it was stopped.
    #[expect(clippy::unused_self, reason = "an engine is for those who hold a context")]
    pub(crate) fn engine(&self) -> std::io::Result<Counted> {
        with_engines(|engines| {
            if let Some(admitted) = engines.current.as_ref().and_then(Engine::admit) {
                return Ok(admitted);
            }
            let engine = Engine::start(LINGER, may_retire, engine_stopped)?;
            let admitted = engine.pending_call();
            engines.current = Some(engine);
            Ok(admitted)
        })
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        with_engines(|engines| {
            engines.contexts -= 1;
            if engines.contexts == 0
                && let Some(engine) = &engines.current
            {
                engine.set_idle();
            }
        });
    }
}

/// Retires the idle engine, unless a context has been opened meanwhile.
fn may_retire(engine: &Arc<Engine>) -> bool {
    with_engines(|engines| {
        if engines.contexts > 0 {
            return false;
        }
        if engines.current.as_ref().is_some_and(|current| Arc::ptr_eq(current, engine)) {
            engines.retire();
        }
        true
    })
}

/// Called when the engine and its last calls have ended: the loops may drop their bridges.
fn engine_stopped() {
    for queue in known::queues() {
        queue.offer_retirement();
    }
}

pub(crate) fn active_contexts() -> usize {
    with_engines(|engines| engines.contexts)
}

/// Retires the engine, and returns all engines that have not stopped yet; another thread may be
/// stopping some of them.
pub(crate) fn retire_all() -> Vec<Arc<Engine>> {
    with_engines(|engines| {
        engines.retire();
        engines.retired.iter().filter_map(Weak::upgrade).collect()
    })
}

/// Stops an idle engine without waiting for `LINGER`, because its loop has ended.
pub(crate) fn retire_if_idle() {
    with_engines(|engines| {
        if engines.contexts == 0
            && let Some(engine) = engines.retire()
        {
            engine.drain();
        }
    });
}
