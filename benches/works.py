"""What is measured: the units of work that every client is given alike.

This file runs inside the environment of each client, so it imports nothing but the standard
library.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

# What a client takes for keys and values.
Data = TypeVar("Data", bytes, str)

FILL_PREFIX = b"/bench/fill/"
FILLED_KEYS = 10_000
WATCH_PREFIX = b"/bench/watch/"
_KEY_PREFIX = b"/bench/key/"
_LOCK_NAME = b"bench-lock"


@dataclass(frozen=True)
class Work:
    """One unit of work: what to do, how often, and by how many tasks at once.

    Kinds: `get`, `put`, `txn` (one put in a transaction), `get_prefix` (an operation is a key),
    `watch` (the process writes and watches), `receive` (it only watches); `connect` and `lock`
    (a whole context per operation, beside one that stays open) and `connect_alone` (no other is
    open). Only the floor knows `fill`, which writes the keys that `get_prefix` reads, and `feed`,
    which writes what `receive` watches. What only some clients have: `receive_each` (a watch for
    each key), `session_lock` (a lock on an open session), `view_load`, `view_read` and
    `view_receive` (of a cache), `watches` and `calls` (so many are open at the end).
    """

    kind: str
    operations: int
    tasks: int = 1
    value_size: int = 100
    keys: int = 0
    """So many keys, under a prefix of their own; one per task if it is 0."""


def work_keys(work: Work, prefix: bytes = _KEY_PREFIX) -> list[bytes]:
    """Return the keys of a work."""
    return [prefix + b"%06d" % index for index in range(work.keys or work.tasks)]


def watched_prefix(work: Work) -> bytes:
    """Return what the keys that a work watches begin with."""
    return WATCH_PREFIX + (b"%06d/" % work.keys if work.keys else b"")


def value_of(work: Work) -> bytes:
    """Return the value that a work reads or writes: text, for a client that takes no bytes."""
    return b"v" * work.value_size


@dataclass(frozen=True)
class Session(Generic[Data]):
    """An open client's own methods in the shape that the works call.

    A method that has this shape already stands here itself, so that nothing lies between the work
    and the client; every result is complete, with the values in the caller's hands.
    """

    get: Callable[[Data], Awaitable[Data | None]]
    put: Callable[[Data, Data], Awaitable[object]]
    get_prefix: Callable[[Data], Awaitable[Sequence[tuple[Data, Data]]]]
    txn_put: Callable[[Data, Data], Awaitable[object]]
    # Receives so many events under a prefix, and sets the event once the watch stands.
    receive: Callable[[Data, int, asyncio.Event], Awaitable[None]]


class Adapter(Protocol[Data]):
    """One client library: how to connect, how to lock, and which type its keys have."""

    def native(self, data: bytes) -> Data:
        """Return the same data in the type that the client takes: bytes or text."""

    def connect(self, endpoint: str) -> AbstractAsyncContextManager[Session[Data]]:
        """Connect for the time of a context."""

    def locked(self, endpoint: str, name: Data) -> AbstractAsyncContextManager[object]:
        """Connect and hold a lock for the time of a context."""


class AsyncClient(Generic[Data]):
    """Runs works on an asyncio client library by its adapter: `open`, `run`, `close`."""

    def __init__(self, adapter: Adapter[Data]) -> None:
        """Connect to nothing yet."""
        self._adapter: Adapter[Data] = adapter
        self._endpoint = ""
        self._context: AbstractAsyncContextManager[Session[Data]] | None = None
        self._session: Session[Data] | None = None

    async def open(self, endpoint: str) -> None:
        """Remember the endpoint; the first work that needs a connection opens it."""
        self._endpoint = endpoint

    async def close(self) -> None:
        """Leave the connection's context."""
        if self._context is not None:
            await self._context.__aexit__(None, None, None)

    async def connected(self) -> Session[Data]:
        """Return the session that all works but `connect_alone` find open."""
        if self._session is None:
            self._context = self._adapter.connect(self._endpoint)
            self._session = await self._context.__aenter__()
        return self._session

    async def run(self, work: Work, begin: Callable[[], None]) -> None:
        """Prepare the work, call `begin`, from where on it is measured, and do it."""
        native = self._adapter.native
        if work.kind == "connect_alone":
            begin()
            await self._connect_each(work)
            return
        session = await self.connected()
        keys, value = [native(key) for key in work_keys(work)], native(value_of(work))
        if work.kind in ("watch", "receive"):
            await self._watch(session, work, begin)
            return
        begin()
        if work.kind == "get":
            await _spread(work, _getter(session, keys, value))
        elif work.kind == "put":
            await _spread(work, _putter(session.put, keys, value))
        elif work.kind == "txn":
            await _spread(work, _putter(session.txn_put, keys, value))
        elif work.kind == "get_prefix":
            await _get_prefix(session, work, native(FILL_PREFIX))
        elif work.kind == "connect":
            await self._connect_each(work)
        elif work.kind == "lock":
            await self._lock_each(work)
        else:
            message = f"unknown work {work.kind}"
            raise NotImplementedError(message)

    async def _watch(self, session: Session[Data], work: Work, begin: Callable[[], None]) -> None:
        native = self._adapter.native
        prefix = watched_prefix(work)
        keys = [native(key) for key in work_keys(work, prefix)]
        async with _receiving(session, work, native(prefix)):
            begin()
            if work.kind == "watch":
                await _spread(work, _putter(session.put, keys, native(value_of(work))))

    async def _connect_each(self, work: Work) -> None:
        key = self._adapter.native(work_keys(work)[0])
        for _ in range(work.operations):
            async with self._adapter.connect(self._endpoint) as session:
                await session.get(key)

    async def _lock_each(self, work: Work) -> None:
        name = self._adapter.native(_LOCK_NAME)
        for _ in range(work.operations):
            async with self._adapter.locked(self._endpoint, name):
                pass


