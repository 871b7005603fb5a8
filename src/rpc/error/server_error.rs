//! etcd's own errors, by the message that identifies them.

use crate::rpc::error::meaning::Meaning::{self, Refused, RenewToken, TryElsewhere, Unclear};

/// One message of etcd's, and what it says.
#[derive(Debug)]
pub struct ServerError {
    /// The name of etcd's variable without its prefix, such as `LeaseNotFound`.
    pub name: &'static str,
    /// The message without `etcdserver: `.
    pub message: &'static str,
    pub meaning: Meaning,
}

const fn error(name: &'static str, message: &'static str, meaning: Meaning) -> ServerError {
    ServerError { name, message, meaning }
}

/// The messages are those of etcd 3.4 to 3.7. The code is no part of them: etcd sends some with
/// `Unknown` (`TooManyRequests`, `MemberNotEnoughStarted`, nearly all that the lock and election
/// services pass on), and `NotCapable` and `NotSupportedForLearner` changed theirs in 3.6.
static SERVER_ERRORS: &[ServerError] = &[
    // Requests.
    error("EmptyKey", "key is not provided", Refused),
    error("KeyNotFound", "key not found", Refused),
    error("ValueProvided", "value is provided", Refused),
    error("LeaseProvided", "lease is provided", Refused),
    error("TooManyOps", "too many operations in txn request", Refused),
    error("DuplicateKey", "duplicate key given in txn request", Refused),
    error("InvalidClientAPIVersion", "invalid client api version", Refused),
    error("InvalidSortOption", "invalid sort option", Refused),
    error("RequestTooLarge", "request is too large", Refused),
    // Refused before it is proposed. Go's client does not repeat it either: the cluster has too
    // much to do already.
    error("TooManyRequests", "too many requests", Refused),
    // Storage.
    error("Compacted", "mvcc: required revision has been compacted", Refused),
    error("FutureRev", "mvcc: required revision is a future revision", Refused),
    // The request that finds the quota exceeded while it is applied is applied all the same, and
    // answered with this.
    error("NoSpace", "mvcc: database space exceeded", Unclear),
    error("Corrupt", "corrupt cluster", Refused),
    // Leases.
    error("LeaseNotFound", "requested lease not found", Refused),
    error("LeaseExist", "lease already exists", Refused),
    error("LeaseTTLTooLarge", "too large lease TTL", Refused),
    // Watches. A stream is cancelled by a member that goes down or has lost the leader.
    error("WatchCanceled", "watch canceled", TryElsewhere),
    error("EmptyWatcherRange", "mvcc: watcher range is empty", Refused),
    error("WatcherDuplicateID", "mvcc: duplicate watch ID provided on the WatchStream", Refused),
    // Members.
    error("MemberExist", "member ID already exist", Refused),
    error("PeerURLExist", "Peer URLs already exists", Refused),
    error(
        "MemberNotEnoughStarted",
        "re-configuration failed due to not enough started members",
        Refused,
    ),
    error("MemberBadURLs", "given member URLs are invalid", Refused),
    error("MemberNotFound", "member not found", Refused),
    error("MemberNotLearner", "can only promote a learner member", Refused),
    error(
        "LearnerNotReady",
        "can only promote a learner member which is in sync with leader",
        Refused,
    ),
    error("TooManyLearners", "too many learner members in cluster", Refused),
    error("ClusterIDMismatch", "cluster ID mismatch", Refused),
    error("Unhealthy", "unhealthy cluster", Refused),
    error("BadLeaderTransferee", "bad leader transferee", Refused),
    // Users and roles.
    error("RootUserNotExist", "root user does not exist", Refused),
    error("RootRoleNotExist", "root user does not have root role", Refused),
    error("UserAlreadyExist", "user name already exists", Refused),
    // Also the answer to a request without a token where one is needed.
    error("UserEmpty", "user name is empty", RenewToken),
    error("UserNotFound", "user name not found", Refused),
    error("RoleAlreadyExist", "role name already exists", Refused),
    error("RoleNotFound", "role name not found", Refused),
    error("RoleEmpty", "role name is empty", Refused),
    error("AuthFailed", "authentication failed, invalid user ID or password", Refused),
    error(
        "NoPasswordUser",
        "authentication failed, password was given for no password user",
        Refused,
    ),
    error("PermissionNotGiven", "permission not given", Refused),
    error("PermissionDenied", "permission denied", Refused),
    error("RoleNotGranted", "role is not granted to the user", Refused),
    error("PermissionNotGranted", "permission is not granted to the role", Refused),
    error("AuthNotEnabled", "authentication is not enabled", Refused),
    error("InvalidAuthToken", "invalid auth token", RenewToken),
    error("InvalidAuthMgmt", "invalid auth management", Refused),
    error("AuthOldRevision", "revision of auth store is old", RenewToken),
    error("AuthOldRevision", "revision in header is old", RenewToken),
    // The state of the member or of the cluster.
    error("NoLeader", "no leader", TryElsewhere),
    error("NotLeader", "not leader", Refused),
    error("LeaderChanged", "leader changed", Unclear),
    // The cluster, at its start, has not agreed on its version yet.
    error("NotCapable", "not capable", TryElsewhere),
    error("NotSupportedForLearner", "rpc not supported for learner", TryElsewhere),
    // Raft's own: the leader is being moved, or has too much in hand; nothing was appended.
    error("ProposalDropped", "raft proposal dropped", TryElsewhere),
    error("Stopped", "server stopped", Unclear),
    error("Timeout", "request timed out", Unclear),
    error(
        "TimeoutDueToLeaderFail",
        "request timed out, possibly due to previous leader failure",
        Unclear,
    ),
    error(
        "TimeoutDueToConnectionLost",
        "request timed out, possibly due to connection lost",
        Unclear,
    ),
    error(
        "TimeoutWaitAppliedIndex",
        "request timed out, waiting for the applied index took too long",
        Unclear,
    ),
    error("TimeoutLeaderTransfer", "request timed out, leader transfer took too long", Unclear),
    // The messages of the published error, of the server's own and of Go's.
    error("Canceled", "request canceled", Unclear),
    error("Canceled", "request cancelled", Unclear),
    error("Canceled", "context canceled", Unclear),
    error("DeadlineExceeded", "context deadline exceeded", Unclear),
    // Downgrades.
    error("ClusterVersionUnavailable", "cluster version not found during downgrade", Refused),
    error("WrongDowngradeVersionFormat", "wrong downgrade target version format", Refused),
    error("InvalidDowngradeTargetVersion", "invalid downgrade target version", Refused),
    error("DowngradeInProcess", "cluster has a downgrade job in progress", Refused),
    error("NoInflightDowngrade", "no inflight downgrade job", Refused),
    // The lock and election services answer with the bare errors of Go's client.
    error("ElectionNotLeader", "election: not leader", Refused),
    error("ElectionNoLeader", "election: no leader", Refused),
    error("SessionExpired", "mutex: session is expired", Refused),
];

