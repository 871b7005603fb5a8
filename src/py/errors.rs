//! Converts errors into the exceptions of `etcd_client.errors`.

use std::io;
use std::path::Path;

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::bridge::{call, import};
use crate::rpc::error::server_error;
use crate::rpc::error::{Error, GrpcStatus};

const MODULE: &str = "etcd_client.errors._makers";

/// Calls a class or function of `MODULE`.
fn make<'py, A>(py: Python<'py>, factory: &str, arguments: A) -> PyErr
where
    A: IntoPyObject<'py, Target = PyTuple>,
{
    let made = import(py, MODULE)
        .and_then(|module| module.getattr(factory))
        .and_then(|factory| call(&factory, arguments, None));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

pub(crate) fn exception(py: Python<'_>, error: Error) -> PyErr {
    match error {
        Error::Server(status) => from_status(py, status),
        Error::Connection(message) => make(py, "EtcdConnectionError", (message,)),
        Error::Timeout(message) => make(py, "EtcdTimeoutError", (message,)),
        Error::Unreachable(message) => make(py, "UnreachableError", (message,)),
        Error::OutcomeUnknown(cause) => {
            let cause = exception(py, *cause).into_value(py);
            make(py, "outcome_unknown", (cause,))
        }
        Error::OtherCluster(other) => {
            let ids = (other.cluster_id, other.expected_cluster_id);
            make(py, "cluster_mismatch", (other.message, other.endpoint, ids.0, ids.1))
        }
        Error::Lost(message) => make(py, "LockLostError", (message,)),
        Error::LeaseLost(message) => make(py, "LeaseLostError", (message,)),
        Error::LockTimeout(message) => make(py, "LockTimeoutError", (message,)),
        Error::Closed => closed(py),
    }
}

fn from_status(py: Python<'_>, status: GrpcStatus) -> PyErr {
    let reason = status.server_error().map_or("", |known| known.name);
    let message = server_error::without_rpc_prefix(&status.message).to_owned();
    let origin = status.origin.map(|origin| (origin.rpc, origin.endpoint));
    make(py, "from_status", (status.code, message, reason, status.compact_revision, origin))
}

pub(crate) fn invalid_argument(py: Python<'_>, message: &str) -> PyErr {
    make(py, "InvalidArgsError", (message,))
}

/// The error for a file that cannot be read; `name` is the argument that names the file.
pub(crate) fn unreadable(py: Python<'_>, name: &str, path: &Path, error: &io::Error) -> PyErr {
    let why = format!("{name}: {error}");
    make(py, "IoError", (error.raw_os_error(), why, path.display().to_string()))
}

pub(crate) fn invalid_endpoint(py: Python<'_>, message: &str) -> PyErr {
    make(py, "InvalidUriError", (message,))
}

pub(crate) fn closed(py: Python<'_>) -> PyErr {
    make(py, "ClosedError", ("the communicator is closed",))
}

pub(crate) fn wrong_loop(py: Python<'_>) -> PyErr {
    let message = "another event loop than the communicator's, or no running event loop in this \
                   thread: make calls in coroutines of its loop, as in \
                   run_coroutine_threadsafe(work(), loop); open a communicator in each loop";
    make(py, "WrongLoopError", (message,))
}

/// Fails for what is entered without `async`.
pub(crate) fn needs_async(entered: &Bound<'_, PyAny>) -> PyResult<()> {
    let refuse = import(entered.py(), "etcd_client._async_only")?.getattr("refuse")?;
    call(&refuse, (entered,), None).map(drop)
}

/// The error where a call begins outside of any event loop.
pub(crate) fn no_loop(py: Python<'_>) -> PyErr {
    let message = "no running event loop: open a communicator within a coroutine, as in \
                   asyncio.run(main()), or use etcd_client.sync";
    make(py, "WrongLoopError", (message,))
}

pub(crate) fn forked(py: Python<'_>) -> PyErr {
    let message = "the communicator was opened before the fork; open a new one in the child";
    make(py, "ForkedError", (message,))
}

/// The error for a read whose engine was stopped.
pub(crate) fn lost_read() -> PyErr {
    Python::attach(|py| {
        make(py, "EtcdConnectionError", ("the runtime was stopped during the call",))
    })
}

/// The error for a mutation whose engine was stopped.
pub(crate) fn lost_mutation() -> PyErr {
    Python::attach(|py| {
        let cause = lost_read().into_value(py);
        make(py, "outcome_unknown", (cause,))
    })
}
