//! The lease calls of `Communicator`.

use documented::documented;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::bridge::Call;
use crate::py::communicator::{Communicator, Effect};
use crate::py::kv::options::lease_id;
use crate::py::lease::records::LeaseRevokeResponse;
use crate::py::namespace::Inside;
use crate::py::support::args::{Keywords, integer, wrong_value};
use crate::py::support::to_python::Done;
use crate::rpc::lease::calls;
use crate::rpc::lease::keep_alive::renew_once;

/// Reads a TTL: a whole number of seconds, at least 1.
pub(crate) fn ttl(value: &Bound<'_, PyAny>, name: &str) -> PyResult<i64> {
    let seconds = integer(value, name)?;
    if seconds < 1 {
        let expected = "a number of seconds of at least 1";
        return Err(wrong_value(value.py(), name, expected, &seconds.to_string()));
    }
    Ok(seconds)
}

/// Reads the id of a new lease; 0 asks for a random one, as in etcd's own API.
pub(crate) fn new_lease_id(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<i64>> {
    let id = value.map(|value| integer(value, "id")).transpose()?;
    Ok(id.filter(|&id| id != 0))
}

#[documented]
#[pymethods]
impl Communicator {
    #[pyo3(signature = (ttl, id=None, **options))]
    fn lease_grant(
        &self,
        py: Python<'_>,
        ttl: &Bound<'_, PyAny>,
        id: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let keywords = Keywords::new("Communicator.lease_grant", options);
        let ttl = self::ttl(ttl, "ttl")?;
        let id = new_lease_id(id)?;
        let options = self.last_options(py, keywords)?;
        self.start(py, Effect::Changes, move |transport| async move {
            match id {
                Some(id) => calls::grant_with_id(&transport, id, ttl, options).await,
                None => calls::grant(&transport, calls::new_id(), ttl, options).await,
            }
        })
    }

    #[pyo3(signature = (id, **options))]
    fn lease_revoke(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let keywords = Keywords::new("Communicator.lease_revoke", options);
        let id = lease_id(id, "id")?;
        let options = self.last_options(py, keywords)?;
        self.start(py, Effect::Changes, move |transport| async move {
            calls::revoke(&transport, id, options).await.map(Done::<LeaseRevokeResponse>::new)
        })
    }

    #[pyo3(signature = (id, **options))]
    fn lease_time_to_live(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator.lease_time_to_live", options);
        let id = lease_id(id, "id")?;
        let keys = keywords.flag("keys")?;
        let options = self.last_options(py, keywords)?;
        let inside = Inside::new(&self.namespace);
        self.start(py, Effect::Reads, move |transport| async move {
            let mut response = calls::time_to_live(&transport, id, keys, options).await?;
            inside.keep_own(&mut response.keys);
            Ok(response)
        })
    }

    #[pyo3(signature = (id, **options))]
    fn lease_keep_alive(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator.lease_keep_alive", options);
        let id = lease_id(id, "id")?;
        let deadline = self.deadline(py, keywords.seconds("timeout")?)?;
        keywords.finish()?;
        self.start(py, Effect::Reads, move |transport| async move {
            renew_once(&transport, id, deadline).await
        })
    }

    #[pyo3(signature = (**options))]
    fn leases(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let keywords = Keywords::new("Communicator.leases", options);
        let options = self.last_options(py, keywords)?;
        self.start(py, Effect::Reads, move |transport| async move {
            calls::list(&transport, options).await
        })
    }
}
