//! What the hooks of a program are told.

use std::time::{Duration, SystemTime};

use crate::rpc::error::Error;
use crate::rpc::wire::method::Method;

#[derive(Debug)]
pub enum Event {
    CallEnded(Box<FinishedCall>),
    /// A program's call is over, and makes no more RPCs.
    CallerLeft(u64),
    Connected {
        endpoint: String,
        /// Whether it replaces a connection that was lost.
        again: bool,
    },
    ConnectFailed {
        endpoint: String,
        why: String,
    },
    Disconnected {
        endpoint: String,
        why: String,
        /// Whether the client has closed it itself.
        expected: bool,
    },
    CallsMoved {
        from: String,
        to: String,
        why: String,
    },
    StreamResumed {
        what: String,
        why: String,
    },
    WatchRead {
        revision: i64,
        events: usize,
        /// The time from the arrival of the events until the program read them.
        lag: Duration,
    },
    LeaseRenewed {
        lease: i64,
        /// The time that was left when the answer came.
        margin: Duration,
        ttl: Duration,
    },
    LeaseLost {
        lease: i64,
        why: String,
    },
}

/// An RPC from its first attempt to its end.
#[derive(Debug)]
pub struct FinishedCall {
    pub method: &'static Method,
    pub is_stream: bool,
    /// The call of the program that made it; `None` if the client made it for itself.
    pub caller: Option<u64>,
    pub started: SystemTime,
    pub took: Duration,
    pub attempts: Vec<Attempt>,
    pub request_bytes: usize,
    pub outcome: CallOutcome,
}

#[derive(Debug)]
pub enum CallOutcome {
    /// With the size of the response in bytes.
    Answered(usize),
    Failed(Error),
    Cancelled,
}

/// One request to one member.
#[derive(Debug)]
pub struct Attempt {
    pub endpoint: String,
    /// When it began, after the beginning of the call.
    pub after: Duration,
    pub took: Duration,
    pub how: How,
}

/// How an attempt ended.
#[derive(Debug, PartialEq, Eq)]
pub enum How {
    Answered,
    Failed(String),
    /// The call ended without it.
    Abandoned,
}
