//! Calls of the server's lock service.

use documented::documented;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::bridge::Call;
use crate::py::communicator::{Communicator, Effect};
use crate::py::support::args::Keywords;
use crate::py::support::record::record;
use crate::py::support::to_python::{Done, ResponseHeader, done_record};
use crate::rpc::coordination::lock;

record! {
    LockResponse { header: Py<ResponseHeader>, key: Py<PyBytes> }
}

done_record! { UnlockResponse }

#[documented]
#[pymethods]
impl Communicator {
    #[pyo3(signature = (key, **options))]
    fn _unlock(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let mut keywords = Keywords::new("Communicator.unlock", options);
        let key = self.key(key, "key")?;
        let deadline = self.deadline(py, keywords.seconds("timeout")?)?;
        keywords.finish()?;
        self.start(py, Effect::Changes, move |transport| async move {
            lock::unlock(&transport, key, deadline).await.map(Done::<UnlockResponse>::new)
        })
    }
}
