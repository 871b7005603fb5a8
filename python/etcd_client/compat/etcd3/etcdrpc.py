"""The constants and messages of python-etcd3's `etcdrpc` that programs see.

The names in them are those of etcd's protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from etcd_client import DeleteResponse, PutResponse, RangeResponse, ResponseHeader

NONE, NOSPACE, CORRUPT = range(3)
"""The kinds of alarms."""


class Compare:
    """The operators of conditions."""

    EQUAL: ClassVar[int] = 0
    GREATER: ClassVar[int] = 1
    LESS: ClassVar[int] = 2
    NOT_EQUAL: ClassVar[int] = 3


class FilterType(IntEnum):
    """The kinds of events that a watch leaves out."""

    NOPUT = 0
    NODELETE = 1

    @classmethod
    def Value(cls, name: str) -> int:  # noqa: N802 - protobuf's name
        """Return the number of a kind.

        Args:
            name: Its name.

        Raises:
            ValueError: There is no such kind.
        """
        if name not in cls.__members__:
            message = f"name must be one of {', '.join(cls.__members__)}, not {name!r}"
            raise ValueError(message)
        return int(cls[name])


class WatchCreateRequest:
    """The filters of watches."""

    FilterType: ClassVar[type[FilterType]] = FilterType
    NOPUT: ClassVar[int] = FilterType.NOPUT
    NODELETE: ClassVar[int] = FilterType.NODELETE


@dataclass(frozen=True)
class LeaseKeepAliveResponse:
    """The outcome of refreshing a lease."""

    header: ResponseHeader | None
    """The response header; None if the lease does not exist."""
    ID: int
    """The id of the lease."""
    TTL: int
    """The new time to live, in seconds; 0 if the lease does not exist."""


@dataclass(frozen=True)
class LeaseTimeToLiveResponse:
    """The remaining time to live of a lease, and its keys."""

    header: ResponseHeader
    """The response header."""
    ID: int
    """The id of the lease."""
    TTL: int
    """The remaining seconds; -1 if the lease does not exist."""
    grantedTTL: int  # noqa: N815 - the protocol's name
    """The granted time to live, in seconds; 0 if the lease does not exist."""
    keys: list[bytes]
    """The attached keys."""


@dataclass(frozen=True)
class ResponseOp:
    """The outcome of one operation of a transaction; one attribute is not None."""

    response_range: RangeResponse | None = None
    """Of a get inside an inner transaction."""
    response_put: PutResponse | None = None
    """Of a put."""
    response_delete_range: DeleteResponse | None = None
    """Of a deletion."""
    response_txn: TxnResponse | None = None
    """Of an inner transaction."""

    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - protobuf's name
        """Return the name of the attribute that is not None."""
        return next(name for name, found in vars(self).items() if found is not None)


@dataclass(frozen=True)
class TxnResponse:
    """The outcome of an inner transaction."""

    header: ResponseHeader
    """The response header."""
    succeeded: bool
    """Whether its conditions held."""
    responses: list[ResponseOp]
    """What its operations gave, in order."""
