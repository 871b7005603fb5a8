//! Downloads a member's database, as an iterator over its parts.

use std::sync::Arc;
use std::time::Duration;

use documented::documented;
use pyo3::prelude::*;
use tokio::time::timeout_at;

use crate::bridge::{
    ForkGuarded, Mutex, Receiver, StepResult, StreamReader, WaitingSteps, bytes_object,
};
use crate::py::communicator::Communicator;
use crate::py::errors;
use crate::py::support::args;
use crate::py::support::stream::end::End;
use crate::py::support::stream::feed::StreamSource;
use crate::py::support::stream::iterator::{Stream, read};
use crate::rpc::admin::maintenance::{self, SnapshotChunk};
use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::error::Error;
use crate::rpc::transport::{Deadline, Transport};

/// What the last part says in addition to its bytes.
#[derive(Clone, Default)]
struct LastPart {
    remaining_bytes: Option<u64>,
    version: Option<String>,
}

struct PartReader {
    chunks: Receiver<SnapshotChunk, End>,
    last: Mutex<LastPart>,
}

impl StreamReader for PartReader {
    fn take(&self, py: Python<'_>) -> PyResult<Option<StepResult>> {
        read(py, &self.chunks, |chunk| {
            let part = bytes_object(py, &chunk.blob)?;
            let version = Some(&chunk.version).filter(|version| !version.is_empty()).cloned();
            let remaining_bytes = Some(chunk.remaining_bytes);
            drop(
                self.last
                    .with(|last| std::mem::replace(last, LastPart { remaining_bytes, version })),
            );
            Ok(part.into_any().unbind())
        })
    }

    fn waiting_steps(&self) -> &dyn WaitingSteps {
        &self.chunks
    }

    fn cancel(&self) {
        self.chunks.close(End::Finished);
    }
}

#[documented]
#[pyclass(frozen, extends = Stream, module = "etcd_client", name = "Snapshot")]
pub(crate) struct Snapshot {
    reader: ForkGuarded<Arc<PartReader>>,
}

impl Snapshot {
    /// Starts the stream. A timeout of the caller is for the whole download; without one, the
    /// default timeout is for the first part only.
    pub(crate) fn open(
        py: Python<'_>,
        communicator: &Communicator,
        member: Option<Endpoint>,
        timeout: Option<Duration>,
    ) -> PyResult<Py<Self>> {
        let session = communicator.session(py)?;
        let subject = member.as_ref().map_or("any member", |member| &*member.name).to_owned();
        let source = SnapshotSource {
            transport: Arc::clone(&session.transport),
            member,
            begins_by: communicator.deadline(py, timeout)?,
            ends_by: args::deadline(timeout),
            snapshot: None,
        };
        let reader = |chunks| PartReader { chunks, last: Mutex::default() };
        let (stream, reader) = communicator.open_stream(py, &session, source, reader, subject)?;
        let snapshot = Self { reader: ForkGuarded::new(reader) };
        Py::new(py, PyClassInitializer::from(stream).add_subclass(snapshot))
    }

    fn last_part(&self, py: Python<'_>) -> PyResult<LastPart> {
        let reader = self.reader.get().ok_or_else(|| errors::forked(py))?;
        Ok(reader.last.with(|last| last.clone()))
    }
}

#[documented]
#[pymethods]
impl Snapshot {
    #[getter]
    fn remaining_bytes(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        Ok(self.last_part(py)?.remaining_bytes)
    }

    #[getter]
    fn version(&self, py: Python<'_>) -> PyResult<Option<String>> {
        Ok(self.last_part(py)?.version)
    }
}

struct SnapshotSource {
    transport: Arc<Transport>,
    member: Option<Endpoint>,
    begins_by: Deadline,
    ends_by: Deadline,
    /// `None` until the stream is open.
    snapshot: Option<maintenance::Snapshot>,
}

impl SnapshotSource {
    async fn next_chunk(&mut self) -> Result<Option<SnapshotChunk>, Error> {
        let snapshot = if let Some(snapshot) = &mut self.snapshot {
            snapshot
        } else {
            let member = self.member.as_ref();
            let opening = maintenance::snapshot(&self.transport, member, self.begins_by);
            self.snapshot.insert(opening.await?)
        };
        snapshot.next().await
    }
}

impl StreamSource for SnapshotSource {
    type Item = SnapshotChunk;
    const NAME: &'static str = "snapshot";
    /// In bytes.
    const LIMIT: usize = 1 << 20;

    async fn next(&mut self) -> Result<Option<(SnapshotChunk, usize)>, Error> {
        let ends_by = self.ends_by;
        let next = self.next_chunk();
        let chunk = match ends_by {
            None => next.await?,
            Some(ends_by) => timeout_at(ends_by, next).await.unwrap_or_else(|_| {
                let message = "Snapshot: not complete within the deadline";
                Err(Error::Timeout(message.into()))
            })?,
        };
        Ok(chunk.map(|chunk| {
            let weight = chunk.blob.len();
            (chunk, weight)
        }))
    }
}
