"""One exception for each of etcd's errors that a program acts on.

A class is called by etcd's name with ``Error`` after it; where it stands for several, or the name
is taken, ``reasons`` says for which. All other errors of the server are a plain ``RpcError``.
"""

from __future__ import annotations

from ._error_base import (
    AnyTimeoutError,
    ElectError,
    EtcdTimeoutError,
    LockError,
    RpcError,
    Status,
    WatchError,
)
from .enums import GRPCStatusCode

# Requests


class EmptyKeyError(RpcError):
    """A key is empty."""

    reasons = ("EmptyKey",)


class KeyNotFoundError(RpcError):
    """A put that keeps a key's value or lease found no such key."""

    reasons = ("KeyNotFound",)


class TooManyOpsError(RpcError):
    """A transaction has more operations than the server takes, by default 128."""

    reasons = ("TooManyOps",)


class DuplicateKeyError(RpcError):
    """A transaction writes a key more than once."""

    reasons = ("DuplicateKey",)


class RequestTooLargeError(RpcError):
    """A request is larger than the server takes, by default 1.5 MiB."""

    reasons = ("RequestTooLarge",)


class TooManyRequestsError(RpcError):
    """The server has too much in hand. Nothing was done; try again later."""

    reasons = ("TooManyRequests",)


class UnimplementedError(RpcError):
    """The server, an old one perhaps, does not know the call."""

    own_code = GRPCStatusCode.Unimplemented


class NotCapableError(RpcError):
    """The cluster has not agreed on a version yet that has the call."""

    reasons = ("NotCapable",)


# Storage


class CompactedError(RpcError):
    """The revision that was asked for is gone; so is the history that a watch needs to go on."""

    reasons = ("Compacted",)

    compact_revision: int | None
    """The first revision that a watch can start at; the server tells it to watches only."""

    def __init__(
        self,
        status: Status | str = "",
        *,
        reason: str | None = None,
        compact_revision: int | None = None,
    ) -> None:
        super().__init__(status, reason=reason)
        self.compact_revision = compact_revision


class FutureRevisionError(RpcError):
    """The revision that was asked for has not come yet."""

    reasons = ("FutureRev",)


class NoSpaceError(RpcError):
    """The database has reached its quota.

    The cluster refuses to write until space was made and the alarm taken back. The write that finds
    the quota reached may be done all the same, which is why ``OutcomeUnknownError`` comes with it.
    """

    reasons = ("NoSpace",)


class CorruptError(RpcError):
    """The data of the members differ; the cluster refuses to serve them."""

    reasons = ("Corrupt",)


# Leases, locks, elections and watches


class LeaseNotFoundError(RpcError):
    """There is no such lease: it ended, or was revoked, or never was."""

    own_code = GRPCStatusCode.NotFound
    reasons = ("LeaseNotFound",)


class LeaseExistError(RpcError):
    """There is a lease of that id."""

    reasons = ("LeaseExist",)


class LeaseTTLTooLargeError(RpcError):
    """A lease's time to live is above 9,000,000,000 seconds."""

    reasons = ("LeaseTTLTooLarge",)


class SessionExpiredError(RpcError, LockError):
    """The lease that was to hold a lock ended while waiting for the lock."""

    reasons = ("SessionExpired",)


class ElectionNotLeaderError(RpcError, ElectError):
    """Only the leader of an election can do this, and it is another, or none."""

    reasons = ("ElectionNotLeader",)


class ElectionNoLeaderError(RpcError, ElectError):
    """The election has no leader."""

    reasons = ("ElectionNoLeader",)


class WatchCanceledError(RpcError, WatchError):
    """The server ended a watch, or refused it for its range or id."""

    reasons = ("WatchCanceled", "EmptyWatcherRange", "WatcherDuplicateID")


# Users and roles


class AuthFailedError(RpcError):
    """The user or the password is wrong."""

    reasons = ("AuthFailed", "NoPasswordUser")


class InvalidAuthTokenError(RpcError):
    """The token is unknown or outdated, and a new one did not help."""

    reasons = ("InvalidAuthToken", "AuthOldRevision")


class PermissionDeniedError(RpcError):
    """The user may not do this."""

    reasons = ("PermissionDenied",)


class AuthNotEnabledError(RpcError):
    """Authentication is not enabled."""

    reasons = ("AuthNotEnabled",)


class InvalidAuthMgmtError(RpcError):
    """The change makes no sense, or would lock everybody out: root stays while auth is enabled."""

    reasons = ("InvalidAuthMgmt",)


class RootUserNotExistError(RpcError):
    """Authentication needs a user ``root``."""

    reasons = ("RootUserNotExist",)


