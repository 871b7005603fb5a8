"""The API of this repository's client as far as etcd-client-py 0.5.1 has it too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import etcd_client
from benches.works import Session


class Adapter:
    """`etcd_client` in the shape of the benchmark."""

    def native(self, data: bytes) -> bytes:
        """Keys are bytes."""
        return data

    @asynccontextmanager
    async def connect(self, endpoint: str) -> AsyncIterator[Session[bytes]]:
        """Connect for the time of a context."""
        async with etcd_client.Client([endpoint]).connect() as communicator:
            yield session_of(communicator)

    def locked(
        self, endpoint: str, name: bytes
    ) -> AbstractAsyncContextManager[etcd_client.Communicator]:
        """Connect and hold a lock for the time of a context."""
        option = etcd_client.EtcdLockOption(lock_name=name)
        return etcd_client.Client([endpoint]).with_lock(option)


def session_of(communicator: etcd_client.Communicator) -> Session[bytes]:
    """Return the communicator's methods; `get`, `put` and `get_prefix` are called directly."""

    async def txn_put(key: bytes, value: bytes) -> None:
        put = etcd_client.TxnOp.put(key, value)
        await communicator.txn(etcd_client.Txn().and_then([put]))

    async def receive(prefix: bytes, count: int, established: asyncio.Event) -> None:
        ready = etcd_client.CondVar()
        notified = asyncio.ensure_future(_relay(ready, established))
        received = 0
        async for event in communicator.watch_prefix(prefix, ready_event=ready):
            _ = event.key, event.value
            received += 1
            if received == count:
                break
        await notified

    return Session(communicator.get, communicator.put, communicator.get_prefix, txn_put, receive)


async def _relay(ready: etcd_client.CondVar, established: asyncio.Event) -> None:
    await ready.wait()
    established.set()
