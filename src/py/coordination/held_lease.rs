//! Leases, locks and leaderships that the engine holds for Python.

use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use documented::documented;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use tokio::sync::{mpsc, oneshot};

use crate::bridge::{self, Call, Engine, ForkGuarded, Host, bytes_object};
use crate::py::communicator::{Communicator, Effect};
use crate::py::errors;
use crate::py::kv::options::lease_id;
use crate::py::lease::calls::{new_lease_id, ttl};
use crate::py::namespace::Inside;
use crate::py::support::args::{self, Keywords, boolean};
use crate::py::support::to_python::{ResponseHeader, ToPython, header};
use crate::rpc::coordination::acquired::Acquired;
use crate::rpc::coordination::acquisition::{
    Acquisition, Outcome, Wanted, WantedLease, WantedPlace,
};
use crate::rpc::coordination::held_lease::Command;
use crate::rpc::coordination::held_state::{HeldState, STOPPED, State};
use crate::rpc::coordination::leftover::Release;
use crate::rpc::coordination::lifetime::Lifetime;
use crate::rpc::coordination::waiting_line::Line;
use crate::rpc::error::Error;
use crate::rpc::lease::keep_alive::KeptLease;
use crate::rpc::telemetry::caller::Caller;
use crate::rpc::wire::messages::HeaderOnly;

/// How long a lock outlives a holder that died without releasing it, in seconds.
const LOCK_TTL: i64 = 30;

#[documented]
#[pyclass(frozen, module = "etcd_client._etcd_client")]
pub(crate) struct HeldLease {
    host: Host,
    task: ForkGuarded<HolderTask>,
    #[pyo3(get)]
    id: i64,
    #[pyo3(get)]
    ttl: i64,
    #[pyo3(get)]
    header: Py<ResponseHeader>,
    #[pyo3(get)]
    key: Py<PyBytes>,
    #[pyo3(get)]
    revision: i64,
}

/// A handle to the task of the holder.
struct HolderTask {
    engine: Arc<Engine>,
    commands: mpsc::UnboundedSender<Command>,
    state: Arc<HeldState>,
    /// The lease, while it is kept alive.
    kept: Weak<KeptLease>,
    /// How long releasing may take.
    timeout: Option<Duration>,
}

/// The result of a successful acquisition.
struct Held {
    task: HolderTask,
    acquired: Acquired,
    inside: Inside,
}

impl ToPython for Option<Held> {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let Some(Held { task, acquired, inside }) = self else { return Ok(py.None()) };
        let (mut key, revision, at) = match acquired.place {
            Some(place) => (place.key.into(), place.revision, place.header),
            None => (bytes::Bytes::new(), 0, acquired.header),
        };
        inside.strip_key(&mut key);
        let held = HeldLease {
            host: Host::current(py)?,
            task: ForkGuarded::new(task),
            id: acquired.lease,
            ttl: acquired.ttl,
            header: header(py, Some(at))?,
            key: bytes_object(py, &key)?.unbind(),
            revision,
        };
        Ok(Py::new(py, held)?.into_any())
    }
}

/// The reason of the loss; `None` if it was not lost.
struct Loss(Option<String>);

impl ToPython for Loss {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(self.0.into_pyobject(py)?.unbind())
    }
}

struct GivenBack(Option<HeaderOnly>);

impl ToPython for GivenBack {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.0 {
            Some(response) => Ok(header(py, response.header)?.into_any()),
            None => Ok(py.None()),
        }
    }
}

fn loss(state: State) -> Option<String> {
    match state {
        State::Lost(why) => Some(why.to_string()),
        State::Held | State::Released => None,
    }
}

impl HeldLease {
    fn task(&self, py: Python<'_>) -> PyResult<&HolderTask> {
        self.task.get().ok_or_else(|| errors::forked(py))
    }

    fn spawn<T: ToPython, F>(
        &self,
        py: Python<'_>,
        lost: fn() -> PyErr,
        make: impl FnOnce() -> F + Send + 'static,
    ) -> PyResult<Call>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        if !self.host.check_running(py)? {
            return Err(errors::wrong_loop(py));
        }
        bridge::spawn(py, &self.host, &self.task(py)?.engine, lost, make)
    }

    /// A finished call with a value that needs no task, so the engine may have been stopped.
    fn at_once(&self, py: Python<'_>, value: impl ToPython) -> PyResult<Call> {
        if !self.host.check_running(py)? {
            return Err(errors::wrong_loop(py));
        }
        bridge::finished(py, &self.host, value.to_python(py)?)
    }
}

