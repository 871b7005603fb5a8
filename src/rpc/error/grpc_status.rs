//! The status with which gRPC ends a call, and what it says about the call.

use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode;

use crate::rpc::error::meaning::Meaning;
use crate::rpc::error::server_error::{self, ServerError};

pub const OK: i32 = 0;
pub const CANCELLED: i32 = 1;
pub const UNKNOWN: i32 = 2;
pub const INVALID_ARGUMENT: i32 = 3;
pub const DEADLINE_EXCEEDED: i32 = 4;
pub const NOT_FOUND: i32 = 5;
pub const PERMISSION_DENIED: i32 = 7;
pub const RESOURCE_EXHAUSTED: i32 = 8;
const ALREADY_EXISTS: i32 = 6;
const FAILED_PRECONDITION: i32 = 9;
pub const OUT_OF_RANGE: i32 = 11;
pub const UNIMPLEMENTED: i32 = 12;
pub const INTERNAL: i32 = 13;
pub const UNAVAILABLE: i32 = 14;
pub const UNAUTHENTICATED: i32 = 16;

static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
static GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// The beginning of the message of gRPC libraries about a message beyond their size limit.
const TOO_LARGE: &str = "received message larger than max";

/// A gRPC status other than `OK`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcStatus {
    pub code: i32,
    pub message: String,
    /// The revision up to which the history was compacted, if that is the error.
    pub compact_revision: Option<i64>,
    /// Whether it is about the response rather than the request, which may have been applied.
    pub about_answer: bool,
    /// `None` for what no server has sent.
    pub origin: Option<Origin>,
}

/// What a status answers, and who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub rpc: &'static str,
    pub endpoint: String,
}

impl GrpcStatus {
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message, compact_revision: None, about_answer: false, origin: None }
    }

    /// The same status as the answer of a server to an RPC.
    #[must_use]
    pub fn of(mut self, rpc: &'static str, endpoint: &str) -> Self {
        self.origin.get_or_insert_with(|| Origin { rpc, endpoint: endpoint.to_owned() });
        self
    }

    /// Reads a status from response headers or trailers; `None` if they have none.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let code = headers.get(&GRPC_STATUS)?;
        let code = code.to_str().ok().and_then(|code| code.parse().ok()).unwrap_or(UNKNOWN);
        if code == OK {
            return Some(Self::new(OK, String::new()));
        }
        let message = headers
            .get(&GRPC_MESSAGE)
            .map(|message| percent_decode(message.as_bytes()).decode_utf8_lossy().into_owned());
        Some(Self::new(code, message.unwrap_or_default()))
    }

    /// The same status as the answer to a request of that size. "received message larger than max"
    /// is about the request only if it names that size: a proxy says it of the server's response.
    #[must_use]
    pub fn answers(mut self, request_size: usize) -> Self {
        self.about_answer = self.too_large().is_some_and(|size| size != request_size.to_string());
        self
    }

    /// The size that the message names, if it is about a message beyond the size limit.
    fn too_large(&self) -> Option<&str> {
        let (_, sizes) = self.message.split_once(TOO_LARGE)?;
        let size = sizes.trim_start().strip_prefix('(')?.split_once(' ')?.0;
        (self.code == RESOURCE_EXHAUSTED).then_some(size)
    }

    /// etcd's own error, if it is one.
    pub fn server_error(&self) -> Option<&'static ServerError> {
        // A much too large request is refused by the gRPC library, before etcd sees it.
        let refused = self.code == RESOURCE_EXHAUSTED && self.message.contains(TOO_LARGE);
        let message = if refused { "request is too large" } else { &self.message };
        server_error::find(message).filter(|_| !self.about_answer)
    }

    pub fn meaning(&self) -> Meaning {
        if let Some(known) = self.server_error() {
            return known.meaning;
        }
        match self.code {
            INVALID_ARGUMENT | NOT_FOUND | ALREADY_EXISTS | PERMISSION_DENIED
            | FAILED_PRECONDITION | OUT_OF_RANGE | UNIMPLEMENTED | UNAUTHENTICATED => {
                Meaning::Refused
            }
            RESOURCE_EXHAUSTED if !self.about_answer => Meaning::Refused,
            // Including codes that gRPC does not define.
            _ => Meaning::Unclear,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_large_request_from_a_large_answer() {
        let said = "grpc: received message larger than max (3145728 vs. 2097152)";
        let status = GrpcStatus::new(RESOURCE_EXHAUSTED, said);
        assert_eq!(status.clone().answers(3_145_728).meaning(), Meaning::Refused);
        assert_eq!(status.answers(20).meaning(), Meaning::Unclear);
    }

    #[test]
    fn nothing_is_certain_of_a_code_that_is_not_defined() {
        for code in [0, 1, 2, 4, 10, 13, 14, 15, 17, -1, i32::MAX] {
            assert_eq!(GrpcStatus::new(code, "what?").meaning(), Meaning::Unclear, "{code}");
        }
    }
}
