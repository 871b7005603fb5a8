//! The native side of `Communicator`: a client of a cluster, bound to one event loop.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use documented::documented;
use prost::Message;
use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use tokio_util::sync::CancellationToken;

use crate::bridge::{
    self, Call, Context, Counted, Engine, ForkGuarded, Host, Messenger, Mutex, Receiver, Reply,
    StreamReader, call,
};
use crate::py::connection::options::ConnectOptions;
use crate::py::connection::session::Session;
use crate::py::connection::stats::Stats;
use crate::py::errors;
use crate::py::support::args::{self, Keywords, Timeout};
use crate::py::support::log;
use crate::py::support::stream::end::End;
use crate::py::support::stream::feed::{self, Ends, StreamSource};
use crate::py::support::stream::iterator::Stream;
use crate::py::support::stream::moment::Course;
use crate::py::support::to_python::ToPython;
use crate::py::telemetry::dispatcher::Dispatcher;
use crate::py::telemetry::source::StatsSource;
use crate::py::telemetry::told::Told;
use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::connection::options::Observer;
use crate::rpc::error::Error;
use crate::rpc::keys::KeyRange;
use crate::rpc::transport::shared_transports::Target;
use crate::rpc::transport::{CallOptions, Deadline, Request, Transport};
use crate::rpc::watch::OpenWatches;

/// What all views of one open context share.
pub(crate) struct SharedContext {
    /// The endpoints and options for new sessions.
    target: Mutex<Target>,
    /// The default timeout of calls.
    timeout: Option<Duration>,
    /// The default of whether calls wait until a member can be reached.
    wait_for_ready: bool,
    tls: bool,
    context: Mutex<Option<Context>>,
    session: Mutex<Option<Arc<Session>>>,
    messenger: Messenger,
    hooks: Option<Arc<Dispatcher>>,
    closed: AtomicBool,
    /// Tells open streams and leases that the context closes.
    closing: CancellationToken,
    /// The watches that are open, which end when the context closes.
    watches: Arc<OpenWatches>,
}

#[documented]
#[pyclass(frozen, subclass, weakref, module = "etcd_client._etcd_client", name = "Communicator")]
pub(crate) struct Communicator {
    pub(crate) host: Host,
    shared: ForkGuarded<Arc<SharedContext>>,
    pub(crate) namespace: Arc<[u8]>,
    /// For a view made by `namespace`: whether it is closed. Its context stays open.
    view: Option<AtomicBool>,
}

/// Whether an RPC may have changed something if its engine stops before the answer.
#[derive(Clone, Copy)]
pub(crate) enum Effect {
    Reads,
    Changes,
}

impl Drop for SharedContext {
    /// Without its last view, a context is closed.
    fn drop(&mut self) {
        self.closing.cancel();
        self.watches.close();
    }
}

/// A session to begin something with: meanwhile, its engine is not stopped.
pub(crate) struct SessionInUse {
    session: Arc<Session>,
    _admitted: Counted,
}

impl SessionInUse {
    fn new(session: &Arc<Session>, admitted: Counted) -> Self {
        Self { session: Arc::clone(session), _admitted: admitted }
    }
}

impl Deref for SessionInUse {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl SharedContext {
    /// The transport, if there is one now.
    pub(crate) fn open_transport(&self) -> Option<Arc<Transport>> {
        self.session.with(|session| session.as_ref().map(|open| Arc::clone(&open.transport)))
    }

    /// The session; a new one, on a new engine, if the engine has been stopped.
    pub(crate) fn session(&self, py: Python<'_>) -> PyResult<SessionInUse> {
        let (opened, stopped) = self.session.with(|session| {
            if let Some(open) = session
                && let Some(admitted) = open.engine.admit()
            {
                return (Ok(Some(SessionInUse::new(open, admitted))), None);
            }
            let admitted = self.context.with(|context| context.as_ref().map(Context::engine));
            let admitted = match admitted.transpose() {
                Ok(Some(admitted)) => admitted,
                Ok(None) => return (Ok(None), None),
                Err(error) => return (Err(error), None),
            };
            let (messenger, hooks) = (self.messenger.clone(), self.hooks.clone());
            let engine = Arc::clone(admitted.engine());
            let open = |target: &mut Target| Session::open(engine, target, messenger, hooks);
            let opened = Arc::new(self.target.with(open));
            (Ok(Some(SessionInUse::new(&opened, admitted))), session.replace(opened))
        });
        drop(stopped);
        opened?.ok_or_else(|| errors::closed(py))
    }
}

impl Communicator {
    pub(crate) fn shared(&self, py: Python<'_>) -> PyResult<&Arc<SharedContext>> {
        let shared = self.shared.get().ok_or_else(|| errors::forked(py))?;
        if self.is_closed(shared) {
            return Err(errors::closed(py));
        }
        Ok(shared)
    }

