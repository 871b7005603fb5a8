"""aetcd 1.0.0, over grpcio."""

# ruff: noqa: ANN401 - the library has no types

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aetcd  # type: ignore[import-not-found]

from benches.works import AsyncClient, Session


class Adapter:
    """`aetcd` in the shape of the benchmark."""

    def native(self, data: bytes) -> bytes:
        """Keys are bytes."""
        return data

    @asynccontextmanager
    async def connect(self, endpoint: str) -> AsyncIterator[Session[bytes]]:
        """Connect for the time of a context."""
        async with _client(endpoint) as client:
            yield session_of(client)

    @asynccontextmanager
    async def locked(self, endpoint: str, name: bytes) -> AsyncIterator[Any]:
        """Connect and hold a lock for the time of a context."""
        async with _client(endpoint) as client, client.lock(name) as lock:
            yield lock


def _client(endpoint: str) -> Any:
    parts = urlsplit(endpoint)
    return aetcd.Client(parts.hostname, parts.port)


def session_of(client: Any) -> Session[bytes]:
    """Return the client's methods, with plain values taken out of its result objects."""

    async def get(key: bytes) -> bytes | None:
        result = await client.get(key)
        return None if result is None else result.value

    async def get_prefix(prefix: bytes) -> list[tuple[bytes, bytes]]:
        # The raw messages: the way that aetcd itself calls the fastest.
        result = await client.get_prefix(prefix)
        return [(kv.key, kv.value) for kv in result.kvs]

    async def txn_put(key: bytes, value: bytes) -> None:
        put = client.transactions.put(key, value)
        # It iterates over `failure` even where its default, None, says that there is none.
        await client.transaction(compare=[], success=[put], failure=[])

    async def receive(prefix: bytes, count: int, established: asyncio.Event) -> None:
        watch = await client.watch_prefix(prefix)
        established.set()
        received = 0
        async for event in watch:
            _ = event.kv.key, event.kv.value
            received += 1
            if received == count:
                break
        await watch.cancel()

    return Session(get, client.put, get_prefix, txn_put, receive)


def client() -> AsyncClient[bytes]:
    """Return the client that the worker drives."""
    return AsyncClient(Adapter())
