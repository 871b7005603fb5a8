"""Before 3.4.20 and 3.5.5, etcd panics if a read-only transaction is cancelled while it runs."""

import asyncio
import contextlib
import random
from collections.abc import Callable

from etcd_client import Client, EtcdTimeoutError, Txn, TxnOp
from etcd_client.testing import EtcdServer

KEYS = 2000
ROUNDS = 150


async def test_the_server_lives_on(make_server: Callable[..., EtcdServer]) -> None:
    server = make_server()
    read = Txn().and_then([TxnOp.get(b"key", prefix=True), TxnOp.get(b"key", prefix=True)])
    async with Client(server.endpoint) as communicator:
        await asyncio.gather(*(communicator.put(f"key-{n}", bytes(100)) for n in range(KEYS)))
        for _ in range(ROUNDS):
            tasks = [asyncio.create_task(communicator.txn(read)) for _ in range(3)]
            with contextlib.suppress(EtcdTimeoutError):
                await communicator.txn(read, timeout=random.uniform(0.001, 0.01))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert server.alive
        assert await communicator.count_prefix(b"key") == KEYS
