"""The exceptions of python-aio-etcd, with the error codes and payloads of etcd's API v2."""

# ruff: noqa: N818 - these are the names that programs catch

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, ClassVar, NoReturn

import etcd_client as _v3

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class EtcdException(Exception):
    """The base class of all exceptions here.

    Args:
        message: What happened.
        payload: The body of the answer as API v2 has it: `errorCode`, `message`, `cause`, `index`
            and `status`; None where there was no answer.
    """

    def __init__(
        self, message: str | None = None, payload: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.payload = payload


class EtcdValueError(EtcdException, ValueError):
    """An argument, or the state of a key, does not allow the operation."""


class EtcdCompareFailed(EtcdValueError):
    """The key is not as `prevValue` or `prevIndex` says (101)."""


class EtcdDirNotEmpty(EtcdValueError):
    """The directory is not empty (108)."""


class EtcdClusterIdChanged(EtcdException):
    """The server belongs to another cluster than expected."""


class EtcdKeyError(EtcdException):
    """The key does not allow the operation."""


class EtcdKeyNotFound(EtcdKeyError):
    """There is no such key (100)."""


class EtcdNotFile(EtcdKeyError):
    """The key is a directory (102)."""


class EtcdNotDir(EtcdKeyError):
    """A part of the path is a file (104)."""


class EtcdAlreadyExist(EtcdKeyError):
    """The key exists (105)."""


class EtcdRootReadOnly(EtcdKeyError):
    """The root cannot be changed (107)."""


class EtcdEventIndexCleared(EtcdException):
    """The history that a watch asked for has been compacted (401)."""


class EtcdConnectionFailed(EtcdException):
    """No server answered in time.

    Args:
        message: What happened.
        payload: Always None.
        cause: The error below it; an `etcd_client.OutcomeUnknownError` where a change may have been
            applied.
    """

    def __init__(
        self,
        message: str | None = None,
        payload: Mapping[str, object] | None = None,
        cause: BaseException | None = None,
    ) -> None:
        super().__init__(message, payload)
        self.cause = cause


class EtcdWatchTimedOut(EtcdConnectionFailed):
    """A watch with a `timeout` saw no change in time."""


class EtcdInsufficientPermissions(EtcdException):
    """The user may not do this, or did not authenticate (110)."""


class EtcdWatcherCleared(EtcdException):
    """A watch ended because the server recovered (400); with etcd v3, watches go on."""


class EtcdLeaderElectionInProgress(EtcdException):
    """The cluster has no leader at the moment (301)."""


class EtcdLockExpired(EtcdException):
    """The place in the line of a lock is gone: its time to live is over, or it was deleted."""


class StopWatching(BaseException):
    """Raised by the callback of `Client.eternal_watch` to end it."""


class EtcdError:
    """Makes exceptions of the error codes of API v2."""

    error_exceptions: ClassVar[dict[int, type[EtcdException]]] = {
        100: EtcdKeyNotFound,
        101: EtcdCompareFailed,
        102: EtcdNotFile,
        104: EtcdNotDir,
        105: EtcdAlreadyExist,
        107: EtcdRootReadOnly,
        108: EtcdDirNotEmpty,
        110: EtcdInsufficientPermissions,
        **dict.fromkeys(range(200, 213), EtcdValueError),
        301: EtcdLeaderElectionInProgress,
        400: EtcdWatcherCleared,
        401: EtcdEventIndexCleared,
    }

    @classmethod
    def handle(cls, payload: Mapping[str, object]) -> NoReturn:
        """Raise the exception for the body of an answer.

        Args:
            payload: The body: `errorCode`, `message`, `cause` and perhaps `status`.

        Raises:
            EtcdException: Always.
        """
        code, status = payload.get("errorCode"), payload.get("status")
        # Not every answer with these has a code.
        code = 100 if status == 404 else 110 if status == 401 else code  # noqa: PLR2004 - HTTP's
        kind = (
            cls.error_exceptions.get(code, EtcdException)
            if isinstance(code, int)
            else EtcdException
        )
        message = f"{payload.get('message')} : {payload.get('cause')}"
        raise kind(message, payload)


# What etcd's API v2 calls each error, and the status of its answer.
_ANSWERS = {
    100: ("Key not found", 404),
    101: ("Compare failed", 412),
    102: ("Not a file", 403),
    104: ("Not a directory", 400),
    105: ("Key already exists", 412),
    107: ("Root is read only", 403),
    108: ("Directory not empty", 403),
    110: ("The request requires user authentication", 401),
    201: ("PrevValue is Required in POST form", 400),
    202: ("The given TTL in POST form is not a number", 400),
    203: ("The given index in POST form is not a number", 400),
    209: ("Invalid field", 400),
    211: ("Value provided on refresh", 400),
    212: ("A TTL must be provided on refresh", 400),
    301: ("During Leader Election", 500),
    401: ("The event in requested index is outdated and cleared", 400),
}


def answer(code: int, cause: str, index: int = 0) -> EtcdException:
    """Return the exception for an error code of API v2.

    Args:
        code: The code.
        cause: What it is about, most often a key.
        index: The index of the cluster at the time.
    """
    message, status = _ANSWERS[code]
    payload = {
        "errorCode": code,
        "message": message,
        "cause": cause,
        "index": index,
        "status": status,
    }
    return EtcdError.error_exceptions[code](f"{message} : {cause}", payload)


_CODES: dict[type[_v3.EtcdError], int] = {
    **dict.fromkeys((_v3.UserNotFoundError, _v3.RoleNotFoundError), 100),
    **dict.fromkeys(
        (
            _v3.PermissionDeniedError,
            _v3.AuthFailedError,
            _v3.InvalidAuthTokenError,
            _v3.UserEmptyError,
            _v3.InvalidAuthMgmtError,
        ),
        110,
    ),
    **dict.fromkeys((_v3.NoLeaderError, _v3.LeaderChangedError), 301),
}
_NO_ANSWER = (
    _v3.OutcomeUnknownError,
    _v3.EtcdConnectionError,
    _v3.EtcdTimeoutError,
    _v3.ServerTimeoutError,
    _v3.ClosedError,
)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raise the exceptions of this module for those of `etcd_client`."""
    try:
        yield
    except _v3.EtcdError as error:
        raise _translation(error) from error


def _translation(error: _v3.EtcdError) -> EtcdException:
    if isinstance(error, _v3.CompactedError):
        return answer(401, f"the history before {error.compact_revision} has been cleared")
    if isinstance(error, _v3.ClusterMismatchError):
        return EtcdClusterIdChanged(str(error))
    if isinstance(error, _NO_ANSWER):
        return EtcdConnectionFailed(f"Connection to etcd failed due to {error!r}", cause=error)
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            return answer(code, str(error))
    made = EtcdValueError if isinstance(error, _v3.InvalidArgsError) else EtcdException
    return made(str(error))
