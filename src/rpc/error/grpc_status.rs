//! The status with which gRPC ends a call, and what it means for the call.

use http::HeaderMap;
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
pub const OUT_OF_RANGE: i32 = 11;
pub const UNIMPLEMENTED: i32 = 12;
pub const INTERNAL: i32 = 13;
pub const UNAVAILABLE: i32 = 14;
pub const UNAUTHENTICATED: i32 = 16;

/// An answer of the server other than success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcStatus {
    pub code: i32,
    pub message: String,
    /// The revision up to which history is gone, where that is the error.
    pub compact_revision: Option<i64>,
}

impl GrpcStatus {
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), compact_revision: None }
    }

    /// Reads a status from response headers or trailers; `None` where there is none.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let code = headers.get("grpc-status")?;
        let code = code.to_str().ok().and_then(|code| code.parse().ok()).unwrap_or(UNKNOWN);
        let message = headers
            .get("grpc-message")
            .map(|message| percent_decode(message.as_bytes()).decode_utf8_lossy().into_owned());
        Some(Self::new(code, message.unwrap_or_default()))
    }

    /// etcd's name for the error, where it has one.
    pub fn server_error(&self) -> Option<&'static ServerError> {
        // The gRPC server refuses what is much too large before etcd sees it.
        let too_large = self.code == RESOURCE_EXHAUSTED
            && self.message.contains("received message larger than max");
        let message = if too_large { "request is too large" } else { &self.message };
        server_error::find(message)
    }

    pub fn meaning(&self) -> Meaning {
        if let Some(known) = self.server_error() {
            return known.meaning;
        }
        match self.code {
            CANCELLED | UNKNOWN | DEADLINE_EXCEEDED | INTERNAL | UNAVAILABLE => Meaning::Unclear,
            _ => Meaning::Refused,
        }
    }
}