class RootRoleNotExistError(RpcError):
    """Authentication needs the user ``root`` to have the role ``root``."""

    reasons = ("RootRoleNotExist",)


class UserEmptyError(RpcError):
    """A user's name is empty; also, the call carries no token and needs one."""

    reasons = ("UserEmpty",)


class UserAlreadyExistError(RpcError):
    """There is a user of that name."""

    reasons = ("UserAlreadyExist",)


class UserNotFoundError(RpcError):
    """There is no such user."""

    reasons = ("UserNotFound",)


class RoleEmptyError(RpcError):
    """A role's name is empty."""

    reasons = ("RoleEmpty",)


class RoleAlreadyExistError(RpcError):
    """There is a role of that name."""

    reasons = ("RoleAlreadyExist",)


class RoleNotFoundError(RpcError):
    """There is no such role."""

    reasons = ("RoleNotFound",)


class RoleNotGrantedError(RpcError):
    """The user does not have the role that was to be taken."""

    reasons = ("RoleNotGranted",)


class PermissionNotGrantedError(RpcError):
    """The role does not have the permission that was to be taken."""

    reasons = ("PermissionNotGranted",)


# Members


class MemberNotFoundError(RpcError):
    """There is no such member."""

    reasons = ("MemberNotFound",)


class MemberExistError(RpcError):
    """There is a member of that id."""

    reasons = ("MemberExist",)


class PeerURLExistError(RpcError):
    """There is a member with one of these peer URLs."""

    reasons = ("PeerURLExist",)


class MemberBadURLsError(RpcError):
    """A peer URL is malformed."""

    reasons = ("MemberBadURLs",)


class MemberNotEnoughStartedError(RpcError):
    """Too few members are running for this change of the membership."""

    reasons = ("MemberNotEnoughStarted",)


class MemberNotLearnerError(RpcError):
    """The member to promote is not a learner."""

    reasons = ("MemberNotLearner",)


class LearnerNotReadyError(RpcError):
    """The learner has not caught up with the leader yet; try again later."""

    reasons = ("LearnerNotReady",)


class TooManyLearnersError(RpcError):
    """The cluster has as many learners as it may have."""

    reasons = ("TooManyLearners",)


class NotSupportedForLearnerError(RpcError):
    """A learner does not do this, and no other member could be asked."""

    reasons = ("NotSupportedForLearner",)


class BadLeaderTransfereeError(RpcError):
    """The member to lead is not there, or is a learner."""

    reasons = ("BadLeaderTransferee",)


# The state of the cluster


class NoLeaderError(RpcError):
    """The cluster, as far as the member sees it, has no leader."""

    reasons = ("NoLeader",)


class NotLeaderError(RpcError):
    """Only the leader does this, and the member is not it."""

    reasons = ("NotLeader",)


class LeaderChangedError(RpcError):
    """The leader changed during the call."""

    reasons = ("LeaderChanged",)


class StoppedError(RpcError):
    """The member stopped during the call."""

    reasons = ("Stopped",)


class UnhealthyError(RpcError):
    """Too many members do not answer for this change of the membership."""

    reasons = ("Unhealthy",)


class ServerTimeoutError(RpcError, AnyTimeoutError):
    """The cluster did not agree on the request in time."""

    reasons = (
        "Timeout",
        "TimeoutDueToLeaderFail",
        "TimeoutDueToConnectionLost",
        "TimeoutWaitAppliedIndex",
        "TimeoutLeaderTransfer",
    )


class DeadlineExceededError(RpcError, EtcdTimeoutError):
    """The server noticed before the client did that the time for the call was up."""

    reasons = ("DeadlineExceeded",)


class InvalidDowngradeTargetVersionError(RpcError):
    """The cluster cannot be downgraded to that version."""

    reasons = ("InvalidDowngradeTargetVersion", "WrongDowngradeVersionFormat")


class DowngradeInProcessError(RpcError):
    """A downgrade is under way."""

    reasons = ("DowngradeInProcess",)


class NoInflightDowngradeError(RpcError):
    """No downgrade is under way."""

    reasons = ("NoInflightDowngrade",)


_BY_REASON = {reason: known for known in RpcError.__subclasses__() for reason in known.reasons}
_BY_CODE: dict[GRPCStatusCode, type[RpcError]] = {
    GRPCStatusCode.Unimplemented: UnimplementedError,
    GRPCStatusCode.DeadlineExceeded: DeadlineExceededError,
}


def error_class(reason: str, code: GRPCStatusCode) -> type[RpcError]:
    """Finds the class for an error, by etcd's name of it or else by its code."""
    return _BY_REASON.get(reason) or _BY_CODE.get(code, RpcError)
