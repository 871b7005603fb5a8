//! What the administrative services have in common.

pub mod auth;
pub mod cluster;
pub mod maintenance;
pub mod snapshot;

use prost::Message;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::bridge::Call;
use crate::py::communicator::{Communicator, Effect};
use crate::py::support::args;
use crate::py::support::responses::ToPython;
use crate::rpc::transport::{Deadline, Request};

/// The argument `timeout` of a call.
pub(crate) type Timeout<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

impl Communicator {
    /// Sends a request; `shape` makes of the answer what has a Python counterpart.
    pub(crate) fn send<M: Message + Default + 'static, T: ToPython>(
        &self,
        py: Python<'_>,
        effect: Effect,
        request: Request,
        timeout: Timeout<'_, '_>,
        shape: fn(M) -> T,
    ) -> PyResult<Call> {
        let deadline = self.read_deadline(py, timeout)?;
        self.start(py, effect, move |transport| async move {
            transport.call(request, deadline).await.map(shape)
        })
    }

    /// The deadline of a call that falls back on the default of the connection.
    pub(crate) fn read_deadline(
        &self,
        py: Python<'_>,
        timeout: Timeout<'_, '_>,
    ) -> PyResult<Deadline> {
        let timeout = timeout.map(|timeout| args::seconds(timeout, "timeout")).transpose()?;
        self.deadline(py, timeout)
    }
}

/// A member of one of the package's enums. A number that it does not know, from a newer server,
/// stays a number.
pub(crate) fn enum_member(py: Python<'_>, class: &str, value: i32) -> PyResult<Py<PyAny>> {
    let class = py.import("etcd_client.enums")?.getattr(class)?;
    match class.call1((value,)) {
        Ok(member) => Ok(member.unbind()),
        Err(_) => Ok(value.into_pyobject(py)?.into_any().unbind()),
    }
}

pub(crate) fn strings(py: Python<'_>, strings: &[String]) -> PyResult<Py<PyTuple>> {
    Ok(PyTuple::new(py, strings)?.unbind())
}

/// A list of text, where one text is easily taken for a list of its characters.
pub(crate) fn read_strings(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<String>> {
    const EXPECTED: &str = "a list of str";
    if value.is_instance_of::<PyString>() {
        return Err(args::wrong_type(name, EXPECTED, value));
    }
    let items = value.try_iter().map_err(|_| args::wrong_type(name, EXPECTED, value))?;
    items.map(|item| args::text(&item?, name)).collect()
}
