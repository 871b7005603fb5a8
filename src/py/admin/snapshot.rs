//! A member's database as an iterator of its parts.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tokio::sync::watch;
use tokio::time::timeout_at;

use crate::bridge::{
    self, ForkGuarded, LoopBridge, Next, Receiver, Sender, Source, Step, Taken, Waiting,
};
use crate::py::communicator::{self, Communicator};
use crate::py::errors;
use crate::py::support::answers::End;
use crate::py::support::args;
use crate::rpc::admin::maintenance::{self, SnapshotChunk};
use crate::rpc::connection::endpoint::Endpoint;
use crate::rpc::error::Error;
use crate::rpc::transport::{Deadline, Transport};

/// How many bytes may wait for their reader. Beyond it the member is held back.
const BUFFER: usize = 1 << 20;

/// What the last part said beside its bytes.
#[derive(Clone, Default)]
struct Progress {
    remaining_bytes: Option<u64>,
    version: Option<String>,
}

struct Reader {
    chunks: Receiver<SnapshotChunk, End>,
    progress: Mutex<Progress>,
}

impl Source for Reader {
    fn take(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        match self.chunks.take() {
            Taken::Item(chunk) => {
                let version = Some(chunk.version).filter(|version| !version.is_empty());
                let remaining_bytes = Some(chunk.remaining_bytes);
                *self.progress.lock().unwrap_or_else(PoisonError::into_inner) =
                    Progress { remaining_bytes, version };
                Ok(Some(PyBytes::new(py, &chunk.blob).into_any().unbind()))
            }
            Taken::Empty => Ok(None),
            Taken::Ended(end) => Err(end.exception(py)),
        }
    }

    fn notify(&self, waiting: Waiting) {
        waiting.wake_by(&self.chunks);
    }

    fn withdraw(&self, step: Step) {
        step.leaves(&self.chunks);
    }
}

/// A database on its way.
#[pyclass(frozen, weakref, module = "etcd_client", name = "Snapshot")]
pub(crate) struct Snapshot {
    bridge: Py<LoopBridge>,
    reader: ForkGuarded<Arc<Reader>>,
}

impl Snapshot {
    /// Starts the stream. Without a timeout of the caller's, the default deadline of the
    /// connection holds for its beginning and there is none for the rest.
    pub(crate) fn open(
        py: Python<'_>,
        communicator: &Communicator,
        member: Option<Endpoint>,
        timeout: Option<Duration>,
    ) -> PyResult<Self> {
        let session = communicator.session(py)?;
        let (sender, chunks) = bridge::channel(BUFFER, || End::stopped("snapshot"));
        let pump = Pump {
            transport: Arc::clone(&session.transport),
            member,
            begins_by: communicator.deadline(py, timeout)?,
            ends_by: args::deadline(timeout),
            closing: communicator.closing(py)?,
        };
        session.engine.submit(pump.run(sender));
        let reader = ForkGuarded::new(Arc::new(Reader { chunks, progress: Mutex::default() }));
        Ok(Self { bridge: communicator.bridge.clone_ref(py), reader })
    }

    fn reader(&self, py: Python<'_>) -> PyResult<&Arc<Reader>> {
        self.reader.get().ok_or_else(|| errors::forked(py))
    }

    fn progress(&self, py: Python<'_>) -> PyResult<Progress> {
        let progress = self.reader(py)?.progress.lock();
        Ok(progress.unwrap_or_else(PoisonError::into_inner).clone())
    }
}

#[pymethods]
impl Snapshot {
    fn __aiter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __anext__(&self, py: Python<'_>) -> PyResult<Next> {
        let reader = Arc::<Reader>::clone(self.reader(py)?);
        Ok(Next::new(reader, self.bridge.clone_ref(py)))
    }

    /// How much of the database comes after the last part; None before the first one.
    #[getter]
    fn remaining_bytes(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        Ok(self.progress(py)?.remaining_bytes)
    }

    /// The version of etcd whose format the database has; None before the first part, and
    /// before etcd 3.6.
    #[getter]
    fn version(&self, py: Python<'_>) -> PyResult<Option<String>> {
        Ok(self.progress(py)?.version)
    }

    /// Ends the stream, on the server too.
    fn cancel(&self) {
        if let Some(reader) = self.reader.get() {
            reader.chunks.close(End::Finished);
        }
    }
}

/// The engine's side: reads from the member as fast as the reader takes it.
struct Pump {
    transport: Arc<Transport>,
    member: Option<Endpoint>,
    begins_by: Deadline,
    ends_by: Deadline,
    closing: watch::Receiver<bool>,
}

impl Pump {
    async fn run(mut self, sender: Sender<SnapshotChunk, End>) {
        let mut closing = self.closing.clone();
        let end = tokio::select! {
            biased;
            () = communicator::closed(&mut closing) => End::Failed(Error::Closed),
            end = self.pass_on_in_time(&sender) => end,
        };
        sender.end(end);
    }

    async fn pass_on_in_time(&mut self, sender: &Sender<SnapshotChunk, End>) -> End {
        let ends_by = self.ends_by;
        let passing_on = self.pass_on(sender);
        let Some(ends_by) = ends_by else { return passing_on.await };
        timeout_at(ends_by, passing_on).await.unwrap_or_else(|_| {
            End::Failed(Error::Timeout("Snapshot: not complete within the deadline".into()))
        })
    }

    async fn pass_on(&mut self, sender: &Sender<SnapshotChunk, End>) -> End {
        let opening = maintenance::snapshot(&self.transport, self.member.as_ref(), self.begins_by);
        let opened = tokio::select! {
            biased;
            () = sender.closed() => return End::Finished,
            opened = opening => opened,
        };
        let mut snapshot = match opened {
            Ok(snapshot) => snapshot,
            Err(error) => return End::Failed(error),
        };
        loop {
            let received = tokio::select! {
                biased;
                () = sender.closed() => return End::Finished,
                received = snapshot.next() => received,
            };
            match received {
                Ok(Some(chunk)) => {
                    let weight = chunk.blob.len();
                    if !sender.send(chunk, weight).await {
                        return End::Finished;
                    }
                }
                Ok(None) => return End::Finished,
                Err(error) => return End::Failed(error),
            }
        }
    }
}
