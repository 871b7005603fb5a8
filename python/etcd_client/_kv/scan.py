"""`Scan`: reading a range of any size, a part at a time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from etcd_client._arguments import as_bytes, check_count
from etcd_client._async_only import async_iterator
from etcd_client._status_code import GRPCStatusCode
from etcd_client.errors import EtcdError, UnimplementedError
from etcd_client.errors._makers import from_status

if TYPE_CHECKING:
    from etcd_client._etcd_client import Call, KeyValue, RangeResponse, Stream
    from etcd_client._types import BytesLike

    from .range_reader import RangeReader

__all__ = ["Scan"]

# The memory that the keys and values of a page should not exceed. etcd can limit the number of
# pairs in a response but not their size, so it is estimated from the page before.
_PAGE_BYTES = 4 << 20
# The first page: the size of the values is not known yet. etcd takes values of 1.5 MB by default.
_FIRST_PAGE = 32
# The most keys of a page where the program does not say.
_PAGE_SIZE = 1000
# By how much a page may be larger than the one before: large values may follow small ones.
_GROWTH = 8


@async_iterator
class Scan:
    """The key-value pairs of a range as they were at one revision, as an async iterator.

    `Communicator.scan_prefix` and `scan_range` make it. It does not see concurrent writes, and
    holds no more than a few megabytes in memory. Cancelling a step, as `asyncio.wait_for` does,
    loses nothing: the step can be repeated. Only one task at a time may iterate.

    Reading it raises:

    Raises:
        CompactedError: The revision was compacted before the end was reached.

    Examples:
        >>> for name in ("ada", "bob", "eve"):
        ...     response = await communicator.put(f"users/{name}", name.title())
        >>> scan = communicator.scan_prefix("users/")
        >>> [kv.value async for kv in scan]
        [b'Ada', b'Bob', b'Eve']
        >>> watch = communicator.watch_prefix("users/", start_revision=scan.revision + 1)
    """

    __module__ = "etcd_client"

    __slots__ = (
        "_begun",
        "_busy",
        "_call",
        "_page",
        "_page_size",
        "_reader",
        "_revision",
        "_size",
        "_start",
        "_stream",
        "_streamed",
    )

    def __init__(
        self,
        reader: RangeReader,
        start: BytesLike,
        page_size: int | None,
        revision: int,
        fallback: int = _PAGE_SIZE,
    ) -> None:
        if page_size is not None:
            check_count(page_size, "page_size", 1)
        self._reader = reader
        self._start: BytesLike | None = start
        self._page_size = page_size or fallback
        self._size = min(self._page_size, _FIRST_PAGE)
        self._revision = revision
        self._page: deque[KeyValue] = deque()
        self._busy = False
        # Whether the first page has come. What is left after it may be streamed.
        self._begun = False
        self._streamed = page_size is None
        self._stream: Stream[list[KeyValue]] | None = None
        # The first page is requested at once, so that wrong arguments are refused at once.
        self._call: Call[RangeResponse] | None = reader.page(start, self._size, revision)

    @property
    def revision(self) -> int:
        """The revision that is read; 0 if it was not given and no page has arrived yet.

        A watch with `start_revision=revision + 1` continues where the scan ends.
        """
        return self._revision

    def __repr__(self) -> str:
        if self._start is None and self._call is None and not self._page:
            return f"<Scan at revision {self._revision} ended>"
        return f"<Scan from {self._start!r} at revision {self._revision}>"

    def __aiter__(self) -> Scan:
        return self

    async def __anext__(self) -> KeyValue:
        while not self._page:
            if self._start is None:
                raise StopAsyncIteration
            await self._turn(self._start)
        return self._page.popleft()

    async def _turn(self, start: BytesLike) -> None:
        if self._busy:
            message = "another task iterates over this scan"
            raise RuntimeError(message)
        self._busy = True
        try:
            if not (self._begun and await self._take_part(start)):
                await self._take_page(start)
        finally:
            self._busy = False

    async def _take_part(self, start: BytesLike) -> bool:
        """Take the next part of the stream; False if there is none because of the server."""
        if self._streamed and self._stream is None:
            self._stream = self._reader.stream(start, self._revision)
        if self._stream is None:
            self._streamed = False
            return False
        try:
            part = await anext(self._stream)
        except StopAsyncIteration:
            self._start = self._stream = None
        except UnimplementedError:
            self._streamed = False
            self._stream = None
        except EtcdError:
            # The next step opens another stream, behind the last key.
            self._stream = None
            raise
        else:
            self._page.extend(part)
            self._start = _after(part[-1])
        return self._streamed

    async def _take_page(self, start: BytesLike) -> None:
        call = self._call or self._reader.page(start, self._size, self._revision)
        # If it fails or is cancelled, the next step requests the page again.
        self._call = None
        response = await call
        _check(response, start, self._revision)
        self._accept(response)

    def _accept(self, response: RangeResponse) -> None:
        # A read without a revision is at that of the header.
        self._revision = self._revision or response.header.revision
        self._begun = True
        self._page.extend(response.kvs)
        self._start = _after(response.kvs[-1]) if response.more else None
        if response.kvs:
            self._size = self._next_size(response.kvs)

    def _next_size(self, page: tuple[KeyValue, ...]) -> int:
        average = sum(len(kv.key) + len(kv.value) for kv in page) // len(page) + 1
        return min(max(1, _PAGE_BYTES // average), self._size * _GROWTH, self._page_size)


def _after(kv: KeyValue) -> bytes:
    """Return the first key that there can be after another: that one and a zero byte."""
    return kv.key + b"\0"


def _check(response: RangeResponse, start: BytesLike, revision: int) -> None:
    """Refuse a page that is none: behind it, the next one would be asked for again and again."""
    if not response.more:
        return
    first = as_bytes(start)
    if not response.kvs:
        wrong = "there is more, but no pair"
    elif response.kvs[0].key < first or response.kvs[-1].key < response.kvs[0].key:
        wrong = "its keys are not those that were asked for"
    elif (revision or response.header.revision) <= 0:
        wrong = "it has no revision"
    else:
        return
    raise from_status(GRPCStatusCode.Internal, f"malformed page of a scan: {wrong}", "", None)
