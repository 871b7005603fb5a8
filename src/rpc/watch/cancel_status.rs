//! The gRPC status for the reason with which a server cancels a watch.

use crate::rpc::error::GrpcStatus;
use crate::rpc::error::grpc_status::{
    INVALID_ARGUMENT, OUT_OF_RANGE, PERMISSION_DENIED, UNAUTHENTICATED, UNAVAILABLE, UNKNOWN,
};
use crate::rpc::wire::messages::WatchResponse;

/// The status that a cancelled watch ends with. The reason is either the message of a gRPC error,
/// or a sentence without a code.
pub fn cancel_status(response: &WatchResponse) -> GrpcStatus {
    if response.compact_revision > 0 {
        let message = "mvcc: required revision has been compacted";
        let compact_revision = Some(response.compact_revision);
        return GrpcStatus { compact_revision, ..GrpcStatus::new(OUT_OF_RANGE, message) };
    }
    if response.cancel_reason.is_empty() {
        return GrpcStatus::new(UNKNOWN, "the server canceled the watch");
    }
    let status = GrpcStatus::new(UNKNOWN, response.cancel_reason.as_str());
    let code = match status.server_error().map(|known| known.name) {
        Some("PermissionDenied") => PERMISSION_DENIED,
        Some("NoLeader") => UNAVAILABLE,
        Some("InvalidAuthToken") => UNAUTHENTICATED,
        Some("AuthOldRevision" | "UserEmpty") => INVALID_ARGUMENT,
        _ => UNKNOWN,
    };
    GrpcStatus { code, ..status }
}
