//! How a call ends where it does not succeed, by what is certain about it.

use crate::rpc::error::grpc_status::GrpcStatus;
use crate::rpc::error::meaning::Meaning;

#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The server answered.
    #[error("{}", .0.message)]
    Server(GrpcStatus),
    /// There was no connection, or it broke; nothing was changed by the call.
    #[error("{0}")]
    Connection(String),
    /// The deadline passed; nothing was changed by the call.
    #[error("{0}")]
    Timeout(String),
    /// The deadline passed before any member could be reached; nothing was changed by the call.
    #[error("{0}")]
    Unreachable(String),
    /// The call may or may not have changed something.
    #[error("{0}")]
    OutcomeUnknown(Box<Error>),
    /// The lock is not held any more.
    #[error("{0}")]
    Lost(String),
    /// The lease has ended, and with it what was attached to it.
    #[error("{0}")]
    LeaseLost(String),
    /// The lock could not be acquired in time; nothing of the attempt is left.
    #[error("{0}")]
    LockTimeout(String),
    /// The communicator was closed.
    #[error("the communicator is closed")]
    Closed,
}

impl Error {
    /// The error of a call that was under way as `self` happened: unknown for a mutation.
    #[must_use]
    pub fn for_mutation(self, mutation: bool) -> Self {
        if mutation { Self::OutcomeUnknown(Box::new(self)) } else { self }
    }

    /// Whether the server has refused the call for good, so that nothing can come of it any more.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Server(status) if status.meaning() == Meaning::Refused)
    }

    /// Whether it is the server's error of that name.
    pub fn is_server_error(&self, name: &str) -> bool {
        matches!(self, Self::Server(status)
            if status.server_error().is_some_and(|known| known.name == name))
    }
}
