"""All exceptions that this package raises, except ``TypeError``.

The tree of classes, with the attributes and further bases that each of them adds::

    EtcdError                               (ClientError is the same class)
        GRPCStatusError                     .code .message .details
            EtcdTimeoutError                + TimeoutError
            EtcdConnectionError             + ConnectionError (TransportError is the same class)
                UnreachableError            + EtcdTimeoutError
                ClusterMismatchError        .endpoint .cluster_id .expected_cluster_id
            OutcomeUnknownError             .cause, + the class of the cause
            RpcError                        .reason; the server answered with an error
                EmptyKeyError
                KeyNotFoundError
                TooManyOpsError
                DuplicateKeyError
                RequestTooLargeError
                TooManyRequestsError        + EtcdTimeoutError
                UnimplementedError
                NotCapableError
                CompactedError              .compact_revision
                FutureRevisionError
                NoSpaceError
                CorruptError
                LeaseNotFoundError
                    LeaseLostError          + LeaseKeepAliveError
                        SessionLostError
                LeaseExistError
                LeaseTTLTooLargeError
                SessionExpiredError         + LockError
                ElectionNotLeaderError      + ElectError
                ElectionNoLeaderError       + ElectError
                WatchCanceledError          + WatchError
                AuthFailedError
                InvalidAuthTokenError
                PermissionDeniedError
                AuthNotEnabledError
                InvalidAuthMgmtError
                RootUserNotExistError
                RootRoleNotExistError
                UserEmptyError
                UserAlreadyExistError
                UserNotFoundError
                RoleEmptyError
                RoleAlreadyExistError
                RoleNotFoundError
                RoleNotGrantedError
                PermissionNotGrantedError
                MemberNotFoundError
                MemberExistError
                PeerURLExistError
                MemberBadURLsError
                MemberNotEnoughStartedError
                MemberNotLearnerError
                LearnerNotReadyError
                TooManyLearnersError
                NotSupportedForLearnerError
                BadLeaderTransfereeError
                NoLeaderError
                NotLeaderError
                LeaderChangedError
                StoppedError
                UnhealthyError
                ServerTimeoutError          + TimeoutError
                DeadlineExceededError       + EtcdTimeoutError
                InvalidDowngradeTargetVersionError
                DowngradeInProcessError
                NoInflightDowngradeError
        InvalidArgsError                    + ValueError
            InvalidUriError
            InvalidHeaderValueError
        LockError
            LockTimeoutError                + EtcdTimeoutError
            LockLostError
        ConflictError                       .kv
            KeyExistsError
        LeaseKeepAliveError
        WatchError
        ElectError
        EndpointError
            EndpointsNotManagedError
        IoError                             + OSError
        Utf8Error
        ClosedError                         + RuntimeError
        WrongLoopError                      + RuntimeError
        ForkedError                         + RuntimeError

On Python 3.10, where ``asyncio.TimeoutError`` is a class of its own, every ``TimeoutError`` here is
one of those too.
"""

