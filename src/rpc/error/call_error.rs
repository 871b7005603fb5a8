//! The errors of a call, by what is certain about its outcome.

use crate::rpc::error::failure::Failure;
use crate::rpc::error::grpc_status::GrpcStatus;
use crate::rpc::error::meaning::Meaning;
use crate::rpc::error::wrong_server::{OtherCluster, WrongServer};

#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The server answered with an error.
    #[error("{}", .0.message)]
    Server(GrpcStatus),
    /// There was no connection, or it broke; the call changed nothing.
    #[error("{0}")]
    Connection(String),
    /// The deadline passed; the call changed nothing.
    #[error("{0}")]
    Timeout(String),
    /// The deadline passed before any member could be reached; the call changed nothing.
    #[error("{0}")]
    Unreachable(String),
    /// The call may or may not have changed something.
    #[error("{0}")]
    OutcomeUnknown(Box<Error>),
    /// Only members of another cluster could be reached; nothing was changed by the call.
    #[error("{}", .0.message)]
    OtherCluster(OtherCluster),
    /// The lock is no longer held.
    #[error("{0}")]
    Lost(String),
    /// The lease has ended, and the keys attached to it are deleted.
    #[error("{0}")]
    LeaseLost(String),
    /// The lock could not be acquired in time; the attempt left nothing behind.
    #[error("{0}")]
    LockTimeout(String),
    /// The communicator was closed.
    #[error("the communicator is closed")]
    Closed,
}

/// The error of a call that may be repeated.
impl From<&Failure> for Error {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::NeverSent(message) | Failure::Broken(message) => {
                Self::Connection(message.clone())
            }
            Failure::Server(status) | Failure::Unusable(status) => Self::Server(status.clone()),
            Failure::WrongServer { server, .. } => Self::from(server.clone()),
        }
    }
}

impl From<WrongServer> for Error {
    fn from(server: WrongServer) -> Self {
        match server {
            WrongServer::NotEtcd(status) => Self::Server(status),
            WrongServer::OtherCluster(other) => Self::OtherCluster(other),
        }
    }
}

impl Error {
    /// The error of a call that was in flight when `self` happened: for a mutation, its outcome
    /// is unknown.
    #[must_use]
    pub fn for_mutation(self, mutation: bool) -> Self {
        if mutation { Self::OutcomeUnknown(Box::new(self)) } else { self }
    }

    /// Whether the server has refused the call for good, so that it has no effect and is not to
    /// be retried.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Server(status) if status.meaning() == Meaning::Refused)
    }

    /// Whether it is the etcd error of that name.
    pub fn is_server_error(&self, name: &str) -> bool {
        matches!(self, Self::Server(status)
            if status.server_error().is_some_and(|known| known.name == name))
    }
}
