"""One exception for each of etcd's errors that a program acts on.

Made by `make generate` from `src/rpc/error/server_error_table.rs`; change that.

A class is called by etcd's name with ``Error`` after it; where it stands for several, or the name
is taken, ``reasons`` says for which. All other errors of the server are a plain ``RpcError``.
"""

from __future__ import annotations

from typing import ClassVar

from etcd_client._status_code import GRPCStatusCode

from ._base import (
    AnyTimeoutError,
    ElectError,
    GRPCStatus,
    LockError,
    Reasons,
    RpcError,
    WatchError,
)
from ._connection import EtcdTimeoutError

# Requests


class EmptyKeyError(RpcError):
    """A key is empty."""

    reasons: ClassVar[Reasons] = ("EmptyKey",)


class KeyNotFoundError(RpcError):
    """The key whose value or lease a put was to keep does not exist."""

    reasons: ClassVar[Reasons] = ("KeyNotFound",)


class TooManyOpsError(RpcError):
    """A transaction has more operations than the server allows, by default 128."""

    reasons: ClassVar[Reasons] = ("TooManyOps",)


class DuplicateKeyError(RpcError):
    """A transaction writes a key more than once."""

    reasons: ClassVar[Reasons] = ("DuplicateKey",)


class RequestTooLargeError(RpcError):
    """A request exceeds the server's size limit, by default 1.5 MiB."""

    reasons: ClassVar[Reasons] = ("RequestTooLarge",)


class TooManyRequestsError(RpcError, EtcdTimeoutError):
    """The server is overloaded, and has refused the request until the deadline.

    The request was not applied.
    """

    reasons: ClassVar[Reasons] = ("TooManyRequests",)


class UnimplementedError(RpcError):
    """The server does not know the call; it may be too old."""

    own_code: ClassVar[GRPCStatusCode] = GRPCStatusCode.Unimplemented


class NotCapableError(RpcError):
    """The cluster's version does not support the call."""

    reasons: ClassVar[Reasons] = ("NotCapable",)


# Storage


class CompactedError(RpcError):
    """The requested revision, or the history that a watch needs to resume, has been compacted."""

    reasons: ClassVar[Reasons] = ("Compacted",)

    compact_revision: int | None
    """The first revision that a watch can start at; the server tells it to watches only."""

    def __init__(
        self,
        status: GRPCStatus | str = "",
        *,
        reason: str | None = None,
        compact_revision: int | None = None,
    ) -> None:
        super().__init__(status, reason=reason)
        self.compact_revision = compact_revision


class FutureRevisionError(RpcError):
    """The revision is in the future: the cluster has not reached it."""

    reasons: ClassVar[Reasons] = ("FutureRev",)


class NoSpaceError(RpcError):
    """The database has exceeded its quota.

    The cluster refuses writes until space has been freed and the alarm disarmed. The write that
    exceeds the quota may still be applied, so it raises ``OutcomeUnknownError`` too.
    """

    reasons: ClassVar[Reasons] = ("NoSpace",)


class CorruptError(RpcError):
    """The members' data differ; the cluster refuses requests."""

    reasons: ClassVar[Reasons] = ("Corrupt",)


# Leases, locks, elections and watches


class LeaseNotFoundError(RpcError):
    """The lease does not exist: it expired, was revoked, or was never granted."""

    own_code: ClassVar[GRPCStatusCode] = GRPCStatusCode.NotFound
    reasons: ClassVar[Reasons] = ("LeaseNotFound",)


class LeaseExistError(RpcError):
    """A lease with that id exists already."""

    reasons: ClassVar[Reasons] = ("LeaseExist",)


class LeaseTTLTooLargeError(RpcError):
    """A lease's time to live is above 9,000,000,000 seconds."""

    reasons: ClassVar[Reasons] = ("LeaseTTLTooLarge",)


class SessionExpiredError(RpcError, LockError):
    """The lease of a lock or a candidate ended while it was waiting."""

    reasons: ClassVar[Reasons] = ("SessionExpired",)


class ElectionNotLeaderError(RpcError, ElectError):
    """Only the leader of an election may do this, and the caller is not the leader."""

    reasons: ClassVar[Reasons] = ("ElectionNotLeader",)


class ElectionNoLeaderError(RpcError, ElectError):
    """The election has no leader."""

    reasons: ClassVar[Reasons] = ("ElectionNoLeader",)


class WatchCanceledError(RpcError, WatchError):
    """The server cancelled a watch, or refused it because of its range or id."""

    reasons: ClassVar[Reasons] = ("WatchCanceled", "EmptyWatcherRange", "WatcherDuplicateID")


# Users and roles


class AuthFailedError(RpcError):
    """The user or the password is wrong."""

    reasons: ClassVar[Reasons] = ("AuthFailed", "NoPasswordUser")


class InvalidAuthTokenError(RpcError):
    """The token is unknown or outdated, and so is a new one."""

    reasons: ClassVar[Reasons] = ("InvalidAuthToken", "AuthOldRevision")


class PermissionDeniedError(RpcError):
    """The user lacks the permission."""

    reasons: ClassVar[Reasons] = ("PermissionDenied",)


class AuthNotEnabledError(RpcError):
    """Authentication is not enabled."""

    reasons: ClassVar[Reasons] = ("AuthNotEnabled",)