#[documented]
#[pymethods]
impl HeldLease {
    fn adopt(&self, py: Python<'_>) -> PyResult<()> {
        self.task(py)?.state.adopt();
        Ok(())
    }

    fn let_go(&self, py: Python<'_>) -> PyResult<Option<String>> {
        Ok(self.task(py)?.state.let_go().err().map(|why| why.to_string()))
    }

    #[getter]
    fn loss(&self, py: Python<'_>) -> PyResult<Option<String>> {
        Ok(loss(self.task(py)?.state.now()))
    }

    #[getter]
    fn remaining(&self, py: Python<'_>) -> PyResult<Option<f64>> {
        Ok(self.task(py)?.state.remaining().map(|left| left.as_secs_f64()))
    }

    #[getter]
    fn since_renewal(&self, py: Python<'_>) -> PyResult<Option<f64>> {
        Ok(self.task(py)?.state.since_confirmed().map(|since| since.as_secs_f64()))
    }

    fn until_over(&self, py: Python<'_>) -> PyResult<Call> {
        let state = Arc::clone(&self.task(py)?.state);
        let now = state.now();
        if now != State::Held {
            return self.at_once(py, Loss(loss(now)));
        }
        self.spawn(py, errors::lost_read, move || async move { Ok(Loss(loss(state.over().await))) })
    }

    #[pyo3(signature = (seconds, timeout=None))]
    fn renew(
        &self,
        py: Python<'_>,
        seconds: &Bound<'_, PyAny>,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Call> {
        let limit = args::seconds(seconds, "seconds")?;
        let timeout = timeout.map(|timeout| args::seconds(timeout, "timeout")).transpose()?;
        let task = self.task(py)?;
        let deadline = args::deadline(timeout.or(task.timeout));
        let (state, kept) = (Arc::clone(&task.state), task.kept.upgrade());
        let commands = task.commands.clone();
        let place = !self.key.as_bytes(py).is_empty();
        let renewed = async move {
            let lost = |why: &str| {
                let why = format!("it was lost: {why}");
                if place { Error::Lost(why) } else { Error::LeaseLost(why) }
            };
            let end = state.extend(limit).map_err(|why| lost(&why))?;
            let _ = commands.send(Command::Extended);
            if let Some(kept) = kept {
                kept.last_until(end);
                match kept.confirm(deadline).await {
                    Err(error) if error.is_server_error("LeaseNotFound") => {
                        return Err(lost("it expired or was revoked"));
                    }
                    confirmed => confirmed?,
                };
            }
            match state.now() {
                State::Lost(why) => Err(lost(&why)),
                State::Held | State::Released => Ok(Loss(None)),
            }
        };
        self.spawn(py, errors::lost_read, || renewed)
    }

