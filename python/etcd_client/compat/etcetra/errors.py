"""The exceptions of etcetra, each raised for its own status code.

etcetra meant to do this, but raised `EtcdUnknownError` for every code. Programs have had to catch
that, so the other classes are kinds of it here. The package's own exception is the `__cause__`.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, ClassVar, ParamSpec, TypeVar

from etcd_client._status_code import GRPCStatusCode
from etcd_client.errors import (
    ClosedError,
    ElectionNoLeaderError,
    ElectionNotLeaderError,
    EtcdError,
    GRPCStatusError,
    InvalidArgsError,
    LeaseNotFoundError,
    LockLostError,
)
from etcd_client.errors._base import AnyTimeoutError

_P = ParamSpec("_P")
_T = TypeVar("_T")


class EtcetraError(Exception):
    """The base class of all exceptions of this module.

    Args:
        message: What went wrong.
        debug_map: None; etcetra had the headers of the response here.
    """

    code: ClassVar[int]
    """The gRPC status code; `int` of an error gives it too."""

    debug_map: Mapping[str, Any] | None

    def __init__(
        self, message: str | None = None, debug_map: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.debug_map = debug_map

    def __int__(self) -> int:
        return int(self.code)


class EtcdUnknownError(EtcetraError):
    """The call failed. The base class of all others, for programs that catch only this one."""

    code: ClassVar[int] = GRPCStatusCode.Unknown


class EtcdInvalidArgumentError(EtcdUnknownError, ValueError):
    """An argument has a wrong value: nothing was sent, or the server refused it."""

    code: ClassVar[int] = GRPCStatusCode.InvalidArgument


class EtcdDeadlineExceededError(EtcdUnknownError, AnyTimeoutError):
    """There was no response in time, or a lock was not acquired in time."""

    code: ClassVar[int] = GRPCStatusCode.DeadlineExceeded


class EtcdNotFoundError(EtcdUnknownError):
    """A lease or a leader does not exist, or a lock or a lease was lost."""

    code: ClassVar[int] = GRPCStatusCode.NotFound


class EtcdAlreadyExistsError(EtcdUnknownError):
    """What was to be created exists already."""

    code: ClassVar[int] = GRPCStatusCode.AlreadyExists


class EtcdPermissionDeniedError(EtcdUnknownError):
    """The user lacks the permission for the call."""

    code: ClassVar[int] = GRPCStatusCode.PermissionDenied


class EtcdUnauthenticatedError(EtcdUnknownError):
    """The user's token is invalid."""

    code: ClassVar[int] = GRPCStatusCode.Unauthenticated


class EtcdTooManyRequestError(EtcdUnknownError):
    """The server is overloaded, or its database has exceeded its quota."""

    code: ClassVar[int] = GRPCStatusCode.ResourceExhausted


class EtcdBadRequestError(EtcdUnknownError):
    """The call is impossible in the present state: such as proclaiming without a leadership."""

    code: ClassVar[int] = GRPCStatusCode.FailedPrecondition


class EtcdAbortedError(EtcdUnknownError):
    """The server aborted the call."""

    code: ClassVar[int] = GRPCStatusCode.Aborted


class EtcdOutOfRangeError(EtcdUnknownError):
    """A revision is compacted, or in the future."""

    code: ClassVar[int] = GRPCStatusCode.OutOfRange


class EtcdUnimplementedError(EtcdUnknownError):
    """The server does not know the call."""

    code: ClassVar[int] = GRPCStatusCode.Unimplemented


class EtcdInternalError(EtcdUnknownError):
    """The server failed."""

    code: ClassVar[int] = GRPCStatusCode.Internal


class EtcdUnavailableError(EtcdUnknownError):
    """No endpoint could be reached, the connection broke, or the cluster has no leader."""

    code: ClassVar[int] = GRPCStatusCode.Unavailable


class EtcdDataLossError(EtcdUnknownError):
    """The server's data is corrupt."""

    code: ClassVar[int] = GRPCStatusCode.DataLoss


_BY_CODE = {error.code: error for error in EtcdUnknownError.__subclasses__()}

# Of the package's exceptions, those without a status code, and those that have Unknown as theirs
# when they come from the services for locks and elections.
_BY_CLASS: dict[type[EtcdError], type[EtcdUnknownError]] = {
    ClosedError: EtcdBadRequestError,
    ElectionNoLeaderError: EtcdNotFoundError,
    ElectionNotLeaderError: EtcdBadRequestError,
    InvalidArgsError: EtcdInvalidArgumentError,
    LeaseNotFoundError: EtcdNotFoundError,
    LockLostError: EtcdNotFoundError,
}


def matching(error: EtcdError) -> EtcdUnknownError:
    """Make etcetra's exception for one of the package.

    Args:
        error: The package's exception.

    Returns:
        The exception, with the same message.
    """
    code, message = GRPCStatusCode.Unknown, str(error)
    if isinstance(error, GRPCStatusError):
        code, message = error.code, error.message
    for kind, found in _BY_CLASS.items():
        if isinstance(error, kind):
            return found(message)
    return _BY_CODE.get(code, EtcdUnknownError)(message)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raise etcetra's exceptions in place of the package's.

    Raises:
        EtcdUnknownError: The body raised an `EtcdError`.
    """
    try:
        yield
    except EtcdError as error:
        raise matching(error) from error


def translating(
    call: Callable[_P, Coroutine[Any, Any, _T]],
) -> Callable[_P, Coroutine[Any, Any, _T]]:
    """Make a coroutine function raise etcetra's exceptions in place of the package's.

    Args:
        call: The coroutine function.
    """

    @functools.wraps(call)
    async def translating_call(*args: _P.args, **options: _P.kwargs) -> _T:
        with translated():
            return await call(*args, **options)

    return translating_call