    fn is_closed(&self, shared: &SharedContext) -> bool {
        let view_closed = self.view.as_ref().is_some_and(|view| view.load(Ordering::Acquire));
        view_closed || shared.closed.load(Ordering::Acquire)
    }

    /// The session, for use on the running loop.
    pub(crate) fn session(&self, py: Python<'_>) -> PyResult<SessionInUse> {
        let shared = self.shared(py)?;
        if !self.host.check_running(py)? {
            return Err(errors::wrong_loop(py));
        }
        shared.session(py)
    }

    /// The transport, from any thread.
    pub(crate) fn transport(&self, py: Python<'_>) -> PyResult<Arc<Transport>> {
        Ok(Arc::clone(&self.shared(py)?.session(py)?.transport))
    }

    /// Parses an endpoint; TLS is required if this communicator uses it.
    pub(crate) fn endpoint(&self, py: Python<'_>, text: &str) -> PyResult<Endpoint> {
        parse_one(py, text, self.shared(py)?.tls)
    }

    /// Switches to other endpoints.
    pub(crate) fn retarget(&self, py: Python<'_>, endpoints: &[String]) -> PyResult<()> {
        let shared = self.shared(py)?;
        let session = shared.session(py)?;
        let endpoints = parse(py, endpoints, shared.tls)?;
        let switched = shared.target.with(|target| {
            target.endpoints = endpoints;
            session.retarget(target)
        });
        if !switched {
            // The transport has other users, who keep the old endpoints. The next call opens a new
            // session.
            drop(shared.session.with(Option::take));
        }
        Ok(())
    }

    /// Cancelled when the context closes.
    pub(crate) fn closing(&self, py: Python<'_>) -> PyResult<CancellationToken> {
        Ok(self.shared(py)?.closing.clone())
    }

    /// The watches of the context.
    pub(crate) fn watches(&self, py: Python<'_>) -> PyResult<&Arc<OpenWatches>> {
        Ok(&self.shared(py)?.watches)
    }

    /// How long something may take, from its own timeout or the default one.
    pub(crate) fn timeout(
        &self,
        py: Python<'_>,
        timeout: Option<Duration>,
    ) -> PyResult<Option<Duration>> {
        let default = self.shared(py)?.timeout;
        Ok(timeout.or(default))
    }

    /// The deadline of a call, from its own timeout or the default one.
    pub(crate) fn deadline(&self, py: Python<'_>, timeout: Option<Duration>) -> PyResult<Deadline> {
        self.timeout(py, timeout).map(args::deadline)
    }

    /// How long a call is tried, from its own options or the default ones.
    pub(crate) fn call_options(
        &self,
        py: Python<'_>,
        timeout: Option<Duration>,
        wait_for_ready: Option<bool>,
    ) -> PyResult<CallOptions> {
        let default = self.shared(py)?.wait_for_ready;
        let deadline = self.deadline(py, timeout)?;
        Ok(CallOptions { deadline, wait_for_ready: wait_for_ready.unwrap_or(default) })
    }

    /// The same from the keyword arguments of the call, which has no others.
    pub(crate) fn last_options(
        &self,
        py: Python<'_>,
        mut keywords: Keywords<'_, '_>,
    ) -> PyResult<CallOptions> {
        let timeout = keywords.seconds("timeout")?;
        let wait_for_ready = keywords.read("wait_for_ready", args::boolean)?;
        let options = self.call_options(py, timeout, wait_for_ready)?;
        keywords.finish()?;
        Ok(options)
    }

    /// Starts to read a stream. `reader` makes its reading side; `subject` is what it is about.
    pub(crate) fn open_stream<S: StreamSource, R: StreamReader + 'static>(
        &self,
        py: Python<'_>,
        session: &Session,
        source: S,
        reader: impl FnOnce(Receiver<S::Item, End>) -> R,
        subject: String,
    ) -> PyResult<(Stream, Arc<R>)> {
        let Ends { feed, items, state } = feed::ends::<S>(self.closing(py)?);
        let reader = Arc::new(reader(items));
        session.engine.submit(feed.run(source));
        let reading = Arc::<R>::clone(&reader);
        Ok((self.stream_of(py, session, reading, Arc::new(state), subject), reader))
    }

