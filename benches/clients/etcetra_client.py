"""etcetra 0.1.19, over grpcio."""

# ruff: noqa: ANN401 - the library has no types

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import etcetra  # type: ignore[import-not-found]

from benches.works import AsyncClient, Session

# Its `ready_event` is set when the request has been written, before etcd confirms the watch.
_CONFIRMATION_TIME = 0.2


class Adapter:
    """`etcetra` in the shape of the benchmark."""

    def native(self, data: bytes) -> str:
        """Keys and values are text."""
        return data.decode()

    @asynccontextmanager
    async def connect(self, endpoint: str) -> AsyncIterator[Session[str]]:
        """Connect for the time of a context."""
        async with _client(endpoint).connect() as communicator:
            yield session_of(communicator)

    def locked(self, endpoint: str, name: str) -> AbstractAsyncContextManager[Any]:
        """Connect and hold a lock for the time of a context."""
        manager: AbstractAsyncContextManager[Any] = _client(endpoint).with_lock(name)
        return manager


def _client(endpoint: str) -> Any:
    parts = urlsplit(endpoint)
    return etcetra.EtcdClient(etcetra.HostPortPair(parts.hostname, parts.port))


def session_of(communicator: Any) -> Session[str]:
    """Return the communicator's methods; all its reads are serializable, the cheaper kind."""

    async def get_prefix(prefix: str) -> list[tuple[str, str]]:
        pairs: dict[str, str] = await communicator.get_prefix(prefix)
        return list(pairs.items())

    async def txn_put(key: str, value: str) -> None:
        await communicator.txn(lambda action: action.put(key, value))

    async def receive(prefix: str, count: int, established: asyncio.Event) -> None:
        ready = asyncio.Event()
        notified = asyncio.ensure_future(_relay(ready, established))
        received = 0
        async with aclosing(communicator.watch_prefix(prefix, ready_event=ready)) as events:
            async for event in events:
                _ = event.key, event.value
                received += 1
                if received == count:
                    break
        await notified

    return Session(communicator.get, communicator.put, get_prefix, txn_put, receive)


async def _relay(ready: asyncio.Event, established: asyncio.Event) -> None:
    await ready.wait()
    await asyncio.sleep(_CONFIRMATION_TIME)
    established.set()


def client() -> AsyncClient[str]:
    """Return the client that the worker drives."""
    return AsyncClient(Adapter())
