//! The calls of the election service.

use std::sync::Arc;

use documented::documented;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::bridge::Call;
use crate::py::communicator::{Communicator, Effect};
use crate::py::kv::records::{KeyValue, key_value};
use crate::py::namespace::Inside;
use crate::py::support::args::{self, Keywords};
use crate::py::support::record::record;
use crate::py::support::stream::feed::StreamSource;
use crate::py::support::stream::iterator::{ItemReader, Stream};
use crate::py::support::to_python::{Done, ResponseHeader, ToPython, done_record, header, object};
use crate::rpc::coordination::election;
use crate::rpc::error::Error;
use crate::rpc::wire::messages as wire;

record! {
    LeaderKey { name: Py<PyBytes>, key: Py<PyBytes>, rev: i64, lease: i64 }
}

record! {
    CampaignResponse { header: Py<ResponseHeader>, leader: Py<LeaderKey> }
}

done_record! { ProclaimResponse }

record! {
    LeaderResponse { header: Py<ResponseHeader>, kv: Py<KeyValue> }
}

done_record! { ResignResponse }

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

impl ToPython for wire::LeaderResponse {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let kv = key_value(py, &self.kv.unwrap_or_default())?;
        object(py, LeaderResponse { header: header(py, self.header)?, kv })
    }
}

#[documented]
#[pyclass(frozen, extends = Stream, module = "etcd_client", name = "Observer")]
pub(crate) struct Observer {}

/// The leaders, with keys relative to the communicator's namespace.
struct Leaders {
    observer: election::Observer,
    inside: Inside,
}

impl StreamSource for Leaders {
    type Item = wire::LeaderResponse;
    const NAME: &'static str = "observer";
    /// In bytes.
    const LIMIT: usize = 1 << 20;

    async fn next(&mut self) -> Result<Option<(wire::LeaderResponse, usize)>, Error> {
        let mut leader = self.observer.next().await?;
        self.inside.strip_all(&mut leader.kv);
        let weight = leader.kv.as_ref().map_or(0, |kv| kv.key.len() + kv.value.len());
        Ok(Some((leader, weight)))
    }
}

#[documented]
#[pymethods]
impl Communicator {
    #[pyo3(signature = (leader, value, **options))]
    fn proclaim(
        &self,
        py: Python<'_>,
        leader: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let keywords = Keywords::new("Communicator.proclaim", options);
        let leader = args::instance::<LeaderKey>(leader, "leader", "LeaderKey")?;
        let value = args::bytes(value, "value")?;
        let options = self.last_options(py, keywords)?;
        let leader = leader.get().to_wire(py, &Inside::new(&self.namespace));
        self.start(py, Effect::Changes, move |transport| async move {
            election::proclaim(&transport, leader, value, options)
                .await
                .map(Done::<ProclaimResponse>::new)
        })
    }

    #[pyo3(signature = (name, **options))]
    fn leader(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let keywords = Keywords::new("Communicator.leader", options);
        let name = self.key(name, "name")?;
        let options = self.last_options(py, keywords)?;
        let inside = Inside::new(&self.namespace);
        self.start(py, Effect::Reads, move |transport| async move {
            let mut response = election::leader(&transport, name, options).await?;
            inside.strip_all(&mut response.kv);
            Ok(response)
        })
    }

    fn observe(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<Py<Observer>> {
        let subject = PyBytes::new(py, &args::bytes(name, "name")?).repr()?.to_string();
        let name = self.key(name, "name")?;
        let session = self.session(py)?;
        let observer = election::Observer::new(Arc::clone(&session.transport), name);
        let leaders = Leaders { observer, inside: Inside::new(&self.namespace) };
        let (stream, _) = self.open_stream(py, &session, leaders, ItemReader, subject)?;
        Py::new(py, PyClassInitializer::from(stream).add_subclass(Observer {}))
    }

    #[pyo3(signature = (leader, **options))]
    fn resign(
        &self,
        py: Python<'_>,
        leader: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let keywords = Keywords::new("Communicator.resign", options);
        let leader = args::instance::<LeaderKey>(leader, "leader", "LeaderKey")?;
        let options = self.last_options(py, keywords)?;
        let leader = leader.get().to_wire(py, &Inside::new(&self.namespace));
        self.start(py, Effect::Changes, move |transport| async move {
            election::resign(&transport, leader, options).await.map(Done::<ResignResponse>::new)
        })
    }
}
