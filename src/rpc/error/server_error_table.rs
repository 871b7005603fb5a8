//! etcd's own errors: the one list of them, from which the Python classes are made as well.
//!
//! `make generate` writes `python/etcd_client/errors/_server.py` from it: a class for each error on
//! which a program acts, with what stands here above it for its documentation.

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

/// Makes the table: `PythonClass + FurtherBase { Name: "message" => Meaning, }`.
macro_rules! server_errors {
    ($(
        $(#[$documentation:meta])*
        $class:ident $(+ $base:ident)* { $($name:ident: $message:literal => $meaning:ident,)* }
    )*) => {
        pub(super) static SERVER_ERRORS: &[ServerError] = &[$($(
            ServerError { name: stringify!($name), message: $message, meaning: $meaning },
        )*)*];
    };
}

// The messages are those of etcd 3.4 to 3.7. The code is no part of them: etcd sends some with
// `Unknown` (`TooManyRequests`, `MemberNotEnoughStarted`, nearly all that the lock and election
// services pass on), and `NotCapable` and `NotSupportedForLearner` changed theirs in 3.6.
server_errors! {
    // Requests

    /// A key is empty.
    EmptyKeyError {
        EmptyKey: "key is not provided" => Refused,
    }

    /// A put that keeps a key's value or lease found no such key.
    KeyNotFoundError {
        KeyNotFound: "key not found" => Refused,
    }

    /// A transaction has more operations than the server takes, by default 128.
    TooManyOpsError {
        TooManyOps: "too many operations in txn request" => Refused,
    }

    /// A transaction writes a key more than once.
    DuplicateKeyError {
        DuplicateKey: "duplicate key given in txn request" => Refused,
    }

    /// A request is larger than the server takes, by default 1.5 MiB.
    RequestTooLargeError {
        RequestTooLarge: "request is too large" => Refused,
    }

    /// The server is overloaded. Nothing was done; try again later.
    TooManyRequestsError {
        // Refused before it is proposed. Go's client does not repeat it either: the cluster has too
        // much to do already.
        TooManyRequests: "too many requests" => Refused,
    }

    /// The server does not know the call; it may be too old.
    UnimplementedError {}

    /// The cluster has not agreed yet on a version that has the call.
    NotCapableError {
        // The cluster, at its start, has not agreed on its version yet.
        NotCapable: "not capable" => TryElsewhere,
    }

    // Storage

    /// The revision that was asked for is gone; so is the history that a watch needs to go on.
    CompactedError {
        Compacted: "mvcc: required revision has been compacted" => Refused,
    }

    /// The cluster has not reached that revision yet.
    FutureRevisionError {
        FutureRev: "mvcc: required revision is a future revision" => Refused,
    }

    /// The database has reached its quota.
    ///
    /// The cluster refuses to write until space was made and the alarm was disarmed. The write that
    /// finds the quota reached may be done all the same, so it raises ``OutcomeUnknownError`` too.
    NoSpaceError {
        // The request that finds the quota exceeded while it is applied is applied all the same,
        // and answered with this.
        NoSpace: "mvcc: database space exceeded" => Unclear,
    }

    /// The data of the members differ; the cluster refuses to serve them.
    CorruptError {
        Corrupt: "corrupt cluster" => Refused,
    }

    // Leases, locks, elections and watches

    /// The lease does not exist: it expired, was revoked, or was never granted.
    LeaseNotFoundError {
        LeaseNotFound: "requested lease not found" => Refused,
    }

    /// A lease with that id exists already.
    LeaseExistError {
        LeaseExist: "lease already exists" => Refused,
    }

    /// A lease's time to live is above 9,000,000,000 seconds.
    LeaseTTLTooLargeError {
        LeaseTTLTooLarge: "too large lease TTL" => Refused,
    }

    /// The lease that was to hold a lock ended while waiting for the lock.
    SessionExpiredError + LockError {
        SessionExpired: "mutex: session is expired" => Refused,
    }

    /// Only the leader of an election can do this, and the caller does not lead.
    ElectionNotLeaderError + ElectError {
        // The lock and election services answer with the bare errors of Go's client.
        ElectionNotLeader: "election: not leader" => Refused,
    }

    /// The election has no leader.
    ElectionNoLeaderError + ElectError {
        ElectionNoLeader: "election: no leader" => Refused,
    }

    /// The server ended a watch, or refused it for its range or id.
    WatchCanceledError + WatchError {
        // A stream is cancelled by a member that goes down or has lost the leader.
        WatchCanceled: "watch canceled" => TryElsewhere,
        EmptyWatcherRange: "mvcc: watcher range is empty" => Refused,
        WatcherDuplicateID: "mvcc: duplicate watch ID provided on the WatchStream" => Refused,
    }

    // Users and roles

    /// The user or the password is wrong.
    AuthFailedError {
        AuthFailed: "authentication failed, invalid user ID or password" => Refused,
        NoPasswordUser: "authentication failed, password was given for no password user" => Refused,
    }

    /// The token is unknown or outdated, and a new one did not help.
    InvalidAuthTokenError {
        InvalidAuthToken: "invalid auth token" => RenewToken,
        AuthOldRevision: "revision of auth store is old" => RenewToken,
        AuthOldRevision: "revision in header is old" => RenewToken,
    }

    /// The user may not do this.
    PermissionDeniedError {
        PermissionDenied: "permission denied" => Refused,
    }

    /// Authentication is not enabled.
    AuthNotEnabledError {
        AuthNotEnabled: "authentication is not enabled" => Refused,
    }

    /// The change makes no sense, or would lock everybody out: root stays while auth is enabled.
    InvalidAuthMgmtError {
        InvalidAuthMgmt: "invalid auth management" => Refused,
    }

    /// Authentication needs a user ``root``.
    RootUserNotExistError {
        RootUserNotExist: "root user does not exist" => Refused,
    }

    /// Authentication needs the user ``root`` to have the role ``root``.
    RootRoleNotExistError {
        RootRoleNotExist: "root user does not have root role" => Refused,
    }

    /// A user's name is empty; also, the call carries no token and needs one.
    UserEmptyError {
        // Also the answer to a request without a token where one is needed.
        UserEmpty: "user name is empty" => RenewToken,
    }

    /// A user with that name exists already.
    UserAlreadyExistError {
        UserAlreadyExist: "user name already exists" => Refused,
    }

    /// The user does not exist.
    UserNotFoundError {
        UserNotFound: "user name not found" => Refused,
    }

    /// A role's name is empty.
    RoleEmptyError {
        RoleEmpty: "role name is empty" => Refused,
    }

    /// A role with that name exists already.
    RoleAlreadyExistError {
        RoleAlreadyExist: "role name already exists" => Refused,
    }

    /// The role does not exist.
    RoleNotFoundError {
        RoleNotFound: "role name not found" => Refused,
    }

    /// The user does not have the role that was to be revoked.
    RoleNotGrantedError {
        RoleNotGranted: "role is not granted to the user" => Refused,
    }

    /// The role does not have the permission that was to be revoked.
    PermissionNotGrantedError {
        PermissionNotGranted: "permission is not granted to the role" => Refused,
    }

    // Members

    /// The member does not exist.
    MemberNotFoundError {
        MemberNotFound: "member not found" => Refused,
    }

    /// A member with that id exists already.
    MemberExistError {
        MemberExist: "member ID already exist" => Refused,
    }

    /// A member with one of these peer URLs exists already.
    PeerURLExistError {
        PeerURLExist: "Peer URLs already exists" => Refused,
    }

    /// A peer URL is malformed.
    MemberBadURLsError {
        MemberBadURLs: "given member URLs are invalid" => Refused,
    }

    /// Too few members are running for this change of the membership.
    MemberNotEnoughStartedError {
        MemberNotEnoughStarted:
            "re-configuration failed due to not enough started members" => Refused,
    }

    /// The member to promote is not a learner.
    MemberNotLearnerError {
        MemberNotLearner: "can only promote a learner member" => Refused,
    }

    /// The learner has not caught up with the leader yet; try again later.
    LearnerNotReadyError {
        LearnerNotReady:
            "can only promote a learner member which is in sync with leader" => Refused,
    }

    /// The cluster has as many learners as it may have.
    TooManyLearnersError {
        TooManyLearners: "too many learner members in cluster" => Refused,
    }

    /// A learner does not serve this call, and no other member could be asked.
    NotSupportedForLearnerError {
        NotSupportedForLearner: "rpc not supported for learner" => TryElsewhere,
    }

    /// The member that was to become the leader does not exist, or is a learner.
    BadLeaderTransfereeError {
        BadLeaderTransferee: "bad leader transferee" => Refused,
    }

    // The state of the cluster

    /// The cluster, as far as the member sees it, has no leader.
    NoLeaderError {
        NoLeader: "no leader" => TryElsewhere,
    }

    /// Only the leader of the cluster does this, and the member is not the leader.
    NotLeaderError {
        NotLeader: "not leader" => Refused,
    }

    /// The leader changed during the call.
    LeaderChangedError {
        LeaderChanged: "leader changed" => Unclear,
    }

    /// The member stopped during the call.
    StoppedError {
        Stopped: "server stopped" => Unclear,
    }

    /// Too many members do not answer for this change of the membership.
    UnhealthyError {
        Unhealthy: "unhealthy cluster" => Refused,
    }

    /// The cluster did not agree on the request in time.
    ServerTimeoutError + AnyTimeoutError {
        Timeout: "request timed out" => Unclear,
        TimeoutDueToLeaderFail:
            "request timed out, possibly due to previous leader failure" => Unclear,
        TimeoutDueToConnectionLost: "request timed out, possibly due to connection lost" => Unclear,
        TimeoutWaitAppliedIndex:
            "request timed out, waiting for the applied index took too long" => Unclear,
        TimeoutLeaderTransfer: "request timed out, leader transfer took too long" => Unclear,
    }

    /// The server noticed before the client did that the time for the call was up.
    DeadlineExceededError + EtcdTimeoutError {
        DeadlineExceeded: "context deadline exceeded" => Unclear,
    }

    /// The cluster cannot be downgraded to that version.
    InvalidDowngradeTargetVersionError {
        InvalidDowngradeTargetVersion: "invalid downgrade target version" => Refused,
        WrongDowngradeVersionFormat: "wrong downgrade target version format" => Refused,
    }

    /// A downgrade is under way.
    DowngradeInProcessError {
        DowngradeInProcess: "cluster has a downgrade job in progress" => Refused,
    }

    /// No downgrade is under way.
    NoInflightDowngradeError {
        NoInflightDowngrade: "no inflight downgrade job" => Refused,
    }

    // On these no program acts; it can only show them

    RpcError {
        ValueProvided: "value is provided" => Refused,
        LeaseProvided: "lease is provided" => Refused,
        InvalidClientAPIVersion: "invalid client api version" => Refused,
        InvalidSortOption: "invalid sort option" => Refused,
        ClusterIDMismatch: "cluster ID mismatch" => Refused,
        PermissionNotGiven: "permission not given" => Refused,
        // Raft's own: the leader is being moved, or has too much in hand; nothing was appended.
        ProposalDropped: "raft proposal dropped" => TryElsewhere,
        // The messages of the published error, of the server's own and of Go's.
        Canceled: "request canceled" => Unclear,
        Canceled: "request cancelled" => Unclear,
        Canceled: "context canceled" => Unclear,
        ClusterVersionUnavailable: "cluster version not found during downgrade" => Refused,
    }
}
