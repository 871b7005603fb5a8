//! Calls of the server's election service.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use tokio::sync::watch;

use crate::bridge::{self, Call, ForkGuarded, LoopBridge, Next, Sender};
use crate::py::communicator::{self, Communicator, Effect};
use crate::py::errors;
use crate::py::kv::options::lease_id;
use crate::py::namespace::Inside;
use crate::py::support::answers::{Answers, End};
use crate::py::support::args::{self, Keywords};
use crate::py::support::record::record;
use crate::py::support::responses::{KeyValue, ResponseHeader, ToPython, header, key_value};
use crate::rpc::coordination::election;
use crate::rpc::error::Error;
use crate::rpc::wire::messages as wire;

/// How many bytes of values may wait for their reader.
const BUFFER: usize = 1 << 20;

record! {
    /// The lead in an election, which lasts for as long as `key` exists with `rev` as its create
    /// revision.
    LeaderKey { name: Py<PyBytes>, key: Py<PyBytes>, rev: i64, lease: i64 }
}

record! {
    /// An election that was won.
    CampaignResponse { header: Py<ResponseHeader>, leader: Py<LeaderKey> }
}

record! {
    /// The outcome of a proclamation.
    ProclaimResponse { header: Py<ResponseHeader> }
}

record! {
    /// The leader of an election: its key, and the value that it has proclaimed.
    LeaderResponse { header: Py<ResponseHeader>, kv: Py<KeyValue> }
}

record! {
    /// The outcome of giving the lead back.
    ResignResponse { header: Py<ResponseHeader> }
}

impl LeaderKey {
    fn to_wire(&self, py: Python<'_>, inside: &Inside) -> wire::LeaderKey {
        wire::LeaderKey {
            name: inside.enter_key(self.name.as_bytes(py).to_vec()),
            key: inside.enter_key(self.key.as_bytes(py).to_vec()),
            rev: self.rev,
            lease: self.lease,
        }
    }
}

struct Elected(wire::CampaignResponse, Inside);

impl ToPython for Elected {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let Self(response, inside) = self;
        let leader = response.leader.unwrap_or_default();
        let own = |key: Vec<u8>| {
            let mut key = key.into();
            inside.strip_key(&mut key);
            PyBytes::new(py, &key).unbind()
        };
        let leader = LeaderKey {
            name: own(leader.name),
            key: own(leader.key),
            rev: leader.rev,
            lease: leader.lease,
        };
        let header = header(py, response.header)?;
        Ok(Py::new(py, CampaignResponse { header, leader: Py::new(py, leader)? })?.into_any())
    }
}

impl ToPython for wire::LeaderResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let kv = key_value(py, &self.kv.unwrap_or_default())?;
        Ok(Py::new(py, LeaderResponse { header: header(py, self.header)?, kv })?.into_any())
    }
}

struct Proclaimed(wire::HeaderOnly);

impl ToPython for Proclaimed {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(Py::new(py, ProclaimResponse { header: header(py, self.0.header)? })?.into_any())
    }
}

struct Resigned(wire::HeaderOnly);

impl ToPython for Resigned {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(Py::new(py, ResignResponse { header: header(py, self.0.header)? })?.into_any())
    }
}

/// Iterates over the leaders of an election.
#[pyclass(frozen, weakref, module = "etcd_client", name = "Observer")]
pub(crate) struct Observer {
    bridge: Py<LoopBridge>,
    leaders: ForkGuarded<Arc<Leaders>>,
}

type Leaders = Answers<wire::LeaderResponse>;

impl Observer {
    fn leaders(&self, py: Python<'_>) -> PyResult<&Arc<Leaders>> {
        self.leaders.get().ok_or_else(|| errors::forked(py))
    }
}

#[pymethods]
impl Observer {
    fn __aiter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __anext__(&self, py: Python<'_>) -> PyResult<Next> {
        let leaders: Arc<Leaders> = Arc::clone(self.leaders(py)?);
        Ok(Next::new(leaders, self.bridge.clone_ref(py)))
    }