_TaskBody = Callable[[int, int], Awaitable[None]]


async def _spread(work: Work, body: _TaskBody) -> None:
    """Run the operations in the work's tasks, each with an equal share."""
    if work.tasks == 1:
        await body(0, work.operations)
        return
    share, rest = divmod(work.operations, work.tasks)
    await asyncio.gather(*(body(index, share + (index < rest)) for index in range(work.tasks)))


def _getter(session: Session[Data], keys: list[Data], expected: Data) -> _TaskBody:
    async def body(task: int, count: int) -> None:
        get, key = session.get, keys[task]
        value: Data | None = expected
        for _ in range(count):
            value = await get(key)
        if value != expected:
            message = f"get returned {value!r:.80}"
            raise AssertionError(message)

    return body


def _putter(
    put: Callable[[Data, Data], Awaitable[object]], keys: list[Data], value: Data
) -> _TaskBody:
    async def body(task: int, count: int) -> None:
        key = keys[task]
        for _ in range(count):
            await put(key, value)

    return body


async def _get_prefix(session: Session[Data], work: Work, prefix: Data) -> None:
    for _ in range(work.operations // FILLED_KEYS):
        pairs = await session.get_prefix(prefix)
        if len(pairs) != FILLED_KEYS:
            message = f"get_prefix returned {len(pairs)} of {FILLED_KEYS} keys"
            raise AssertionError(message)


@asynccontextmanager
async def _receiving(session: Session[Data], work: Work, prefix: Data) -> AsyncIterator[None]:
    """Watch the prefix; the context ends when every event of the work has come."""
    established = asyncio.Event()
    receiver = asyncio.ensure_future(session.receive(prefix, work.operations, established))
    standing = asyncio.ensure_future(established.wait())
    await asyncio.wait((receiver, standing), return_when=asyncio.FIRST_COMPLETED)
    if receiver.done():
        standing.cancel()
        receiver.result()
    yield
    await receiver
