//! How far a call has come, for the error message when its deadline passes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::rpc::connection::Connection;
use crate::rpc::error::{Failure, GrpcStatus, OtherCluster, WrongServer};

pub struct CallTrace {
    pub started: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The connection whose answer the call waits for.
    connection: Option<Arc<Connection>>,
    /// Whether the request itself may have reached a server, rather than only one for a token.
    sent: bool,
    last_failure: Option<String>,
    /// Set if the last attempt met an overloaded server.
    overload: Option<GrpcStatus>,
    /// Set if a member of another cluster has answered.
    other_cluster: Option<OtherCluster>,
}

impl CallTrace {
    pub fn new(started: Instant) -> Self {
        Self { started, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn goes_to(&self, connection: &Arc<Connection>) {
        self.state().connection = Some(Arc::clone(connection));
    }

    pub fn sent(&self) {
        self.state().sent = true;
    }

    /// Notes the end of an attempt; the call may be retried.
    pub fn failed(&self, failure: &Failure) {
        let mut state = self.state();
        state.connection = None;
        state.sent = false;
        state.last_failure = Some(failure.message().to_owned());
        state.overload = match failure {
            Failure::Server(status) if failure.is_overload() => Some(status.clone()),
            _ => None,
        };
        if let Failure::WrongServer { server: WrongServer::OtherCluster(other), .. } = failure {
            state.other_cluster = Some(other.clone());
        }
    }

    pub fn connection(&self) -> Option<Arc<Connection>> {
        self.state().connection.clone()
    }

    pub fn was_sent(&self) -> bool {
        self.state().sent
    }

    pub fn other_cluster(&self) -> Option<OtherCluster> {
        self.state().other_cluster.clone()
    }

    pub fn overload(&self) -> Option<GrpcStatus> {
        self.state().overload.clone()
    }

    pub fn last_failure(&self) -> Option<String> {
        self.state().last_failure.clone()
    }
}
