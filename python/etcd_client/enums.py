"""The enumerations of etcd's API.

Members carry etcd's names. Their values are those on the wire, so that a member can be made from
the number in a message: ``AlarmType(1)``. `Isolation` is not on the wire; its values are those of
etcd's Go client.
"""

from __future__ import annotations

from enum import Enum, IntEnum

__all__ = [
    "AlarmAction",
    "AlarmType",
    "CompareOp",
    "DowngradeAction",
    "GRPCStatusCode",
    "Isolation",
    "PermissionType",
    "SortOrder",
    "SortTarget",
    "WatchEventType",
    "WatchFilterType",
]


class _Named:
    """Prints as ``WatchEventType.PUT`` on every Python, as it did in etcd-client-py 0.5.1."""

    name: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)


class GRPCStatusCode(_Named, IntEnum):
    """What kind of error a gRPC call ended with.

    The members are numbers, so that they can be compared with the ``code`` of a status.
    """

    Ok = 0
    """The call succeeded."""
    Cancelled = 1
    """The call was cancelled."""
    Unknown = 2
    """An error that says nothing about its kind; also what the server's lock and election
    services answer, whatever the error."""
    InvalidArgument = 3
    """The request is wrong, whatever the state of the cluster."""
    DeadlineExceeded = 4
    """The deadline passed before the call was done."""
    NotFound = 5
    """The thing that was asked for does not exist."""
    AlreadyExists = 6
    """The thing that was to be made exists."""
    PermissionDenied = 7
    """The user does not have the permission."""
    ResourceExhausted = 8
    """A limit is reached: of space, of requests or of a message's size."""
    FailedPrecondition = 9
    """The cluster is not in the state that the request needs."""
    Aborted = 10
    """The call was aborted because of another one."""
    OutOfRange = 11
    """The value, often a revision, is outside of what there is."""
    Unimplemented = 12
    """The server does not know the call."""
    Internal = 13
    """An invariant of the server or of the connection was broken."""
    Unavailable = 14
    """There is no connection, or the server cannot answer now."""
    DataLoss = 15
    """Data is lost or damaged."""
    Unauthenticated = 16
    """The call carries no valid token."""


class CompareOp(_Named, Enum):
    """How a transaction compares what is stored with what is given."""

    EQUAL = 0
    """They are equal."""
    GREATER = 1
    """What is stored is greater."""
    LESS = 2
    """What is stored is less."""
    NOT_EQUAL = 3
    """They differ."""


class Isolation(_Named, Enum):
    """What a function that runs by `Communicator.stm` is kept from, from the strictest level on."""

    SERIALIZABLE_SNAPSHOT = 0
    """All that it reads is of one revision, and none of it has changed when its writes are made;
    nor has what it writes without having read it, since that revision."""
    SERIALIZABLE = 1
    """All that it reads is of one revision, and none of it has changed when its writes are made."""
    REPEATABLE_READS = 2
    """None of what it reads has changed when its writes are made. While it runs it may see one key
    before and another one after a change of both, and is run again then."""
    READ_COMMITTED = 3
    """Its writes are made together, whatever has become of what it has read."""


class WatchEventType(_Named, Enum):
    """What happened to a key."""

    PUT = 0
    """It was created or changed."""
    DELETE = 1
    """It was deleted, or its lease ended."""


class SortOrder(_Named, Enum):
    """The order of the keys in an answer."""

    NONE = 0
    """None asked for; the server answers in ascending order."""
    ASCEND = 1
    """The least first."""
    DESCEND = 2
    """The greatest first."""


class SortTarget(_Named, Enum):
    """What the keys in an answer are sorted by."""

    KEY = 0
    """The key."""
    VERSION = 1
    """The number of changes since the key was created."""
    CREATE = 2
    """The revision that created the key."""
    MOD = 3
    """The revision that changed the key last."""
    VALUE = 4
    """The value."""


class WatchFilterType(_Named, Enum):
    """The events that a watch leaves out."""

    NOPUT = 0
    """Puts."""
    NODELETE = 1
    """Deletes."""


class AlarmType(_Named, Enum):
    """What is wrong with a member."""

    NONE = 0
    """Nothing; in a request, every kind of alarm."""
    NOSPACE = 1
    """Its database has reached the quota: the cluster refuses to write."""
    CORRUPT = 2
    """Its data differs from that of the others: the cluster refuses to serve."""


class AlarmAction(_Named, Enum):
    """What to do with alarms."""

    GET = 0
    """List them."""
    ACTIVATE = 1
    """Raise one."""
    DEACTIVATE = 2
    """Disarm one."""


class PermissionType(_Named, Enum):
    """What a role may do with a range of keys."""

    READ = 0
    """Read and watch them."""
    WRITE = 1
    """Put and delete them."""
    READWRITE = 2
    """Both."""


class DowngradeAction(_Named, Enum):
    """What to do about a downgrade of the cluster."""

    VALIDATE = 0
    """Say whether the cluster can be downgraded to a version."""
    ENABLE = 1
    """Prepare the cluster for the lower version."""
    CANCEL = 2
    """Cancel a prepared downgrade."""
