"""Everything that this package raises, but for ``TypeError``.

One tree, with what a class adds to the one above it, attributes and further bases::

    EtcdError                               (ClientError is the same class)
        GRPCStatusError                     .code .message .details
            EtcdTimeoutError                + TimeoutError
            EtcdConnectionError             + ConnectionError (TransportError is the same class)
            OutcomeUnknownError             .cause, + the class of the cause
            RpcError                        .reason; what the server answered
                EmptyKeyError
                KeyNotFoundError
                TooManyOpsError
                DuplicateKeyError
                RequestTooLargeError
                TooManyRequestsError
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

from __future__ import annotations

from typing import Any

from etcd_client.enums import GRPCStatusCode

from ._base import (
    ElectError,
    EtcdConnectionError,
    EtcdError,
    EtcdTimeoutError,
    GRPCStatusError,
    LeaseKeepAliveError,
    LockError,
    RpcError,
    Status,
    WatchError,
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
    error_class,
)

__all__ = [
    "AuthFailedError",
    "AuthNotEnabledError",
    "BadLeaderTransfereeError",
    "ClientError",
    "ClosedError",
    "CompactedError",
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
    "UserAlreadyExistError",
    "UserEmptyError",
    "UserNotFoundError",
    "Utf8Error",
    "WatchCanceledError",
    "WatchError",
    "WrongLoopError",
]

ClientError = EtcdError
TransportError = EtcdConnectionError


class OutcomeUnknownError(GRPCStatusError):
    """A change was asked for, and nobody can say whether it was made.

    It is also of the class of its cause, so that ``except EtcdTimeoutError`` catches it too. To
    tell a change that was certainly not made from one that may have been, catch this class first,
    and read before trying again.

    Args:
        cause: What went wrong while the call was under way.
    """

    cause: EtcdError
    """What went wrong; also the ``__cause__``."""
    __cause__: BaseException | None

    def __init__(self, cause: EtcdError) -> None:
        code = cause.code if isinstance(cause, GRPCStatusError) else GRPCStatusCode.Unknown
        message = f"the change may or may not have been made: {cause}"
        super().__init__(Status(code=int(code), details=b"", message=message))
        # What the class of the cause promises, such as `reason`, is the same here.
        self.__dict__.update(cause.__dict__)
        self.cause = cause
        self.__cause__ = cause

    def __reduce__(self) -> tuple[Any, ...]:
        # Its class is made when needed, so that no module has it under its name.
        return outcome_unknown, (self.cause,), self.__dict__

    def __str__(self) -> str:
        return self.message


class LeaseLostError(LeaseKeepAliveError, LeaseNotFoundError):
    """A lease that was kept alive ended, or was revoked by another."""


class SessionLostError(LeaseLostError):
    """A session ended before it was left: its lease is gone, and all that was on it."""


class LockTimeoutError(LockError, EtcdTimeoutError):
    """A lock was not acquired in time."""


class LockLostError(LockError):
    """A lock was lost while it was held: its lease or its key is gone."""


class InvalidArgsError(EtcdError, ValueError):
    """An argument has a wrong value; nothing was sent."""


class InvalidUriError(InvalidArgsError):
    """An endpoint is malformed."""


class InvalidHeaderValueError(InvalidArgsError):
    """A token or a name cannot be sent as a header."""


class EndpointError(EtcdError):
    """An endpoint could not be added or removed."""


class EndpointsNotManagedError(EndpointError):
    """The endpoints are not the client's to change."""


class IoError(EtcdError, OSError):
    """A file, such as a certificate, could not be read or written."""


class Utf8Error(EtcdError):
    """What should be text is not UTF-8."""


class ClosedError(EtcdError, RuntimeError):
    """The communicator is closed."""


class WrongLoopError(EtcdError, RuntimeError):
    """A communicator was used from another event loop than its own."""


class ForkedError(EtcdError, RuntimeError):
    """A communicator was used in a process forked after it was opened."""


def from_status(code: int, message: str, reason: str, compact_revision: int | None) -> RpcError:
    """Makes the error for an answer of the server's.

    Args:
        code: The code of the status.
        message: The message, as it came.
        reason: etcd's name of the error, or an empty string.
        compact_revision: The revision up to which history is gone, where that is the error.
    """
    try:
        known_code = GRPCStatusCode(code)
    except ValueError:
        # So says gRPC of codes that it does not define.
        known_code = GRPCStatusCode.Unknown
    status = Status(code=int(known_code), details=b"", message=message)
    known = error_class(reason, known_code)
    if issubclass(known, CompactedError):
        return known(status, reason=reason, compact_revision=compact_revision)
    return known(status, reason=reason)


def connection_error(message: str) -> EtcdConnectionError:
    """Makes the error for a connection that could not be made, or broke."""
    return EtcdConnectionError(message)


def timeout_error(message: str) -> EtcdTimeoutError:
    """Makes the error for a deadline that passed."""
    return EtcdTimeoutError(message)


def outcome_unknown(cause: EtcdError) -> OutcomeUnknownError:
    """Makes the error for a change that may or may not have been made."""
    return _outcome_unknown_class(type(cause))(cause)


_outcome_unknown_classes: dict[type[EtcdError], type[OutcomeUnknownError]] = {}


def _outcome_unknown_class(cause_class: type[EtcdError]) -> type[OutcomeUnknownError]:
    made = _outcome_unknown_classes.get(cause_class)
    if made is None:
        name = f"{OutcomeUnknownError.__name__}[{cause_class.__name__}]"
        members = {"__module__": "etcd_client", "__doc__": OutcomeUnknownError.__doc__}
        made = type(name, (OutcomeUnknownError, cause_class), members)
        # Another thread may have been first; there is one class for each cause.
        made = _outcome_unknown_classes.setdefault(cause_class, made)
    return made


# A traceback shows the name by which a program imports the class; pickle finds it there as well.
for _name in __all__:
    globals()[_name].__module__ = "etcd_client"
