//! How a call can fail, by what is certain about it.

pub mod server_error;
pub mod status;

use crate::rpc::error::status::{Meaning, Status};

#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The server answered.
    #[error("{}", .0.message)]
    Server(Status),
    /// There was no connection, or it broke; nothing was changed by the call.
    #[error("{0}")]
    Connection(String),
    /// The deadline passed; nothing was changed by the call.
    #[error("{0}")]
    Timeout(String),
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

/// Why a member cannot be connected to.
#[derive(Clone, Debug)]
pub struct Unreachable {
    pub why: String,
    /// Whether trying again is of no use before somebody changes a certificate.
    pub lasting: bool,
}

impl Unreachable {
    /// The same, with the name of the member.
    #[must_use]
    pub fn at(self, endpoint: &str) -> Self {
        Self { why: format!("{endpoint}: {}", self.why), ..self }
    }
}

impl<S: Into<String>> From<S> for Unreachable {
    fn from(why: S) -> Self {
        Self { why: why.into(), lasting: false }
    }
}

/// What became of one attempt on one connection.
#[derive(Debug)]
pub enum Failure {
    /// It certainly never reached the server.
    NeverSent(String),
    /// The connection broke while the call was under way.
    Broken(String),
    /// The server answered.
    Server(Status),
    /// The server answered, with something that is no use; asking again gets the same.
    Unusable(Status),
}

impl Failure {
    pub fn message(&self) -> &str {
        match self {
            Self::NeverSent(message) | Self::Broken(message) => message,
            Self::Server(status) | Self::Unusable(status) => &status.message,
        }
    }
}
