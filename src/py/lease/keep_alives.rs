//! Keeping a lease alive that was granted elsewhere: the iterator over its renewals.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use tokio::sync::watch;

use crate::bridge::{self, Call, Engine, ForkGuarded, LoopBridge, Next, Sender};
use crate::py::communicator::{self, Communicator};
use crate::py::errors;
use crate::py::kv::options::lease_id;
use crate::py::support::answers::{Answers, End, Nothing};
use crate::py::support::args::Keywords;
use crate::rpc::error::Error;
use crate::rpc::lease::keep_alive::KeptLease;
use crate::rpc::transport::{Deadline, Transport};
use crate::rpc::wire::messages::LeaseKeepAliveResponse;

/// How many answers may wait for their reader. Beyond it the oldest are dropped: renewing waits
/// for nobody.
const BUFFER: usize = 16;

/// A lease that is being kept alive.
#[pyclass(frozen, weakref, module = "etcd_client", name = "LeaseKeepAlives")]
pub(crate) struct LeaseKeepAlives {
    bridge: Py<LoopBridge>,
    native: ForkGuarded<Native>,
}

/// What the engine works on too.
struct Native {
    renewals: Arc<Renewals>,
    beginning: watch::Receiver<Beginning>,
    engine: Arc<Engine>,
}

type Renewals = Answers<LeaseKeepAliveResponse>;

/// What became of the first renewal.
#[derive(Clone)]
enum Beginning {
    UnderWay,
    Renewed,
    Ended(End),
}

impl LeaseKeepAlives {
    fn native(&self, py: Python<'_>) -> PyResult<&Native> {
        self.native.get().ok_or_else(|| errors::forked(py))
    }
}

#[pymethods]
impl LeaseKeepAlives {
    fn __aiter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __anext__(&self, py: Python<'_>) -> PyResult<Next> {
        let renewals: Arc<Renewals> = Arc::clone(&self.native(py)?.renewals);
        Ok(Next::new(renewals, self.bridge.clone_ref(py)))
    }

    /// Waits for the first renewal; fails where that fails.
    fn __aenter__(this: Py<Self>, py: Python<'_>) -> PyResult<Call> {
        let Self { bridge, .. } = this.get();
        let native = this.get().native(py)?;
        let begun = begun(native.beginning.clone());
        let call = bridge::spawn(py, bridge, &native.engine, errors::lost_read, begun)?;
        Ok(call.returning(this.into_any()))
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) -> Next {
        self.cancel();
        Next::new(Arc::new(Nothing), self.bridge.clone_ref(py))
    }

    /// Ends the renewing and leaves the lease as it is; what was not read is dropped.
    fn cancel(&self) {
        // In a forked child there is nothing to end: the engine is the parent's.
        if let Some(native) = self.native.get() {
            native.renewals.0.close(End::Finished);
        }
    }
}

/// Waits until the lease was renewed for the first time, or will not be.
async fn begun(mut beginning: watch::Receiver<Beginning>) -> Result<(), Error> {
    // The last word stands, also where the task is gone.
    let _ = beginning.wait_for(|now| !matches!(now, Beginning::UnderWay)).await;
    let now = beginning.borrow().clone();
    match now {
        Beginning::Ended(End::Failed(error)) => Err(error),
        Beginning::UnderWay | Beginning::Renewed | Beginning::Ended(End::Finished) => Ok(()),
    }
}

/// Renews on the engine, whether or not the program reads.
struct Pump {
    transport: Arc<Transport>,
    id: i64,
    sender: Sender<LeaseKeepAliveResponse, End>,
    beginning: watch::Sender<Beginning>,
}

impl Pump {
    async fn run(self, deadline: Deadline, mut closing: watch::Receiver<bool>) {
        let end = tokio::select! {
            biased;
            () = self.sender.closed() => End::Finished,
            () = communicator::closed(&mut closing) => End::Failed(Error::Closed),
            error = self.renew(deadline) => End::Failed(error),
        };
        self.beginning.send_modify(|now| {
            if matches!(now, Beginning::UnderWay) {
                *now = Beginning::Ended(end.clone());
            }
        });
        self.sender.end(end);
    }

    /// Renews until that is of no use any more; says why.
    async fn renew(&self, deadline: Deadline) -> Error {
        let begun = KeptLease::taken_over(&self.transport, self.id, deadline).await;
        let (mut kept, first) = match begun {
            Ok(begun) => begun,
            Err(error) => return error,
        };
        self.sender.send_newest(first, 1);
        self.beginning.send_replace(Beginning::Renewed);
        loop {
            match kept.renewed().await {
                Ok(renewal) => self.sender.send_newest(renewal, 1),
                Err(why) => {
                    let message = format!("lease {:x} was lost: {why}", self.id);
                    self.transport.stats.report(message.clone());
                    return Error::LeaseLost(format!("the {message}"));
                }
            }
        }
    }
}

#[pymethods]
impl Communicator {
    /// Keeps a lease alive until that is cancelled.
    #[pyo3(signature = (id, **options))]
    fn lease_keep_alive_stream(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<LeaseKeepAlives> {
        let mut keywords = Keywords::new("lease_keep_alive_stream", options);
        let id = lease_id(id, "id")?;
        let deadline = self.deadline(py, keywords.seconds("timeout")?)?;
        keywords.finish()?;
        let session = self.session(py)?;
        let (sender, renewals) = bridge::channel(BUFFER, || End::stopped("keep-alive"));
        let (told, beginning) = watch::channel(Beginning::UnderWay);
        let pump = Pump { transport: Arc::clone(&session.transport), id, sender, beginning: told };
        let engine = Arc::clone(&session.engine);
        engine.submit(pump.run(deadline, self.closing(py)?));
        let renewals = Arc::new(Answers(renewals));
        let native = ForkGuarded::new(Native { renewals, beginning, engine });
        Ok(LeaseKeepAlives { bridge: self.bridge.clone_ref(py), native })
    }
}
