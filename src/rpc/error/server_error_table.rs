//! etcd's own errors: the only list of them, from which the Python classes are generated too.
//!
//! `make generate` writes `python/etcd_client/errors/_server.py` from it: a class for each error
//! that a program may want to handle, with the comment above it as its docstring.

use crate::rpc::error::meaning::Meaning::{
    self, Refused, RenewToken, TryElsewhere, TryLater, Unclear,
};

/// One error message of etcd, and what it says about the request.
#[derive(Debug)]
pub struct ServerError {
    /// The name of etcd's variable without its prefix, such as `LeaseNotFound`.
    pub name: &'static str,
    /// The message without `etcdserver: `.
    pub message: &'static str,
    pub meaning: Meaning,
}

/// Builds the table from `PythonClass + FurtherBase { Name: "message" => Meaning, }`.
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

// The messages are those of etcd 3.4 to 3.7. The status code does not identify an error: etcd sends
// some with `Unknown` (`TooManyRequests`, `MemberNotEnoughStarted`, nearly all of the lock and
// election services), and `NotCapable` and `NotSupportedForLearner` changed theirs in 3.6.
server_errors! {
    // Requests

    /// A key is empty.
    EmptyKeyError {
        EmptyKey: "key is not provided" => Refused,
    }

    /// The key whose value or lease a put was to keep does not exist.
    KeyNotFoundError {
        KeyNotFound: "key not found" => Refused,
    }

    /// A transaction has more operations than the server allows, by default 128.
    TooManyOpsError {
        TooManyOps: "too many operations in txn request" => Refused,
    }

    /// A transaction writes a key more than once.
    DuplicateKeyError {
        DuplicateKey: "duplicate key given in txn request" => Refused,
    }

    /// A request exceeds the server's size limit, by default 1.5 MiB.
    RequestTooLargeError {
        RequestTooLarge: "request is too large" => Refused,
    }

    /// The server is overloaded, and has refused the request until the deadline.
    ///
    /// The request was not applied.
    TooManyRequestsError + EtcdTimeoutError {
        // Refused before it is proposed, while the member applies too slowly what is committed.
        TooManyRequests: "too many requests" => TryLater,
    }

    /// The server does not know the call; it may be too old.
    UnimplementedError {}

    /// The cluster's version does not support the call.
    NotCapableError {
        // While it starts, the cluster has not agreed on its version yet.
        NotCapable: "not capable" => TryElsewhere,
    }

    // Storage

    /// The requested revision, or the history that a watch needs to resume, has been compacted.
    CompactedError {
        Compacted: "mvcc: required revision has been compacted" => Refused,
    }

    /// The revision is in the future: the cluster has not reached it.
    FutureRevisionError {
        FutureRev: "mvcc: required revision is a future revision" => Refused,
    }

    /// The database has exceeded its quota.
    ///
    /// The cluster refuses writes until space has been freed and the alarm disarmed. The write that
    /// exceeds the quota may still be applied, so it raises ``OutcomeUnknownError`` too.
    NoSpaceError {
        // A request that exceeds the quota only while it is being applied is applied anyway, and
        // answered with this.
        NoSpace: "mvcc: database space exceeded" => Unclear,
    }

    /// The members' data differ; the cluster refuses requests.
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

    /// The lease of a lock or a candidate ended while it was waiting.
    SessionExpiredError + LockError {
        SessionExpired: "mutex: session is expired" => Refused,
    }

    /// Only the leader of an election may do this, and the caller is not the leader.
    ElectionNotLeaderError + ElectError {
        // The lock and election services pass on the bare errors of Go's client.
        ElectionNotLeader: "election: not leader" => Refused,
    }

    /// The election has no leader.
    ElectionNoLeaderError + ElectError {
        ElectionNoLeader: "election: no leader" => Refused,
    }

    /// The server cancelled a watch, or refused it because of its range or id.
    WatchCanceledError + WatchError {
        // A member cancels streams when it shuts down or has lost the leader.
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

    /// The token is unknown or outdated, and so is a new one.
    InvalidAuthTokenError {
        InvalidAuthToken: "invalid auth token" => RenewToken,
        AuthOldRevision: "revision of auth store is old" => RenewToken,
        AuthOldRevision: "revision in header is old" => RenewToken,
    }

    /// The user lacks the permission.
    PermissionDeniedError {
        PermissionDenied: "permission denied" => Refused,
    }

    /// Authentication is not enabled.
    AuthNotEnabledError {
        AuthNotEnabled: "authentication is not enabled" => Refused,
    }

    /// The change is invalid, such as removing ``root`` while authentication is enabled.
    InvalidAuthMgmtError {
        InvalidAuthMgmt: "invalid auth management" => Refused,
    }

    /// Authentication cannot be enabled without a user ``root``.
    RootUserNotExistError {
        RootUserNotExist: "root user does not exist" => Refused,
    }

    /// Authentication cannot be enabled unless the user ``root`` has the role ``root``.
    RootRoleNotExistError {
        RootRoleNotExist: "root user does not have root role" => Refused,
    }

    /// A user's name is empty, or the call requires a user and has none.
    UserEmptyError {
        // Also the answer to a request that needs a token and has none.
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

    /// Too few members have been started for this change of the membership.
    MemberNotEnoughStartedError {
        MemberNotEnoughStarted:
            "re-configuration failed due to not enough started members" => Refused,
    }

    /// The member to promote is not a learner.
    MemberNotLearnerError {
        MemberNotLearner: "can only promote a learner member" => Refused,
    }

    /// The learner has not caught up with the leader yet; retry later.
    LearnerNotReadyError {
        LearnerNotReady:
            "can only promote a learner member which is in sync with leader" => Refused,
    }

    /// The cluster has the maximum number of learners.
    TooManyLearnersError {
        TooManyLearners: "too many learner members in cluster" => Refused,
    }

    /// Learners do not serve this call, and no other member could be reached.
    NotSupportedForLearnerError {
        NotSupportedForLearner: "rpc not supported for learner" => TryElsewhere,
    }

    /// The member that was to become the leader does not exist or is a learner.
    BadLeaderTransfereeError {
        BadLeaderTransferee: "bad leader transferee" => Refused,
    }

    // The state of the cluster

    /// The member knows of no leader of the cluster.
    NoLeaderError {
        NoLeader: "no leader" => TryElsewhere,
    }

    /// Only the leader of the cluster may do this, and the member is not the leader.
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

    /// Too many members are unhealthy for this change of the membership.
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

    /// The server noticed the passed deadline before the client did.
    DeadlineExceededError + EtcdTimeoutError {
        DeadlineExceeded: "context deadline exceeded" => Unclear,
    }

    /// The cluster cannot be downgraded to that version.
    InvalidDowngradeTargetVersionError {
        InvalidDowngradeTargetVersion: "invalid downgrade target version" => Refused,
        WrongDowngradeVersionFormat: "wrong downgrade target version format" => Refused,
    }

    /// A downgrade is already in progress.
    DowngradeInProcessError {
        DowngradeInProcess: "cluster has a downgrade job in progress" => Refused,
    }

    /// No downgrade is in progress.
    NoInflightDowngradeError {
        NoInflightDowngrade: "no inflight downgrade job" => Refused,
    }

    // Errors that programs can only display

    RpcError {
        ValueProvided: "value is provided" => Refused,
        LeaseProvided: "lease is provided" => Refused,
        InvalidClientAPIVersion: "invalid client api version" => Refused,
        InvalidSortOption: "invalid sort option" => Refused,
        ClusterIDMismatch: "cluster ID mismatch" => Refused,
        PermissionNotGiven: "permission not given" => Refused,
        // From raft: the leadership is being transferred, or the leader is overloaded; nothing was
        // appended to the log.
        ProposalDropped: "raft proposal dropped" => TryElsewhere,
        // The messages of etcd's API, of its server, and of Go's contexts.
        Canceled: "request canceled" => Unclear,
        Canceled: "request cancelled" => Unclear,
        Canceled: "context canceled" => Unclear,
        ClusterVersionUnavailable: "cluster version not found during downgrade" => Refused,
    }
}