    /// The Python side of a stream.
    pub(crate) fn stream_of(
        &self,
        py: Python<'_>,
        session: &Session,
        reader: Arc<dyn StreamReader>,
        course: Arc<dyn Course>,
        subject: String,
    ) -> Stream {
        let (host, engine) = (self.host.clone_ref(py), Arc::clone(&session.engine));
        Stream::new(host, engine, reader, course, subject.into())
    }

    /// Starts a call.
    pub(crate) fn start<T, F>(
        &self,
        py: Python<'_>,
        effect: Effect,
        task: impl FnOnce(Arc<Transport>) -> F + Send + 'static,
    ) -> PyResult<Call>
    where
        T: ToPython,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let session = self.session(py)?;
        let transport = Arc::clone(&session.transport);
        match session.caller(py)? {
            None => self.spawn(py, &session.engine, effect, move || task(transport)),
            Some(mut caller) => {
                // Boxed, so that this rare case adds little code for each kind of call.
                let task: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(task(transport));
                let (hooks, events) = (session.hooks.as_ref(), caller.takes_events());
                let hooks = hooks.map(Arc::downgrade).unwrap_or_default();
                let task = async move { Told::new(caller.makes(task).await, hooks, events) };
                self.spawn(py, &session.engine, effect, move || task)
            }
        }
    }

    /// Sends a request; `shape` converts the answer to a type with a Python counterpart.
    pub(crate) fn send<M: Message + Default + 'static, T: ToPython>(
        &self,
        py: Python<'_>,
        effect: Effect,
        request: Request,
        options: CallOptions,
        shape: fn(M) -> T,
    ) -> PyResult<Call> {
        self.start(py, effect, move |transport| async move {
            transport.call(request, options).await.map(shape)
        })
    }

    /// How long a call is tried, from its arguments or the default options.
    pub(crate) fn read_options(
        &self,
        py: Python<'_>,
        timeout: Timeout<'_, '_>,
        wait_for_ready: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<CallOptions> {
        let timeout = timeout.map(|timeout| args::seconds(timeout, "timeout")).transpose()?;
        let wait_for_ready =
            wait_for_ready.map(|flag| args::boolean(flag, "wait_for_ready")).transpose()?;
        self.call_options(py, timeout, wait_for_ready)
    }

    pub(crate) fn spawn<R: Reply, T>(
        &self,
        py: Python<'_>,
        engine: &Arc<Engine>,
        effect: Effect,
        make: impl FnOnce() -> T + Send + 'static,
    ) -> PyResult<Call>
    where
        T: Future<Output = R> + Send + 'static,
    {
        let lost = match effect {
            Effect::Reads => errors::lost_read,
            Effect::Changes => errors::lost_mutation,
        };
        bridge::spawn(py, &self.host, engine, lost, make)
    }

    /// The keys of a request, with the namespace's prefix.
    pub(crate) fn keys(&self, keys: KeyRange) -> KeyRange {
        keys.below(&self.namespace)
    }

    pub(crate) fn key(&self, key: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<u8>> {
        let key = args::bytes(key, name)?;
        Ok(if self.namespace.is_empty() { key } else { [&self.namespace, key.as_slice()].concat() })
    }
}

#[documented]
#[pyclass(frozen, module = "etcd_client._etcd_client")]
pub(crate) struct Connected(Mutex<Option<Communicator>>);

impl Connected {
    fn new(communicator: Communicator) -> Self {
        Self(Mutex::new(Some(communicator)))
    }
}

#[documented]
#[pyfunction]
pub(crate) fn connect(
    py: Python<'_>,
    endpoints: Vec<String>,
    options: &ConnectOptions,
) -> PyResult<Call> {
    let host = Host::current(py).map_err(|error| {
        if error.is_instance_of::<PyRuntimeError>(py) { errors::no_loop(py) } else { error }
    })?;
    let context = bridge::enter();
    // Another thread may stop the engine while code of Python runs here.
    let admitted = context.engine()?;
    let engine = Arc::clone(admitted.engine());
    let ConnectOptions { options, hooks } = options;
    let mut options = options.clone();
    // Not part of the target: contexts that differ only in these share their connections.
    let required = std::mem::take(&mut options.require_connection);
    let wait_for_ready = std::mem::replace(&mut options.wait_for_ready, true);
    let endpoints = parse(py, &endpoints, options.tls.is_some())?;
    if endpoints.iter().any(|endpoint| endpoint.tls) {
        // One TLS endpoint is enough: from now on no endpoint without TLS is accepted.
        options.tls.get_or_insert_default();
    }
    let tls = options.tls.is_some();
    let messenger = host.messenger()?;
    options.observer =
        hooks.as_ref().map(|hooks| Observer { hooks: hooks.number(), runs_on: messenger.number() });
    let hooks = hooks.as_ref().map(|hooks| Dispatcher::new(py, hooks).map(Arc::new)).transpose()?;
    let target = Target { endpoints, options };
    let session = Session::open(Arc::clone(&engine), &target, messenger.clone(), hooks.clone());
    let session = Arc::new(session);
    let transport = Arc::clone(&session.transport);
    if log::takes_details(py)? {
        transport.stats.take_details();
    }
    let shared = Arc::new(SharedContext {
        timeout: target.options.timeout,
        wait_for_ready,
        tls,
        target: Mutex::new(target),
        context: Mutex::new(Some(context)),
        session: Mutex::new(Some(session)),
        messenger,
        hooks,
        closed: AtomicBool::new(false),
        closing: CancellationToken::new(),
        watches: Arc::default(),
    });
    if let Some(hooks) = &shared.hooks {
        // Weak, because the hooks may live longer.
        let weak = Arc::downgrade(&shared);
        let find = move || weak.upgrade().and_then(|shared| shared.open_transport());
        hooks.attach(py, StatsSource::new(find))?;
    }
    if transport.is_connected() {
        return bridge::finished(py, &host, Connecting(shared).to_python(py)?);
    }
    let connecting = async move {
        match transport.connect().await {
            Err(Error::Connection(why)) if !required => {
                transport.stats.report(format!("opened without a connection: {why}"));
                Ok(Connecting(shared))
            }
            outcome => outcome.map(|()| Connecting(shared)),
        }
    };
    bridge::spawn(py, &host, &engine, errors::lost_read, || connecting)
}

/// Parses endpoints. If `tls` is set or one of them uses TLS, all of them have to.
pub(crate) fn parse(py: Python<'_>, endpoints: &[String], tls: bool) -> PyResult<Vec<Endpoint>> {
    if endpoints.is_empty() {
        let expected = "at least one endpoint";
        return Err(args::wrong_value(py, "endpoints", expected, "an empty list"));
    }
    let tls = tls || endpoints.iter().any(|text| Endpoint::names_tls(text));
    endpoints.iter().map(|text| parse_one(py, text, tls)).collect()
}

fn parse_one(py: Python<'_>, text: &str, tls: bool) -> PyResult<Endpoint> {
    let endpoint =
        Endpoint::parse(text, tls).map_err(|error| errors::invalid_endpoint(py, &error))?;
    if tls && !endpoint.tls {
        let message = format!("endpoint {text:?}: expected https, because TLS is asked for");
        return Err(errors::invalid_endpoint(py, &message));
    }
    Ok(endpoint)
}

struct Connecting(Arc<SharedContext>);

impl ToPython for Connecting {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let communicator = Communicator {
            host: Host::current(py)?,
            shared: ForkGuarded::new(self.0),
            namespace: Arc::from([]),
            view: None,
        };
        Ok(Py::new(py, Connected::new(communicator))?.into_any())
    }
}