class InvalidAuthMgmtError(RpcError):
    """The change is invalid, such as removing ``root`` while authentication is enabled."""

    reasons: ClassVar[Reasons] = ("InvalidAuthMgmt",)


class RootUserNotExistError(RpcError):
    """Authentication cannot be enabled without a user ``root``."""

    reasons: ClassVar[Reasons] = ("RootUserNotExist",)


class RootRoleNotExistError(RpcError):
    """Authentication cannot be enabled unless the user ``root`` has the role ``root``."""

    reasons: ClassVar[Reasons] = ("RootRoleNotExist",)


class UserEmptyError(RpcError):
    """A user's name is empty, or the call requires a user and has none."""

    reasons: ClassVar[Reasons] = ("UserEmpty",)


class UserAlreadyExistError(RpcError):
    """A user with that name exists already."""

    reasons: ClassVar[Reasons] = ("UserAlreadyExist",)


class UserNotFoundError(RpcError):
    """The user does not exist."""

    reasons: ClassVar[Reasons] = ("UserNotFound",)


class RoleEmptyError(RpcError):
    """A role's name is empty."""

    reasons: ClassVar[Reasons] = ("RoleEmpty",)


class RoleAlreadyExistError(RpcError):
    """A role with that name exists already."""

    reasons: ClassVar[Reasons] = ("RoleAlreadyExist",)


class RoleNotFoundError(RpcError):
    """The role does not exist."""

    reasons: ClassVar[Reasons] = ("RoleNotFound",)


class RoleNotGrantedError(RpcError):
    """The user does not have the role that was to be revoked."""

    reasons: ClassVar[Reasons] = ("RoleNotGranted",)


class PermissionNotGrantedError(RpcError):
    """The role does not have the permission that was to be revoked."""

    reasons: ClassVar[Reasons] = ("PermissionNotGranted",)


# Members


class MemberNotFoundError(RpcError):
    """The member does not exist."""

    reasons: ClassVar[Reasons] = ("MemberNotFound",)


class MemberExistError(RpcError):
    """A member with that id exists already."""

    reasons: ClassVar[Reasons] = ("MemberExist",)


class PeerURLExistError(RpcError):
    """A member with one of these peer URLs exists already."""

    reasons: ClassVar[Reasons] = ("PeerURLExist",)


class MemberBadURLsError(RpcError):
    """A peer URL is malformed."""

    reasons: ClassVar[Reasons] = ("MemberBadURLs",)


class MemberNotEnoughStartedError(RpcError):
    """Too few members have been started for this change of the membership."""

    reasons: ClassVar[Reasons] = ("MemberNotEnoughStarted",)


class MemberNotLearnerError(RpcError):
    """The member to promote is not a learner."""

    reasons: ClassVar[Reasons] = ("MemberNotLearner",)


class LearnerNotReadyError(RpcError):
    """The learner has not caught up with the leader yet; retry later."""

    reasons: ClassVar[Reasons] = ("LearnerNotReady",)


class TooManyLearnersError(RpcError):
    """The cluster has the maximum number of learners."""

    reasons: ClassVar[Reasons] = ("TooManyLearners",)


class NotSupportedForLearnerError(RpcError):
    """Learners do not serve this call, and no other member could be reached."""

    reasons: ClassVar[Reasons] = ("NotSupportedForLearner",)


class BadLeaderTransfereeError(RpcError):
    """The member that was to become the leader does not exist or is a learner."""

    reasons: ClassVar[Reasons] = ("BadLeaderTransferee",)


# The state of the cluster


class NoLeaderError(RpcError):
    """The member knows of no leader of the cluster."""

    reasons: ClassVar[Reasons] = ("NoLeader",)


class NotLeaderError(RpcError):
    """Only the leader of the cluster may do this, and the member is not the leader."""

    reasons: ClassVar[Reasons] = ("NotLeader",)


class LeaderChangedError(RpcError):
    """The leader changed during the call."""

    reasons: ClassVar[Reasons] = ("LeaderChanged",)


class StoppedError(RpcError):
    """The member stopped during the call."""

    reasons: ClassVar[Reasons] = ("Stopped",)


class UnhealthyError(RpcError):
    """Too many members are unhealthy for this change of the membership."""

    reasons: ClassVar[Reasons] = ("Unhealthy",)


class ServerTimeoutError(RpcError, AnyTimeoutError):
    """The cluster did not agree on the request in time."""

    reasons: ClassVar[Reasons] = (
        "Timeout",
        "TimeoutDueToLeaderFail",
        "TimeoutDueToConnectionLost",
        "TimeoutWaitAppliedIndex",
        "TimeoutLeaderTransfer",
    )


class DeadlineExceededError(RpcError, EtcdTimeoutError):
    """The server noticed the passed deadline before the client did."""

    reasons: ClassVar[Reasons] = ("DeadlineExceeded",)


class InvalidDowngradeTargetVersionError(RpcError):
    """The cluster cannot be downgraded to that version."""

    reasons: ClassVar[Reasons] = ("InvalidDowngradeTargetVersion", "WrongDowngradeVersionFormat")


class DowngradeInProcessError(RpcError):
    """A downgrade is already in progress."""

    reasons: ClassVar[Reasons] = ("DowngradeInProcess",)


class NoInflightDowngradeError(RpcError):
    """No downgrade is in progress."""

    reasons: ClassVar[Reasons] = ("NoInflightDowngrade",)
