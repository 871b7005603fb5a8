//! How far a call has come: for the error message when its deadline passes, and for hooks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::rpc::connection::{Connection, Stream};
use crate::rpc::error::{Error, Failure, GrpcStatus, OtherCluster, WrongServer};
use crate::rpc::telemetry::{CallRecord, How, StreamRecord};

pub struct CallTrace {
    pub started: Instant,
    state: Mutex<State>,
    /// `None` if there are no hooks.
    record: Option<Arc<CallRecord>>,
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
    /// The number of the present attempt in the record.
    attempt: usize,
}

impl CallTrace {
    pub fn new(started: Instant, record: Option<CallRecord>) -> Self {
        Self { started, state: Mutex::default(), record: record.map(Arc::new) }
    }

    /// The trace of a second attempt that runs beside those of this one.
    pub fn beside(&self) -> Self {
        Self { started: Instant::now(), state: Mutex::default(), record: self.record.clone() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn goes_to(&self, connection: &Arc<Connection>) {
        let mut state = self.state();
        state.connection = Some(Arc::clone(connection));
        if let Some(record) = &self.record {
            state.attempt = record.attempt(&connection.endpoint().name);
        }
    }

    pub fn sent(&self) {
        self.state().sent = true;
    }

    pub fn answered(&self) {
        if let Some(record) = &self.record {
            record.attempt_ended(self.state().attempt, How::Answered);
        }
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
        if let Some(record) = &self.record {
            record.attempt_ended(state.attempt, How::Failed(failure.message().to_owned()));
        }
    }

    /// Notes the outcome of the call, with the size of the response.
    pub fn ended<T>(&self, outcome: &Result<T, Error>, size: impl FnOnce(&T) -> usize) {
        if let Some(record) = &self.record {
            record.ended(outcome.as_ref().map(size));
        }
    }

    /// Leaves it to the stream to tell how it ends, if it could be opened.
    pub fn opened<O>(&self, outcome: Result<(Stream, O), Error>) -> Result<(Stream, O), Error> {
        let Some(record) = &self.record else { return outcome };
        match outcome {
            Ok((mut stream, origin)) => {
                stream.keep_record(StreamRecord::new(Arc::clone(record)));
                Ok((stream, origin))
            }
            Err(error) => {
                record.ended(Err(&error));
                Err(error)
            }
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
