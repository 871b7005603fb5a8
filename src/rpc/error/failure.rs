//! How one attempt of a call, or to connect, failed.

use crate::rpc::error::grpc_status::GrpcStatus;

/// Why a member cannot be connected to.
#[derive(Clone, Debug)]
pub struct Unreachable {
    pub why: String,
    pub outlook: Outlook,
}

/// What may come of trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// Success, within moments.
    Passing,
    /// Hardly any success: something else seems to listen there. Calls go on trying all the same.
    Doubtful,
    /// Nothing, before somebody changes a certificate.
    Lasting,
}

impl Unreachable {
    pub fn doubtful(why: impl Into<String>) -> Self {
        Self { why: why.into(), outlook: Outlook::Doubtful }
    }

    pub fn lasting(why: impl Into<String>) -> Self {
        Self { why: why.into(), outlook: Outlook::Lasting }
    }

    /// The same, with the name of the member.
    #[must_use]
    pub fn at(self, endpoint: &str) -> Self {
        Self { why: format!("{endpoint}: {}", self.why), ..self }
    }
}

impl<S: Into<String>> From<S> for Unreachable {
    fn from(why: S) -> Self {
        Self { why: why.into(), outlook: Outlook::Passing }
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
    Server(GrpcStatus),
    /// The server answered, with something that is no use; asking again gets the same.
    Unusable(GrpcStatus),
}

impl Failure {
    pub fn message(&self) -> &str {
        match self {
            Self::NeverSent(message) | Self::Broken(message) => message,
            Self::Server(status) | Self::Unusable(status) => &status.message,
        }
    }
}