    /// Ends the iteration, on the server too; what was not read is dropped.
    fn cancel(&self) {
        // In a forked child there is nothing to end: the stream is the parent's.
        if let Some(leaders) = self.leaders.get() {
            leaders.0.close(End::Finished);
        }
    }
}

/// Reads leaders from the server as fast as the reader takes them.
async fn observe(
    mut observer: election::Observer,
    sender: Sender<wire::LeaderResponse, End>,
    mut closing: watch::Receiver<bool>,
    inside: Inside,
) {
    let end = loop {
        let leader = tokio::select! {
            biased;
            () = sender.closed() => break End::Finished,
            () = communicator::closed(&mut closing) => break End::Failed(Error::Closed),
            leader = observer.next() => leader,
        };
        let mut leader = match leader {
            Ok(leader) => leader,
            Err(error) => break End::Failed(error),
        };
        inside.strip_all(&mut leader.kv);
        let weight = leader.kv.as_ref().map_or(0, |kv| kv.key.len() + kv.value.len());
        if !sender.send(leader, weight).await {
            break End::Finished;
        }
    };
    sender.end(end);
}

#[pymethods]
impl Communicator {
    #[pyo3(signature = (name, value, lease, **options))]
    fn campaign(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        lease: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("campaign", options);
        let request = wire::CampaignRequest {
            name: self.key(name, "name")?,
            lease: lease_id(lease, "lease")?,
            value: args::bytes(value, "value")?,
        };
        // Winning may take any time; the default deadline is for calls that the server answers.
        let deadline = args::deadline(keywords.seconds("timeout")?);
        keywords.finish()?;
        let inside = Inside::new(&self.namespace);
        self.start(py, Effect::Changes, move |transport| async move {
            let response = election::campaign(&transport, &request, deadline).await?;
            Ok(Elected(response, inside))
        })
    }

    #[pyo3(signature = (leader, value, **options))]
    fn proclaim(
        &self,
        py: Python<'_>,
        leader: &LeaderKey,
        value: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("proclaim", options);
        let value = args::bytes(value, "value")?;
        let deadline = self.deadline(py, keywords.seconds("timeout")?)?;
        keywords.finish()?;
        let leader = leader.to_wire(py, &Inside::new(&self.namespace));
        self.start(py, Effect::Changes, move |transport| async move {
            election::proclaim(&transport, leader, value, deadline).await.map(Proclaimed)
        })
    }

    #[pyo3(signature = (name, **options))]
    fn leader(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("leader", options);
        let name = self.key(name, "name")?;
        let deadline = self.deadline(py, keywords.seconds("timeout")?)?;
        keywords.finish()?;
        let inside = Inside::new(&self.namespace);
        self.start(py, Effect::Reads, move |transport| async move {
            let mut response = election::leader(&transport, name, deadline).await?;
            inside.strip_all(&mut response.kv);
            Ok(response)
        })
    }

    fn observe(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<Observer> {
        let name = self.key(name, "name")?;
        let session = self.session(py)?;
        let (sender, leaders) = bridge::channel(BUFFER, || End::stopped("observer"));
        let observer = election::Observer::new(Arc::clone(&session.transport), name);
        let inside = Inside::new(&self.namespace);
        session.engine.submit(observe(observer, sender, self.closing(py)?, inside));
        let leaders = ForkGuarded::new(Arc::new(Answers(leaders)));
        Ok(Observer { bridge: self.bridge.clone_ref(py), leaders })
    }

    #[pyo3(signature = (leader, **options))]
    fn resign(
        &self,
        py: Python<'_>,
        leader: &LeaderKey,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("resign", options);
        let deadline = self.deadline(py, keywords.seconds("timeout")?)?;
        keywords.finish()?;
        let leader = leader.to_wire(py, &Inside::new(&self.namespace));
        self.start(py, Effect::Changes, move |transport| async move {
            election::resign(&transport, leader, deadline).await.map(Resigned)
        })
    }
}
