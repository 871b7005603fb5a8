"""A program as a user of the installed package would write it; mypy --strict must accept it."""

import asyncio
from collections.abc import Awaitable

from etcd_client import (
    Client,
    Communicator,
    Compare,
    CompareOp,
    CondVar,
    ConnectOptions,
    EtcdClient,
    EtcdCommunicator,
    EtcdError,
    EtcdLockOption,
    GRPCStatusError,
    Txn,
    TxnOp,
    TxnResponse,
    WatchEvent,
    WatchEventType,
    active_context_count,
    cleanup_runtime,
)


async def read(communicator: Communicator) -> tuple[bytes | None, list[tuple[bytes, bytes]]]:
    """Reads have the types that programs pass on."""
    return await communicator.get("key"), await communicator.get_prefix(b"prefix/")


async def compare_and_swap(communicator: EtcdCommunicator, old: bytes, new: bytes) -> bool:
    """Transactions are built from lists of compares and operations."""
    txn = (
        Txn()
        .when([Compare.value(b"key", CompareOp.EQUAL, old)])
        .and_then([TxnOp.put(b"key", new)])
        .or_else([TxnOp.get(b"key")])
    )
    response: TxnResponse = await communicator.txn(txn)
    return response.succeeded()


async def first_deleted(communicator: Communicator) -> bytes | None:
    """A watch is an async iterator of events."""
    ready = CondVar()
    async for event in communicator.watch_prefix(b"prefix/", ready_event=ready):
        seen: WatchEvent = event
        if seen.event == WatchEventType.DELETE:
            return seen.key
    return None


async def at_once(communicator: Communicator) -> bytes | None:
    """Calls are tasks, members of `gather` and plain awaitables."""
    task = asyncio.create_task(communicator.get(b"a"))
    both: tuple[bytes | None, bytes | None] = await asyncio.gather(task, communicator.get(b"b"))
    waiting: Awaitable[bytes | None] = communicator.get(b"c")
    return both[0] or both[1] or await asyncio.wait_for(waiting, timeout=1)


async def main() -> None:
    """Connects, locks and handles errors."""
    options = ConnectOptions().with_user("user", "password")
    client: EtcdClient = Client(["http://127.0.0.1:2379"], options)
    try:
        async with client.connect() as communicator:
            await read(communicator)
            await compare_and_swap(communicator, b"old", b"new")
            await at_once(communicator)
        lock = EtcdLockOption(lock_name=b"lock", timeout=5.0, ttl=10)
        async with client.with_lock(lock) as locked:
            await first_deleted(locked)
    except GRPCStatusError as error:
        caught: EtcdError = error
        raise SystemExit(str(caught)) from error
    contexts: int = active_context_count()
    if contexts == 0:
        cleanup_runtime()


if __name__ == "__main__":
    asyncio.run(main())