#[documented]
#[pymethods]
impl Communicator {
    #[new]
    fn new(py: Python<'_>, connected: &Connected) -> PyResult<Self> {
        let made = connected.0.with(Option::take);
        made.ok_or_else(|| errors::closed(py))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.host.visit(&visit)
    }

    fn namespace<'py>(
        this: &Bound<'py, Self>,
        prefix: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = this.py();
        let communicator = this.get();
        let prefix = args::bytes(prefix, "prefix")?;
        let view = Self {
            host: communicator.host.clone_ref(py),
            shared: ForkGuarded::new(Arc::clone(communicator.shared(py)?)),
            namespace: [&communicator.namespace, prefix.as_slice()].concat().into(),
            view: Some(AtomicBool::new(false)),
        };
        // Instantiates the subclass that the Python package defines.
        call(&this.get_type(), (Connected::new(view),), None)
    }

    #[getter]
    fn _dispatcher(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        let shared = self.shared.get()?;
        shared.hooks.as_ref().map(|hooks| hooks.object(py))
    }

    #[getter]
    fn _prefix(&self) -> &[u8] {
        &self.namespace
    }

    fn stats(&self, py: Python<'_>) -> PyResult<Stats> {
        Ok(Stats::of(&self.shared(py)?.session(py)?.transport))
    }

    #[getter]
    fn closed(&self) -> bool {
        self.shared.get().is_none_or(|shared| self.is_closed(shared))
    }

    fn close(&self) {
        if let Some(view) = &self.view {
            view.store(true, Ordering::Release);
            return;
        }
        let Some(shared) = self.shared.get() else { return };
        if shared.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        shared.closing.cancel();
        shared.watches.close();
        drop(shared.session.with(Option::take));
        drop(shared.context.with(Option::take));
    }
}
