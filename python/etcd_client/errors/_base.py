"""The trunk of the exception tree and the branches that several modules hang their classes on."""

from __future__ import annotations

import sys
from typing import ClassVar, TypeAlias, TypedDict

from etcd_client.enums import GRPCStatusCode

if sys.version_info >= (3, 11):
    AnyTimeoutError = TimeoutError
else:
    import asyncio

    class AnyTimeoutError(TimeoutError, asyncio.TimeoutError):
        """The builtin ``TimeoutError`` and asyncio's own, which Python 3.11 made one."""


Reasons: TypeAlias = tuple[str, ...]
"""etcd's names of errors."""


class GRPCStatus(TypedDict):
    """A gRPC status, in the form that programs written for etcd-client-py 0.5.1 read."""

    code: int
    details: bytes
    message: str


class EtcdError(Exception):
    """Whatever this package raises, but for ``TypeError``."""


ClientError = EtcdError


class GRPCStatusError(EtcdError):
    """An error with a gRPC status: of the server's answer, or of the lack of one.

    ``args[0]`` is the whole status: ``{"code": int, "details": bytes, "message": str}``.

    Args:
        status: The status; or its message alone, with the code that the class stands for.
    """

    own_code: ClassVar[GRPCStatusCode] = GRPCStatusCode.Unknown
    """The code of an error that is made from a message alone."""

    def __init__(self, status: GRPCStatus | str = "") -> None:
        if isinstance(status, str):
            status = GRPCStatus(code=int(self.own_code), details=b"", message=status)
        super().__init__(status)

    @property
    def code(self) -> GRPCStatusCode:
        """The kind of error."""
        return GRPCStatusCode(self._status["code"])

    @property
    def details(self) -> bytes:
        """What the server attached to its message; etcd attaches nothing."""
        return self._status["details"]

    @property
    def message(self) -> str:
        """The server's message as it came, or the client's own."""
        return self._status["message"]

    @property
    def _status(self) -> GRPCStatus:
        status: GRPCStatus = self.args[0]
        return status

    def __str__(self) -> str:
        return self.message or str(self.code)


class RpcError(GRPCStatusError):
    """The server answered with an error.

    There is a subclass for each of etcd's errors that a program acts on. The lock and election
    services answer with code ``Unknown`` whatever the error, so the class tells more than the code.

    Args:
        status: The status; or its message alone.
        reason: etcd's own name of the error; by default the one that the class stands for.
    """

    reasons: ClassVar[Reasons] = ()
    """etcd's names of the errors that the class stands for."""

    reason: str
    """etcd's name of the error, such as ``LeaseNotFound``; empty where it has none."""

    def __init__(self, status: GRPCStatus | str = "", *, reason: str | None = None) -> None:
        super().__init__(status)
        self.reason = next(iter(self.reasons), "") if reason is None else reason

    def __str__(self) -> str:
        return f"{self.message} ({self.code.name})"


class WatchError(EtcdError):
    """A watch ended, or was not begun."""


class LeaseKeepAliveError(EtcdError):
    """A lease could not be kept alive."""


class ElectError(EtcdError):
    """An election's operation failed."""


class LockError(EtcdError):
    """A lock was not acquired, is not held, or was lost."""
