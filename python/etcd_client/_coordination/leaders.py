"""`Leaders`: the successive leaders of an election, and when there is none."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from etcd_client import _etcd_client
from etcd_client._arguments import as_bytes
from etcd_client._async_only import async_iterator
from etcd_client._etcd_client import LeaderResponse, ResponseHeader
from etcd_client.enums import WatchEventType
from etcd_client.errors import CompactedError, FutureRevisionError

if TYPE_CHECKING:
    from etcd_client._etcd_client import Communicator, KeyValue, Watch, WatchEvent
    from etcd_client._types import BytesLike


@async_iterator
class Leaders(AsyncIterator[LeaderResponse | None]):
    """Iterates over the leaders of an election, with None while there is no leader.

    The first item is the current state. Then each leader is reported once, in order, and again when
    it proclaims another value. The whole line of candidates is watched, revision by revision, so
    that none is missed however fast they change. Only if the unread history has been compacted, it
    continues with the state at that time.

    A step can be cancelled and repeated. The iteration ends with `cancel`, with the communicator,
    or with the last reference.

    Examples:
        >>> from etcd_client import Election
        >>> leaders = Election(communicator, "scheduler").observe()
        >>> await anext(leaders) is None
        True
        >>> async with Election(communicator, "scheduler", value="node-7"):
        ...     (await anext(leaders)).kv.value
        b'node-7'
        >>> leaders.cancel()
    """

    __module__ = "etcd_client"

    __slots__ = (
        "_batches",
        "_candidates",
        "_communicator",
        "_ended",
        "_header",
        "_pending",
        "_prefix",
        "_told",
        "_watch",
    )

    def __init__(self, communicator: Communicator, name: BytesLike) -> None:
        self._communicator = communicator
        self._prefix = as_bytes(name) + b"/"
        self._candidates: dict[bytes, KeyValue] = {}
        self._pending: deque[LeaderResponse | None] = deque()
        # The mod revision of the leader's key that was reported last; None: no leader, 0: nothing.
        self._told: int | None = 0
        self._header: ResponseHeader | None = None
        self._watch: Watch | None = None
        self._batches: AsyncIterator[list[WatchEvent]] | None = None
        self._ended = False

    def __aiter__(self) -> Leaders:
        return self

    async def __anext__(self) -> LeaderResponse | None:
        while not self._pending:
            if self._ended:
                raise StopAsyncIteration
            if self._batches is None:
                await self._start()
                continue
            try:
                batch = await anext(self._batches)
            except (CompactedError, FutureRevisionError):
                # The server no longer knows what happened meanwhile.
                self._stop()
                continue
            self._apply(batch)
        return self._pending.popleft()

    def cancel(self) -> None:
        """End the iteration, on the server too."""
        self._ended = True
        self._pending.clear()
        self._stop()

    async def _start(self) -> None:
        present = await self._communicator.range(
            self._prefix, range_end=_etcd_client.prefix_range(self._prefix)[1]
        )
        self._header = present.header
        self._candidates = {kv.key: kv for kv in present.kvs}
        self._watch = self._communicator.watch_prefix(
            self._prefix, start_revision=present.header.revision + 1
        )
        self._batches = self._watch.batches()
        self._tell(present.header.revision)

    def _stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch = self._batches = None

    def _apply(self, batch: list[WatchEvent]) -> None:
        """Follow the changes of one revision."""
        revision = 0
        for event in batch:
            if event.event == WatchEventType.PUT and event.kv is not None:
                self._candidates[event.key] = event.kv
            else:
                self._candidates.pop(event.key, None)
            if event.kv is not None:
                revision = max(revision, event.kv.mod_revision)
        self._tell(revision)

    def _tell(self, revision: int) -> None:
        leader = min(self._candidates.values(), key=_age, default=None)
        state = None if leader is None else leader.mod_revision
        if state == self._told:
            return
        self._told = state
        header = self._header
        if leader is None or header is None:
            self._pending.append(None)
            return
        at = ResponseHeader(header.cluster_id, header.member_id, revision, header.raft_term)
        self._pending.append(LeaderResponse(at, leader))

    def __repr__(self) -> str:
        state = "ended" if self._ended else f"{len(self._candidates)} candidates"
        return f"<Leaders {self._prefix!r} {state}>"


def _age(candidate: KeyValue) -> int:
    return candidate.create_revision
