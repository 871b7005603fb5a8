//! The engine: one thread with a current-thread tokio runtime.

use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use tokio::sync::Notify;
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;

/// Starts a task, on the engine's thread.
type Job = Box<dyn FnOnce() + Send>;

/// How long pending calls may still take when the engine is to stop.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// How long the exit of the process waits for what must be finished.
const LAST_MOMENT: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
enum Phase {
    Running,
    /// No context has been open since that instant; the engine stops unless one is opened soon.
    Idle(Instant),
    /// Takes no new calls; pending ones may finish until that instant.
    Draining(Instant),
    /// The process exits: only what must be finished may take until that instant.
    Exiting(Instant),
}

pub(crate) struct Engine {
    jobs: Mutex<Vec<Job>>,
    dispatcher: AtomicWaker,
    phase: Mutex<Phase>,
    phase_changed: Notify,
    ending: CancellationToken,
    ending_now: CancellationToken,
    pending_calls: Counter,
    holders: Counter,
    unfinished: Counter,
    stopped: Mutex<bool>,
    stopped_changed: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// Starts the thread. `may_retire` is called when the engine has been idle for `linger`, and
    /// `stopped` when all its tasks have ended.
    pub(crate) fn start(
        linger: Duration,
        may_retire: impl Fn(&Arc<Engine>) -> bool + Send + 'static,
        stopped: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<Arc<Self>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let engine = Arc::new(Self {
            jobs: Mutex::default(),
            dispatcher: AtomicWaker::new(),
            phase: Mutex::new(Phase::Running),
            phase_changed: Notify::new(),
            ending: CancellationToken::new(),
            ending_now: CancellationToken::new(),
            pending_calls: Counter::default(),
            holders: Counter::default(),
            unfinished: Counter::default(),
            stopped: Mutex::new(false),
            stopped_changed: Condvar::new(),
        });
        let for_thread = Arc::clone(&engine);
        thread::Builder::new().name("etcd-client".into()).spawn(move || {
            runtime.block_on(async {
                tokio::spawn(Arc::clone(&for_thread).dispatch());
                for_thread.until_retired(linger, may_retire).await;
            });
            // Drops all remaining tasks; their completers fail the calls. Unlike dropping the
            // runtime, this does not wait for a slow name lookup.
            runtime.shutdown_background();
            *lock(&for_thread.stopped) = true;
            let never_started = std::mem::take(&mut *lock(&for_thread.jobs));
            drop(never_started);
            stopped();
            for_thread.stopped_changed.notify_all();
        })?;
        Ok(engine)
    }

    /// Passes a task to the engine thread. False if the engine has stopped.
    pub(crate) fn submit(&self, task: impl Future<Output = ()> + Send + 'static) -> bool {
        let task = Box::pin(task);
        self.submit_made(move || task)
    }

    /// Passes a task that `make` makes on the engine's thread, which is woken only once for all
    /// tasks that are passed until it looks. What a task is made of is small; most of the task is
    /// room for what it does.
    pub(crate) fn submit_made<T>(&self, make: impl FnOnce() -> T + Send + 'static) -> bool
    where
        T: Future<Output = ()> + Send + 'static,
    {
        let job = Box::new(move || drop(tokio::spawn(make())));
        let first = {
            let mut jobs = lock(&self.jobs);
            if *lock(&self.stopped) {
                return false;
            }
            jobs.push(job);
            jobs.len() == 1
        };
        if first {
            self.dispatcher.wake();
        }
        true
    }

    /// Admits a call: the engine takes its task as long as the result lives. None if it is to stop.
    pub(crate) fn admit(self: &Arc<Self>) -> Option<Counted> {
        // Counted first: an engine that is to stop from now on waits for it.
        let admitted = self.pending_call();
        matches!(*lock(&self.phase), Phase::Running | Phase::Idle(_)).then_some(admitted)
    }

    async fn dispatch(self: Arc<Self>) {
        let mut batch = Vec::new();
        poll_fn(|context| {
            self.dispatcher.register(context.waker());
            std::mem::swap(&mut batch, &mut *lock(&self.jobs));
            for start in batch.drain(..) {
                start();
            }
            Poll::<()>::Pending
        })
        .await;
    }

    async fn until_retired(
        self: &Arc<Self>,
        linger: Duration,
        may_retire: impl Fn(&Arc<Self>) -> bool,
    ) {
        loop {
            let changed = self.phase_changed.notified();
            let phase = *lock(&self.phase);
            match phase {
                Phase::Running => changed.await,
                Phase::Idle(since) => {
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep_until((since + linger).into()) => {
                            if may_retire(self) {
                                self.drain();
                            }
                        }
                    }
                }
                Phase::Draining(until) => {
                    tokio::select! {
                        () = changed => {}
                        finished = timeout_at(until.into(), self.settled(&self.pending_calls)) => {
                            match finished {
                                Ok(()) => return,
                                Err(_) => self.exit(),
                            }
                        }
                    }
                }
                Phase::Exiting(until) => {
                    let _ = timeout_at(until.into(), self.settled(&self.unfinished)).await;
                    return;
                }
            }
        }
    }

