"""The base classes of the exceptions."""

from __future__ import annotations

import sys
from typing import ClassVar, TypeAlias, TypedDict

from etcd_client._status_code import GRPCStatusCode

if sys.version_info >= (3, 11):
    AnyTimeoutError = TimeoutError
else:
    import asyncio

    class AnyTimeoutError(TimeoutError, asyncio.TimeoutError):
        """The builtin ``TimeoutError`` and asyncio's; they are the same class since Python 3.11."""


Reasons: TypeAlias = tuple[str, ...]
"""Names of etcd's errors."""


class GRPCStatus(TypedDict):
    """A gRPC status, in the form that etcd-client-py 0.5.1 has."""

    code: int
    details: bytes
    message: str


GRPCStatus.__module__ = "etcd_client"  # which the body of a `TypedDict` may not say


class EtcdError(Exception):
    """The base class of all exceptions of this package, except ``TypeError``."""


ClientError = EtcdError


class GRPCStatusError(EtcdError):
    """An error with a gRPC status: from the server, or because there was no response.

    ``args[0]`` is the whole status: ``{"code": int, "details": bytes, "message": str}``.

    Args:
        status: The status, or only its message; the code is then that of the class.
    """

    own_code: ClassVar[GRPCStatusCode] = GRPCStatusCode.Unknown
    """The code of an error that is made from only a message."""

    def __init__(self, status: GRPCStatus | str = "") -> None:
        if isinstance(status, str):
            status = GRPCStatus(code=int(self.own_code), details=b"", message=status)
        super().__init__(status)

    @property
    def code(self) -> GRPCStatusCode:
        """The status code."""
        return GRPCStatusCode(self._status["code"])

    @property
    def details(self) -> bytes:
        """The details that the server attached; etcd attaches none."""
        return self._status["details"]

    @property
    def message(self) -> str:
        """The server's unchanged message, or the client's own."""
        return self._status["message"]

    @property
    def _status(self) -> GRPCStatus:
        status: GRPCStatus = self.args[0]
        return status

    def __str__(self) -> str:
        return self.message or str(self.code)


class RpcError(GRPCStatusError):
    """The server answered with an error.

    There is a subclass for each of etcd's errors that a program may want to handle. Prefer the
    class to the code: the lock and election services use the code ``Unknown`` for all errors.

    Args:
        status: The status, or only its message.
        reason: etcd's own name of the error; by default that of the class.
    """

    reasons: ClassVar[Reasons] = ()
    """etcd's names of the errors for which the class is raised."""

    reason: str
    """etcd's name of the error, such as ``LeaseNotFound``; empty if it has none."""

    rpc: str = ""
    """The RPC that was answered so, such as ``etcdserverpb.KV/Put``; empty if none was."""

    endpoint: str = ""
    """The endpoint of the member that answered so; empty if none did."""

    hint: str = ""
    """What to do about it, where the client knows; also in the text of the error."""

    def __init__(self, status: GRPCStatus | str = "", *, reason: str | None = None) -> None:
        super().__init__(status)
        self.reason = next(iter(self.reasons), "") if reason is None else reason

    def __str__(self) -> str:
        text = f"{self.message} ({self.code.name})"
        return f"{text}: {self.hint}" if self.hint else text


class WatchError(EtcdError):
    """A watch ended, or could not be opened."""


class LeaseKeepAliveError(EtcdError):
    """A lease could not be kept alive."""


class ElectError(EtcdError):
    """An operation on an election failed."""


class LockError(EtcdError):
    """A lock was not acquired, is not held, or was lost."""
