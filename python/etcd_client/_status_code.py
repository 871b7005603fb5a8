"""`GRPCStatusCode`: of the enumerations, the one that the exceptions need.

Apart from `enums`, so that a program that uses none of the others does not pay for them.
"""

from __future__ import annotations

from enum import IntEnum


class Named:
    """Prints as ``WatchEventType.PUT`` on every Python, as it did in etcd-client-py 0.5.1."""

    name: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)


class GRPCStatusCode(Named, IntEnum):
    """The gRPC status code of a failed call.

    The members are integers, so that they can be compared with the ``code`` of a status.
    """

    __module__ = "etcd_client"

    Ok = 0
    """The call succeeded."""
    Cancelled = 1
    """The call was cancelled."""
    Unknown = 2
    """An unspecified error; the server's lock and election services use it for all errors."""
    InvalidArgument = 3
    """The request is invalid, whatever the state of the cluster."""
    DeadlineExceeded = 4
    """The deadline passed before the call completed."""
    NotFound = 5
    """What was requested does not exist."""
    AlreadyExists = 6
    """What was to be created exists already."""
    PermissionDenied = 7
    """The user lacks the permission."""
    ResourceExhausted = 8
    """A limit is exceeded: of space, of requests or of a message's size."""
    FailedPrecondition = 9
    """The cluster is not in the state that the request requires."""
    Aborted = 10
    """The call was aborted, typically because of a conflict with another one."""
    OutOfRange = 11
    """A value, often a revision, is outside of the valid range."""
    Unimplemented = 12
    """The server does not implement the call."""
    Internal = 13
    """An invariant of the server or of the connection was broken."""
    Unavailable = 14
    """There is no connection, or the server is unavailable at the moment."""
    DataLoss = 15
    """Data is lost or damaged."""
    Unauthenticated = 16
    """The call has no valid token."""
