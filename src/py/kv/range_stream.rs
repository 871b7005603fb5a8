//! The rest of a scan, as the server streams it.

use std::sync::Arc;

use documented::documented;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::py::communicator::Communicator;
use crate::py::kv::options::between;
use crate::py::kv::range::KeyValues;
use crate::py::support::args::{self, Keywords};
use crate::py::support::stream::feed::StreamSource;
use crate::py::support::stream::iterator::{ItemReader, Stream};
use crate::rpc::error::Error;
use crate::rpc::kv::{RangeOptions, range_request};
use crate::rpc::range_stream::{RangeStream, Support};

struct Parts(RangeStream);

impl StreamSource for Parts {
    type Item = KeyValues;
    const NAME: &'static str = "scan";
    /// In bytes.
    const LIMIT: usize = 1 << 20;

    async fn next(&mut self) -> Result<Option<(KeyValues, usize)>, Error> {
        let part = self.0.next().await?;
        Ok(part.map(|part| {
            let weight = part.size();
            (KeyValues(part), weight)
        }))
    }
}

#[documented]
#[pymethods]
impl Communicator {
    #[pyo3(signature = (key, range_end, revision, **options))]
    fn _range_stream(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        range_end: &Bound<'_, PyAny>,
        revision: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Option<Stream>> {
        let mut keywords = Keywords::new("Communicator._range_stream", options);
        let key = args::bytes(key, "key")?;
        let subject = PyBytes::new(py, &key).repr()?.to_string();
        let keys = between(py, key, args::bytes(range_end, "range_end")?)?;
        let read = RangeOptions {
            revision: args::positive(revision, "revision")?,
            keys_only: keywords.flag("keys_only")?,
            serializable: keywords.flag("serializable")?,
            ..RangeOptions::default()
        };
        let timeout = self.timeout(py, keywords.seconds("timeout")?)?;
        let wait_for_ready = self.last_options(py, keywords)?.wait_for_ready;
        let session = self.session(py)?;
        let transport = Arc::clone(&session.transport);
        if !transport.service::<Support>().is_likely(&transport) {
            return Ok(None);
        }
        let request = range_request(self.keys(keys), &read);
        let namespace = self.namespace.len();
        let parts = RangeStream::new(transport, request, namespace, timeout, wait_for_ready);
        let (stream, _) = self.open_stream(py, &session, Parts(parts), ItemReader, subject)?;
        Ok(Some(stream))
    }
}