/// Looks an error up by the server's message. Watch cancel reasons carry a gRPC prefix, lock
/// and election answers one of `etcdserver: `, neither or both.
pub fn find(message: &str) -> Option<&'static ServerError> {
    let message = bare(message);
    SERVER_ERRORS.iter().find(|known| known.message == message)
}

/// The message without the prefixes of gRPC and of the server.
fn bare(message: &str) -> &str {
    let message = without_rpc_prefix(message);
    let message = message.strip_prefix("etcdserver: ").unwrap_or(message);
    // The maintenance service passes the errors of the auth store on as they are, and so do the
    // others in old servers.
    message.strip_prefix("auth: ").unwrap_or(message)
}

/// The message without `rpc error: code = .. desc = `, which watch cancel reasons carry.
pub fn without_rpc_prefix(message: &str) -> &str {
    match message.strip_prefix("rpc error: ") {
        Some(rest) => rest.split_once("desc = ").map_or(rest, |(_, description)| description),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_errors_with_and_without_prefixes() {
        for message in [
            "etcdserver: no leader",
            "no leader",
            "rpc error: code = Unavailable desc = etcdserver: no leader",
        ] {
            assert_eq!(find(message).map(|known| known.name), Some("NoLeader"), "{message}");
        }
        let bare = find("auth: permission denied").map(|known| known.name);
        assert_eq!(bare, Some("PermissionDenied"));
        assert!(find("etcdserver: something new").is_none());
    }

    #[test]
    fn no_message_stands_twice() {
        for (index, known) in SERVER_ERRORS.iter().enumerate() {
            let earlier =
                SERVER_ERRORS[..index].iter().find(|other| other.message == known.message);
            assert!(earlier.is_none(), "{}", known.message);
        }
    }
}
