"""`FunctionRun`: one run of a transactional function, with its reads and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._concurrency import Event
from etcd_client._etcd_client import Txn, TxnOp
from etcd_client._kv.keys import Key
from etcd_client.enums import Isolation
from etcd_client.errors import CompactedError

from .reads import Reads, Span
from .writes import Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from etcd_client._coordination.open_session import Session
    from etcd_client._deadline import Deadline
    from etcd_client._etcd_client import Communicator, Compare, KeyValue, TxnResponse
    from etcd_client._kv.waiting_line import Place

    from .turn import Turn

# The isolation levels at which all reads see the same revision.
_OF_ONE_REVISION = {Isolation.SERIALIZABLE_SNAPSHOT, Isolation.SERIALIZABLE}


class FunctionRun:
    """One run of a transactional function.

    Args:
        communicator: The connection to use.
        isolation: What the function is kept from seeing.
        deadline: When the whole call has to be over.
    """

    __slots__ = (
        "_communicator",
        "_deadline",
        "_first_read",
        "_isolation",
        "_reads",
        "_revision",
        "_writes",
        "is_stale",
    )

    def __init__(
        self, communicator: Communicator, isolation: Isolation, deadline: Deadline
    ) -> None:
        self._communicator = communicator
        self._isolation = isolation
        self._deadline = deadline
        self._reads = Reads()
        self._writes: dict[bytes, Write] = {}
        self._first_read: Event | None = None
        self._revision = 0
        self.is_stale = False
        """Whether the revision that it reads at was compacted, so that it cannot be committed."""

    @property
    def is_of_one_revision(self) -> bool:
        """Whether all reads have to see the same revision."""
        return self._isolation in _OF_ONE_REVISION

    # Writing

    def write(self, key: bytes, write: Write) -> None:
        """Record a write, which `commit` sends."""
        self._writes[key] = write

    def forget_writes(self) -> None:
        """Drop the writes and keep the reads, before the function runs again."""
        self._writes.clear()

    # Reading

    def known(self, span: Span) -> tuple[KeyValue, ...] | None:
        """Return the keys that were read in a span; None if it has not been read."""
        return self._reads.find(span)

    async def read(self, span: Span) -> tuple[KeyValue, ...]:
        """Return the keys in a span, and request them if they have not been read."""
        while (kvs := self._reads.find(span)) is None:
            await self._read_first([span])
        return kvs

    async def read_all(self, spans: Iterable[Span]) -> None:
        """Read several spans in one request."""
        missing = [span for span in spans if self._reads.find(span) is None]
        if missing:
            await self._read_first(missing)

    async def _read_first(self, spans: list[Span]) -> None:
        """Read spans; if the first read sets the revision for all, wait for it to finish."""
        if not self.is_of_one_revision or self._revision:
            await self._ask(spans)
        elif self._first_read is not None:
            await self._first_read.wait()
        else:
            self._first_read = over = Event()
            try:
                await self._ask(spans)
            finally:
                # If it failed, one of those that waited becomes the first read.
                self._first_read = None
                over.set()

    async def _ask(self, spans: list[Span]) -> None:
        revision, timeout = self._revision, self._deadline.left()
        try:
            if len(spans) == 1:
                ((key, end),) = spans
                read = await self._communicator.range(
                    key, range_end=end or None, revision=revision, timeout=timeout
                )
                self.note(spans, [read.kvs], revision or read.header.revision)
                return
            txn = Txn().and_then(
                [TxnOp.get(key, range_end=end or None, revision=revision) for key, end in spans]
            )
            response = await self._communicator.txn(txn, timeout=timeout)
        except CompactedError:
            self.is_stale = True
            raise
        found = [read.kvs for read in response.responses]
        self.note(spans, found, revision or response.header.revision)

    def note(
        self, spans: Iterable[Span], found: Iterable[tuple[KeyValue, ...]], revision: int
    ) -> None:
        """Record the result of a read."""
        if self.is_of_one_revision:
            self._revision = revision
        for span, kvs in zip(spans, found, strict=True):
            self._reads.note(span, kvs, revision)

    def seen(self, span: Span) -> dict[bytes, bytes]:
        """Return what the function sees in a span: what was read, overlaid by its own writes.

        Args:
            span: What has been read, or a key that the function has written.
        """
        own = {key: write.value for key, write in self._writes.items() if span.has(key)}
        if not span.end and own:
            found = {}
        else:
            found = {kv.key: kv.value for kv in self._reads.find(span) or ()}
        merged = found | own
        return {key: value for key in sorted(merged) if (value := merged[key]) is not None}

    def has_written(self, key: bytes) -> bool:
        """Tell whether the function has written a key."""
        return key in self._writes

    # Committing

    @property
    def contended(self) -> frozenset[bytes]:
        """The keys for which the function waits its turn among the tasks of this process."""
        return frozenset(() if self._isolation is Isolation.READ_COMMITTED else self._writes)

    def overtaken(self, turn: Turn) -> FunctionRun | None:
        """Return a new run if other tasks of this process made this one stale; else None.

        The new run begins with what they have written, so that it need not read those keys.

        Args:
            turn: The places in the lines for the contended keys.
        """
        spoilt = [place for key, place in turn.places.items() if self._is_spoilt(key, place)]
        if not spoilt:
            return None
        following = self._next()
        revision = max(place.revision for place in spoilt)
        for key, place in turn.places.items():
            if place.revision == revision:
                following.note(
                    [Span(key, b"")], [() if place.kv is None else (place.kv,)], revision
                )
        return following

    def _is_spoilt(self, key: bytes, place: Place) -> bool:
        found = self._reads.key(key)
        revision = self._revision if found is None else found.revision
        if place.revision <= revision:
            return False
        known = 0 if place.kv is None else place.kv.mod_revision
        if found is None:
            return 0 < revision < known
        return known != (found.kvs[0].mod_revision if found.kvs else 0)

    async def commit(self, once: Session | None, turn: Turn) -> FunctionRun | None:
        """Send the writes, on the condition that what was read has not changed.

        Args:
            once: The session as long as whose life it is done exactly once.
            turn: The places in the lines for the contended keys.

        Returns:
            None where it is done, or else another run, which knows what this one has read.
        """
        if self.is_stale:
            return self._next()
        conditions = list(self._conditions())
        if not self._writes and (self.is_of_one_revision or len(self._reads) <= 1):
            # All that it read was true at one revision, and there is nothing to write.
            return None
        if not self._writes and not conditions:
            return None
        spans = list(self._reads.spans) if conditions else []
        txn = (
            Txn()
            .when(conditions)
            .and_then([write.operation for write in self._writes.values()])
            .or_else([span.operation for span in spans])
        )
        timeout = self._deadline.left()
        asked = turn.asks()
        response = await self._communicator.txn(txn, timeout=timeout, once=once)
        if not response.succeeded():
            return self._after(spans, response)
        for key, place in turn.places.items():
            if key in self._writes:
                self._tell(key, place, asked[key], response.header.revision)
        return None

    def _tell(self, key: bytes, place: Place, asked: int, revision: int) -> None:
        """Tell the tasks behind in a line the new state of a key."""
        found, write = self._reads.key(key), self._writes[key]
        if found is None:
            place.forgets()
        elif write.value is None:
            place.learns(None, asked, revision)
        else:
            before = found.kvs[0] if found.kvs else None
            place.learns(write.after(key, before, revision), asked, revision)

    def _conditions(self) -> Iterator[Compare]:
        if self._isolation is Isolation.READ_COMMITTED:
            return
        yield from self._reads.unchanged()
        if self._isolation is Isolation.SERIALIZABLE_SNAPSHOT and self._revision:
            for key in self._writes:
                if not self._reads.has(key):
                    yield Key(key).mod_revision < self._revision + 1

    def _next(self) -> FunctionRun:
        return FunctionRun(self._communicator, self._isolation, self._deadline)

    def _after(self, spans: list[Span], response: TxnResponse) -> FunctionRun:
        """Return a run that begins with what the failed commit has read."""
        following = self._next()
        # With `once`, a rebuilt response may lack some of them.
        if None not in response.responses:
            found = [read.kvs for read in response.responses]
            following.note(spans, found, response.header.revision)
        return following