# Imported now: a process without free file descriptors could not import it when it needs it.
from . import _makers  # noqa: F401
from ._base import (
    ClientError,
    ElectError,
    EtcdError,
    GRPCStatusError,
    LeaseKeepAliveError,
    LockError,
    RpcError,
    WatchError,
)
from ._conflict import ConflictError, KeyExistsError
from ._connection import (
    ClusterMismatchError,
    EndpointError,
    EndpointsNotManagedError,
    EtcdConnectionError,
    EtcdTimeoutError,
    TransportError,
    UnreachableError,
)
from ._leases import (
    LeaseLostError,
    LockLostError,
    LockTimeoutError,
    SessionLostError,
)
from ._outcome import (
    OutcomeUnknownError,
)
from ._server import (
    AuthFailedError,
    AuthNotEnabledError,
    BadLeaderTransfereeError,
    CompactedError,
    CorruptError,
    DeadlineExceededError,
    DowngradeInProcessError,
    DuplicateKeyError,
    ElectionNoLeaderError,
    ElectionNotLeaderError,
    EmptyKeyError,
    FutureRevisionError,
    InvalidAuthMgmtError,
    InvalidAuthTokenError,
    InvalidDowngradeTargetVersionError,
    KeyNotFoundError,
    LeaderChangedError,
    LearnerNotReadyError,
    LeaseExistError,
    LeaseNotFoundError,
    LeaseTTLTooLargeError,
    MemberBadURLsError,
    MemberExistError,
    MemberNotEnoughStartedError,
    MemberNotFoundError,
    MemberNotLearnerError,
    NoInflightDowngradeError,
    NoLeaderError,
    NoSpaceError,
    NotCapableError,
    NotLeaderError,
    NotSupportedForLearnerError,
    PeerURLExistError,
    PermissionDeniedError,
    PermissionNotGrantedError,
    RequestTooLargeError,
    RoleAlreadyExistError,
    RoleEmptyError,
    RoleNotFoundError,
    RoleNotGrantedError,
    RootRoleNotExistError,
    RootUserNotExistError,
    ServerTimeoutError,
    SessionExpiredError,
    StoppedError,
    TooManyLearnersError,
    TooManyOpsError,
    TooManyRequestsError,
    UnhealthyError,
    UnimplementedError,
    UserAlreadyExistError,
    UserEmptyError,
    UserNotFoundError,
    WatchCanceledError,
)
from ._usage import (
    ClosedError,
    ForkedError,
    InvalidArgsError,
    InvalidHeaderValueError,
    InvalidUriError,
    IoError,
    Utf8Error,
    WrongLoopError,
)

__all__ = [
    "AuthFailedError",
    "AuthNotEnabledError",
    "BadLeaderTransfereeError",
    "ClientError",
    "ClosedError",
    "ClusterMismatchError",
    "CompactedError",
    "ConflictError",
    "CorruptError",
    "DeadlineExceededError",
    "DowngradeInProcessError",
    "DuplicateKeyError",
    "ElectError",
    "ElectionNoLeaderError",
    "ElectionNotLeaderError",
    "EmptyKeyError",
    "EndpointError",
    "EndpointsNotManagedError",
    "EtcdConnectionError",
    "EtcdError",
    "EtcdTimeoutError",
    "ForkedError",
    "FutureRevisionError",
    "GRPCStatusError",
    "InvalidArgsError",
    "InvalidAuthMgmtError",
    "InvalidAuthTokenError",
    "InvalidDowngradeTargetVersionError",
    "InvalidHeaderValueError",
    "InvalidUriError",
    "IoError",
    "KeyExistsError",
    "KeyNotFoundError",
    "LeaderChangedError",
    "LearnerNotReadyError",
    "LeaseExistError",
    "LeaseKeepAliveError",
    "LeaseLostError",
    "LeaseNotFoundError",
    "LeaseTTLTooLargeError",
    "LockError",
    "LockLostError",
    "LockTimeoutError",
    "MemberBadURLsError",
    "MemberExistError",
    "MemberNotEnoughStartedError",
    "MemberNotFoundError",
    "MemberNotLearnerError",
    "NoInflightDowngradeError",
    "NoLeaderError",
    "NoSpaceError",
    "NotCapableError",
    "NotLeaderError",
    "NotSupportedForLearnerError",
    "OutcomeUnknownError",
    "PeerURLExistError",
    "PermissionDeniedError",
    "PermissionNotGrantedError",
    "RequestTooLargeError",
    "RoleAlreadyExistError",
    "RoleEmptyError",
    "RoleNotFoundError",
    "RoleNotGrantedError",
    "RootRoleNotExistError",
    "RootUserNotExistError",
    "RpcError",
    "ServerTimeoutError",
    "SessionExpiredError",
    "SessionLostError",
    "StoppedError",
    "TooManyLearnersError",
    "TooManyOpsError",
    "TooManyRequestsError",
    "TransportError",
    "UnhealthyError",
    "UnimplementedError",
    "UnreachableError",
    "UserAlreadyExistError",
    "UserEmptyError",
    "UserNotFoundError",
    "Utf8Error",
    "WatchCanceledError",
    "WatchError",
    "WrongLoopError",
]

# Tracebacks, pickles and `help` show where programs import a name from, not where it is defined.
for _name in __all__:
    globals()[_name].__module__ = "etcd_client"