    #[pyo3(signature = (timeout=None))]
    fn release(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Call> {
        let timeout = timeout.map(|timeout| args::seconds(timeout, "timeout")).transpose()?;
        let task = self.task(py)?;
        if task.state.now() != State::Held {
            return self.at_once(py, GivenBack(None));
        }
        let deadline = args::deadline(timeout.or(task.timeout));
        let (answer, answered) = oneshot::channel();
        let commands = task.commands.clone();
        self.spawn(py, errors::lost_mutation, move || {
            let _ = commands.send(Command::Release(Release { deadline, answer }));
            async move { answered.await.ok().transpose().map(GivenBack) }
        })
    }
}

impl Communicator {
    fn hold(&self, py: Python<'_>, wanted: Wanted) -> PyResult<Call> {
        let session = self.session(py)?;
        let engine = Arc::clone(&session.engine);
        let (reply, answered) = oneshot::channel();
        let (commands, ordered) = mpsc::unbounded_channel();
        let transport = Arc::clone(&session.transport);
        let lifetime = Lifetime { communicator: self.closing(py)?, engine: engine.ending() };
        let (acquisition, state) = Acquisition::new(transport, wanted, reply, ordered, lifetime);
        let timeout = session.transport.options.timeout;
        // Weak: the sender must be dropped with the last handle that can send commands.
        let orders = commands.downgrade();
        let mut task =
            HolderTask { engine: Arc::clone(&engine), commands, state, kept: Weak::new(), timeout };
        let inside = Inside::new(&self.namespace);
        let acquiring = async move {
            let answer = tokio::select! {
                biased;
                answer = answered => answer.ok(),
                () = task.engine.ending_now() => None,
            };
            match answer {
                Some(Ok(acquired)) => Ok(acquired.map(|mut acquired| {
                    task.kept =
                        acquired.kept.take().as_ref().map(Arc::downgrade).unwrap_or_default();
                    Held { task, acquired, inside }
                })),
                Some(Err(error)) => Err(error),
                None => Err(Error::Connection(STOPPED.into())),
            }
        };
        let caller = session.caller(py)?;
        let keeper = Arc::clone(&engine);
        let call = self.spawn(py, &engine, Effect::Changes, move || {
            tokio::spawn(keep(keeper, acquisition, caller));
            acquiring
        })?;
        Ok(call.undone_by(move || {
            if let Some(commands) = orders.upgrade() {
                // If the task has ended, there is nothing to release.
                let _ = commands.send(Command::Abandon);
            }
        }))
    }
}

/// Runs an acquisition, and then its holder, until it is over.
async fn keep(engine: Arc<Engine>, acquisition: Acquisition, caller: Option<Caller>) {
    let mut unfinished = engine.unfinished();
    let outcome = match caller {
        Some(caller) => caller.makes(acquisition.run()).await,
        None => acquisition.run().await,
    };
    let leftover = match outcome {
        Outcome::Held(held) => {
            drop(unfinished);
            let _held = engine.holder();
            let leftover = held.hold().await;
            unfinished = engine.unfinished();
            leftover
        }
        Outcome::Failed(leftover) => leftover,
    };
    if let Some(leftover) = leftover {
        leftover.remove().await;
    }
    drop(unfinished);
}

#[documented]
#[pymethods]
impl Communicator {
    /// Grants a lease and keeps it alive.
    #[pyo3(signature = (ttl, id=None, **options))]
    fn _hold_lease(
        &self,
        py: Python<'_>,
        ttl: &Bound<'_, PyAny>,
        id: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator._hold_lease", options);
        let lease = WantedLease::New {
            ttl: self::ttl(ttl, "ttl")?,
            id: new_lease_id(id)?,
            deadline: self.deadline(py, keywords.seconds("timeout")?)?,
        };
        keywords.finish()?;
        self.hold(py, Wanted { lease, place: None, limit: None, deadline: None })
    }

    /// Waits to be at the head of a line: the first, or one of the first `holders`, of the keys
    /// that begin with `ahead`, by default with the name and a slash.
    #[pyo3(signature = (name, **options))]
    fn _hold_place(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator._hold_place", options);
        let name = self.key(name, "name")?;
        let ahead = keywords.read("ahead", |value, name| self.key(value, name))?;
        let holders = keywords.read("holders", args::positive)?.unwrap_or(1);
        let place = WantedPlace {
            line: Line::new(&name, ahead, holders),
            value: keywords.read("value", args::bytes)?,
            wait: keywords.read("wait", boolean)?.unwrap_or(true),
        };
        let limit = keywords.seconds("ttl")?;
        let deadline = args::deadline(keywords.seconds("timeout")?);
        let lease = keywords.read("lease", shared_lease)?;
        keywords.finish()?;
        // Waiting for other holders may take any time, even if the lease has to be granted first.
        let grant_deadline = if place.wait { None } else { self.deadline(py, None)? };
        // The lease id 0 asks for a new lease, as in etcd's lock service.
        let lease = lease.filter(|lease| !matches!(lease, WantedLease::Callers(0)));
        let lease = lease.unwrap_or_else(|| WantedLease::New {
            // The lease outlasts the limit, so that the limit is what ends the lock.
            ttl: limit.map_or(LOCK_TTL, |limit| whole_seconds(limit.as_secs_f64()).min(LOCK_TTL)),
            id: None,
            deadline: deadline.into_iter().chain(grant_deadline).min(),
        });
        self.hold(py, Wanted { lease, place: Some(place), limit, deadline })
    }
}

/// An existing lease: one that is held here, or the id of another.
fn shared_lease(value: &Bound<'_, PyAny>, name: &str) -> PyResult<WantedLease> {
    let Ok(held) = value.cast::<HeldLease>() else {
        return lease_id(value, name).map(WantedLease::Callers);
    };
    let py = value.py();
    let task = held.get().task(py)?;
    match (task.kept.upgrade(), task.state.now()) {
        (Some(kept), State::Held) => Ok(WantedLease::Held(kept)),
        (_, state) => {
            let why = loss(state).unwrap_or_else(|| "it was given back".into());
            let id = held.get().id;
            Err(errors::exception(py, Error::LeaseLost(format!("the lease {id:x} is over: {why}"))))
        }
    }
}

/// A whole number of seconds that is larger.
#[expect(clippy::cast_possible_truncation, reason = "what is read as seconds fits")]
fn whole_seconds(seconds: f64) -> i64 {
    seconds.ceil() as i64 + 1
}
