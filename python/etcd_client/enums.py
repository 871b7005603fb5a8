"""The enumerations of etcd's API.

Members have etcd's names, and their values are those on the wire, so that a member can be made from
the number in a message: ``AlarmType(1)``. `Isolation` is not sent; its values are those of etcd's
Go client.
"""

from __future__ import annotations

from enum import Enum

from ._status_code import GRPCStatusCode, Named

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


class CompareOp(Named, Enum):
    """How a condition of a transaction compares the stored value with the given one."""

    EQUAL = 0
    """They are equal."""
    GREATER = 1
    """The stored value is greater."""
    LESS = 2
    """The stored value is less."""
    NOT_EQUAL = 3
    """They are not equal."""


class Isolation(Named, Enum):
    """The isolation levels of `Communicator.stm`, the strictest one first."""

    SERIALIZABLE_SNAPSHOT = 0
    """All reads are at one revision. At the commit, no key that was read has changed, nor has
    a key that was written without having been read, since that revision."""
    SERIALIZABLE = 1
    """All reads are at one revision, and no key that was read has changed at the commit."""
    REPEATABLE_READS = 2
    """No key that was read has changed at the commit. While the function runs, it may see one key
    from before and another from after a change of both; it then runs again."""
    READ_COMMITTED = 3
    """The writes take effect together, whether or not the keys that were read have changed."""


class WatchEventType(Named, Enum):
    """The kind of change of a key."""

    PUT = 0
    """The key was created or modified."""
    DELETE = 1
    """The key was deleted, or its lease expired or was revoked."""


class SortOrder(Named, Enum):
    """The order of the keys in a response."""

    NONE = 0
    """Unspecified; the server uses ascending order."""
    ASCEND = 1
    """Ascending."""
    DESCEND = 2
    """Descending."""


class SortTarget(Named, Enum):
    """What the keys in a response are sorted by."""

    KEY = 0
    """The key."""
    VERSION = 1
    """The version: the number of puts since the key was created."""
    CREATE = 2
    """The revision that created the key."""
    MOD = 3
    """The revision that last modified the key."""
    VALUE = 4
    """The value."""


class WatchFilterType(Named, Enum):
    """The kinds of events that a watch leaves out."""

    NOPUT = 0
    """Puts."""
    NODELETE = 1
    """Deletes."""


class AlarmType(Named, Enum):
    """The kind of an alarm."""

    NONE = 0
    """No alarm; in a request, every kind of alarm."""
    NOSPACE = 1
    """A member's database has exceeded its quota: the cluster refuses writes."""
    CORRUPT = 2
    """A member's data differ from those of the others: the cluster refuses requests."""


class AlarmAction(Named, Enum):
    """What to do with alarms."""

    GET = 0
    """List them."""
    ACTIVATE = 1
    """Activate one."""
    DEACTIVATE = 2
    """Disarm one."""


class PermissionType(Named, Enum):
    """What a permission allows with a range of keys."""

    READ = 0
    """Read and watch them."""
    WRITE = 1
    """Put and delete them."""
    READWRITE = 2
    """Both."""


class DowngradeAction(Named, Enum):
    """A step of a downgrade of the cluster."""

    VALIDATE = 0
    """Check whether the cluster can be downgraded to a version."""
    ENABLE = 1
    """Start the downgrade: prepare the cluster for the lower version."""
    CANCEL = 2
    """Cancel a downgrade that was started."""


# Pickles and `help` show where programs import a name from, not where it is defined.
for _name in __all__:
    globals()[_name].__module__ = "etcd_client"
