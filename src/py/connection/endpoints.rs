//! The endpoints of a communicator: set at run time, taken from the member list, or looked up in
//! DNS.

use documented::documented;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use crate::bridge::{self, Call, Host};
use crate::py::communicator::{self, Communicator, Effect};
use crate::py::connection::options::ConnectOptions;
use crate::py::errors;
use crate::py::support::args::{self, Timeout, read_strings};
use crate::py::support::to_python::ToPython;
use crate::rpc::admin::cluster;
use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::discovery::{Discovered, Discovery};

impl ToPython for Vec<Endpoint> {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let names = self.into_iter().map(|endpoint| endpoint.name);
        Ok(PyList::new(py, names.collect::<Vec<_>>())?.into_any().unbind())
    }
}

#[documented]
#[pymethods]
impl Communicator {
    #[getter]
    fn endpoints(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let endpoints = self.transport(py)?.pool.endpoints();
        Ok(endpoints.into_iter().map(|endpoint| endpoint.name).collect())
    }

    fn set_endpoints(&self, py: Python<'_>, endpoints: &Bound<'_, PyAny>) -> PyResult<()> {
        let endpoints = split(read_strings(endpoints, "endpoints")?);
        self.retarget(py, &endpoints)
    }

    #[pyo3(signature = (*, timeout=None, wait_for_ready=None))]
    fn sync_endpoints(
        &self,
        py: Python<'_>,
        timeout: Timeout<'_, '_>,
        wait_for_ready: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Call> {
        let options = self.read_options(py, timeout, wait_for_ready)?;
        self.start(py, Effect::Reads, move |transport| async move {
            cluster::sync_endpoints(&transport, options).await
        })
    }
}

#[documented]
#[pyfunction]
pub(crate) fn read_endpoints(
    py: Python<'_>,
    endpoints: &Bound<'_, PyAny>,
    connect_options: &ConnectOptions,
) -> PyResult<Vec<String>> {
    let read = match endpoints.cast::<PyString>() {
        Ok(one) => vec![args::text(one, "endpoints")?],
        Err(_) => read_strings(endpoints, "endpoints")?,
    };
    let read = split(read);
    let endpoints = communicator::parse(py, &read, connect_options.options.tls.is_some())?;
    Ok(endpoints.into_iter().map(|endpoint| endpoint.name).collect())
}

/// Splits comma-separated lists, as etcd's own tools do.
fn split(endpoints: Vec<String>) -> Vec<String> {
    let mut all = Vec::with_capacity(endpoints.len());
    for text in endpoints {
        if text.trim_start().starts_with("unix") {
            // A path may contain a comma.
            all.push(text);
        } else {
            all.extend(text.split(',').map(|one| one.trim().to_owned()));
        }
    }
    all
}

impl ToPython for Discovered {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let found = (self.endpoints, ConnectOptions { options: self.options, hooks: None });
        Ok(found.into_pyobject(py)?.into_any().unbind())
    }
}

fn read_discovery(
    py: Python<'_>,
    domain: &Bound<'_, PyAny>,
    service_name: Option<&Bound<'_, PyAny>>,
    nameserver: Option<&Bound<'_, PyAny>>,
) -> PyResult<Discovery> {
    let domain = args::text(domain, "domain")?;
    let service = service_name.map(|name| args::text(name, "service_name")).transpose()?;
    let server = nameserver.map(|server| args::text(server, "nameserver")).transpose()?;
    Discovery::new(&domain, service.as_deref(), server.as_deref())
        .map_err(|error| errors::invalid_argument(py, &error))
}

#[documented]
#[pyfunction]
#[pyo3(signature = (domain, service_name=None, nameserver=None))]
pub(crate) fn check_discovery(
    py: Python<'_>,
    domain: &Bound<'_, PyAny>,
    service_name: Option<&Bound<'_, PyAny>>,
    nameserver: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    read_discovery(py, domain, service_name, nameserver).map(drop)
}

#[documented]
#[pyfunction]
#[pyo3(signature = (options, domain, service_name=None, nameserver=None))]
pub(crate) fn discover(
    py: Python<'_>,
    options: &ConnectOptions,
    domain: &Bound<'_, PyAny>,
    service_name: Option<&Bound<'_, PyAny>>,
    nameserver: Option<&Bound<'_, PyAny>>,
) -> PyResult<Call> {
    let discovery = read_discovery(py, domain, service_name, nameserver)?;
    let host = Host::current(py)?;
    let context = bridge::enter();
    let admitted = context.engine()?;
    let options = options.options.clone();
    let resolving = async move {
        // Keeps the engine running.
        let _context = context;
        discovery.resolve(options).await
    };
    bridge::spawn(py, &host, admitted.engine(), errors::lost_read, || resolving)
}
