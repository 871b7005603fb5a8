"""`WatchBatch`: the events of one revision, and the header of their response."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etcd_client._etcd_client import ResponseHeader, WatchEvent

    _Events = list[WatchEvent]
else:
    _Events = list


class WatchBatch(_Events):
    """The events of one revision: a list of `WatchEvent`, made by `Watch.batches`.

    It equals a plain list of the same events.

    Attributes:
        header: The header of the response that reported them. Its `revision` is that of the member
            at the time, which may be later; `cluster_id` and `raft_term` reveal a member of another
            cluster, or one that was cut off from its own.
        revision: The revision of the events.

    Examples:
        >>> async with communicator.watch("key") as watch:
        ...     put = await communicator.put("key", "value")
        ...     batch = await anext(watch.batches())
        >>> batch.revision == put.header.revision
        True
        >>> batch.header.cluster_id == put.header.cluster_id
        True
    """

    __module__ = "etcd_client"

    __slots__ = ("header", "revision")

    header: ResponseHeader
    revision: int
