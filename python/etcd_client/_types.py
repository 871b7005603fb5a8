"""The types of arguments and results, for annotations in programs.

Loaded when one of these names is first used: nothing else needs it at run time.
"""

import sys
from os import PathLike
from typing import TYPE_CHECKING, Protocol, TypeAlias

from ._etcd_client import DeleteResponse, PutResponse, RangeResponse, TxnResponse

if TYPE_CHECKING:
    from typing_extensions import Buffer
elif sys.version_info >= (3, 12):
    from collections.abc import Buffer
else:
    # Before Python 3.12 there is no class for all bytes-like objects; these are the usual ones.
    Buffer = bytes | bytearray | memoryview

__all__ = ["BytesLike", "EventLike", "LeaseId", "OpResponse", "PemSource"]

BytesLike: TypeAlias = Buffer | str
"""A key, a value or a name: any bytes-like object, or a `str`, which is encoded as UTF-8."""

PemSource: TypeAlias = bytes | str | PathLike[str]
"""Certificates or a key: PEM as `bytes` or `str`, or the path of a file, read at each handshake."""


class _HasId(Protocol):
    @property
    def id(self) -> int: ...


LeaseId: TypeAlias = int | _HasId
"""A lease: its id, or an object that has the id as `.id`, such as a `Lease`."""


class _HasSet(Protocol):
    def set(self) -> object: ...


class _HasNotifyWaiters(Protocol):
    def notify_waiters(self) -> object: ...


EventLike: TypeAlias = _HasSet | _HasNotifyWaiters
"""What a watch sets at a moment: an event of asyncio, trio or anyio, or a `CondVar`."""

OpResponse: TypeAlias = RangeResponse | PutResponse | DeleteResponse | TxnResponse
"""The response of one operation of a transaction."""
