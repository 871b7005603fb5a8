"""The exceptions of python-etcd3, and those for what it lost in silence.

The package's own exception is the `__cause__`: if that is an `OutcomeUnknownError`, the change may
have been made. Wrong arguments are a `TypeError` or a `ValueError`, before anything is sent.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

from etcd_client import GRPCStatusCode


class Etcd3Exception(Exception):  # noqa: N818 - the name is python-etcd3's
    """The base class of all exceptions of this module."""


class WatchTimedOut(Etcd3Exception):
    """A watch was not confirmed in time, or had no event in time."""


class InternalServerError(Etcd3Exception):
    """The server failed."""


class ConnectionFailedError(Etcd3Exception):
    """No endpoint could be reached, the connection broke, or the cluster has no leader."""

    def __str__(self) -> str:
        return ": ".join(("etcd connection failed", *map(str, self.args)))


class ConnectionTimeoutError(Etcd3Exception):
    """There was no response in time."""

    def __str__(self) -> str:
        return ": ".join(("etcd connection timeout", *map(str, self.args)))


class PreconditionFailedError(Etcd3Exception):
    """The call is impossible in the present state of the cluster."""


class RevisionCompactedError(Etcd3Exception):
    """The history that a watch needs has been compacted.

    Args:
        compacted_revision: The first revision that a watch can start at.
    """

    compacted_revision: int
    """The first revision that a watch can start at."""

    def __init__(self, compacted_revision: int) -> None:
        self.compacted_revision = compacted_revision
        super().__init__(compacted_revision)

    def __str__(self) -> str:
        return f"the history before revision {self.compacted_revision} has been compacted"


class NoServerAvailableError(Etcd3Exception):
    """Not raised: while no endpoint can be reached, calls raise `ConnectionFailedError`."""


class LockNotAcquiredError(Etcd3Exception):
    """The context of a lock could not be entered, because another holds the lock.

    python-etcd3 entered it all the same.
    """


class LockLostError(Etcd3Exception):
    """A lock was lost while it was held: its time to live is over, or its key was deleted."""


class ClientClosedError(Etcd3Exception, ValueError):
    """The client is closed."""


class RpcError(Etcd3Exception):
    """The server answered with an error that has no class of its own here.

    In a program that has imported grpc, it is a `grpc.RpcError` too, so that programs which catch
    that still do, and `code()` is a `grpc.StatusCode`.

    Args:
        status: The status code.
        message: The server's message.
    """

    def __init__(self, status: GRPCStatusCode, message: str) -> None:
        super().__init__(status, message)
        self._status = status
        self._message = message

    def code(self) -> Any:  # noqa: ANN401 - grpc need not be installed
        """Return the status code: a `grpc.StatusCode` if grpc is imported, or `GRPCStatusCode`."""
        grpc = sys.modules.get("grpc")
        codes = () if grpc is None else grpc.StatusCode
        return next((code for code in codes if code.value[0] == int(self._status)), self._status)

    def details(self) -> str:
        """Return the server's message."""
        return self._message

    def __str__(self) -> str:
        return f"{self._message} ({self._status.name})"

    def __reduce__(self) -> tuple[Any, ...]:
        # The class may have been made for this process.
        return rpc_error, (self._status, self._message)


def rpc_error(status: GRPCStatusCode, message: str) -> RpcError:
    """Make an `RpcError` which is a `grpc.RpcError` too if the program has imported grpc.

    Args:
        status: The status code.
        message: The server's message.
    """
    grpc = sys.modules.get("grpc")
    return (RpcError if grpc is None else _also(grpc.RpcError))(status, message)


@functools.cache
def _also(other: type[Exception]) -> type[RpcError]:
    members = {"__module__": __name__, "__doc__": RpcError.__doc__}
    return type(RpcError.__name__, (RpcError, other), members)
