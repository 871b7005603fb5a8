//! How a single attempt to make a call, or to connect, failed.

use crate::rpc::error::grpc_status::GrpcStatus;
use crate::rpc::error::meaning::Meaning;
use crate::rpc::error::wrong_server::WrongServer;

/// Why a member cannot be connected to.
#[derive(Clone, Debug)]
pub struct Unreachable {
    pub why: String,
    pub outlook: Outlook,
}

/// What a retry can be expected to achieve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// It may succeed within moments.
    Passing,
    /// It will hardly succeed: something other than etcd seems to listen there. Calls retry anyway.
    Doubtful,
    /// It cannot succeed before a certificate is changed.
    Lasting,
}

impl Unreachable {
    pub fn doubtful(why: impl Into<String>) -> Self {
        Self { why: why.into(), outlook: Outlook::Doubtful }
    }

    pub fn lasting(why: impl Into<String>) -> Self {
        Self { why: why.into(), outlook: Outlook::Lasting }
    }

    /// The same error, prefixed with the endpoint.
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

/// How one attempt on one connection failed.
#[derive(Debug)]
pub enum Failure {
    /// It certainly never reached the server.
    NeverSent(String),
    /// The connection broke while the call was in flight.
    Broken(String),
    /// The server answered with an error.
    Server(GrpcStatus),
    /// The server answered with something unusable; a retry would get the same.
    Unusable(GrpcStatus),
    /// It is not a member of the cluster that has answered. `unsent` says that no member of the
    /// cluster has seen the request, and that it has changed nothing.
    WrongServer { server: WrongServer, unsent: bool },
}

impl Failure {
    /// An answer that no etcd gives.
    pub fn not_etcd(status: GrpcStatus, unsent: bool) -> Self {
        Self::WrongServer { server: WrongServer::NotEtcd(status), unsent }
    }

    /// The same as the failure of an RPC, at an endpoint.
    #[must_use]
    pub fn of(self, rpc: &'static str, endpoint: &str) -> Self {
        match self {
            Self::Server(status) => Self::Server(status.of(rpc, endpoint)),
            Self::Unusable(status) => Self::Unusable(status.of(rpc, endpoint)),
            Self::WrongServer { server, unsent } => {
                Self::WrongServer { server: server.of(rpc, endpoint), unsent }
            }
            other => other,
        }
    }

    /// Whether the server is overloaded, and has refused it before doing anything.
    pub fn is_overload(&self) -> bool {
        matches!(self, Self::Server(status) if status.meaning() == Meaning::TryLater)
    }

    pub fn message(&self) -> &str {
        match self {
            Self::NeverSent(message) | Self::Broken(message) => message,
            Self::Server(status) | Self::Unusable(status) => &status.message,
            Self::WrongServer { server, .. } => server.message(),
        }
    }
}