    /// Waits until nothing is held any more, and then for what `counter` counts.
    async fn settled(&self, counter: &Counter) {
        self.holders.zero().await;
        counter.zero().await;
    }

    pub(crate) fn set_running(&self) {
        self.set_phase(Phase::Running);
    }

    pub(crate) fn set_idle(&self) {
        self.set_phase(Phase::Idle(Instant::now()));
    }

    pub(crate) fn drain(&self) {
        self.set_phase(Phase::Draining(Instant::now() + GRACE));
    }

    /// Stops as soon as everything that must be finished has finished.
    pub(crate) fn exit(&self) {
        self.set_phase(Phase::Exiting(Instant::now() + LAST_MOMENT));
    }

    fn set_phase(&self, phase: Phase) {
        let mut current = lock(&self.phase);
        let ended = matches!(*current, Phase::Draining(_) | Phase::Exiting(_));
        if !ended || matches!(phase, Phase::Exiting(_)) {
            *current = phase;
            self.phase_changed.notify_one();
            if matches!(phase, Phase::Draining(_) | Phase::Exiting(_)) {
                self.ending.cancel();
            }
            if matches!(phase, Phase::Exiting(_)) {
                self.ending_now.cancel();
            }
        }
    }

    /// Cancelled when the engine is to stop; calls may still finish then.
    pub(crate) fn ending(&self) -> CancellationToken {
        self.ending.clone()
    }

    /// Completes when calls are no longer waited for.
    pub(crate) async fn ending_now(&self) {
        self.ending_now.cancelled().await;
    }

    /// Waits until all tasks of the thread have ended; false if that takes too long.
    pub(crate) fn wait_until_stopped(&self, limit: Duration) -> bool {
        let stopped = lock(&self.stopped);
        let (stopped, _) = self
            .stopped_changed
            .wait_timeout_while(stopped, limit, |stopped| !*stopped)
            .unwrap_or_else(PoisonError::into_inner);
        *stopped
    }

    /// Counts a call as pending while the result lives.
    pub(crate) fn pending_call(self: &Arc<Self>) -> Counted {
        Counted::new(self, |engine| &engine.pending_calls)
    }

    /// The engine does not stop while the result lives: its owner has something to release as soon
    /// as the engine is `ending`.
    pub(crate) fn holder(self: &Arc<Self>) -> Counted {
        Counted::new(self, |engine| &engine.holders)
    }

    /// The engine does not stop, within its time limits, while the result lives: otherwise
    /// something would be left behind on a server.
    pub(crate) fn unfinished(self: &Arc<Self>) -> Unfinished {
        Unfinished {
            _call: self.pending_call(),
            _unfinished: Counted::new(self, |engine| &engine.unfinished),
        }
    }
}

pub(crate) struct Unfinished {
    _call: Counted,
    _unfinished: Counted,
}

/// Counts something, and can be awaited to reach 0.
#[derive(Default)]
struct Counter {
    count: AtomicUsize,
    zero: Notify,
}

impl Counter {
    async fn zero(&self) {
        while self.count.load(Ordering::Acquire) > 0 {
            self.zero.notified().await;
        }
    }
}

/// Counted while it lives.
pub(crate) struct Counted {
    engine: Arc<Engine>,
    counter: fn(&Engine) -> &Counter,
}

impl Counted {
    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    fn new(engine: &Arc<Engine>, counter: fn(&Engine) -> &Counter) -> Self {
        counter(engine).count.fetch_add(1, Ordering::AcqRel);
        Self { engine: Arc::clone(engine), counter }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let counter = (self.counter)(&self.engine);
        if counter.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            counter.zero.notify_one();
        }
    }
}
