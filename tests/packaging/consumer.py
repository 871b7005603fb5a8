"""A program as a user of the installed package would write it; mypy --strict must accept it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Coroutine
from pathlib import Path
from typing import Any

from etcd_client import (
    Call,
    Client,
    Communicator,
    CompactedError,
    Compare,
    CompareOp,
    CondVar,
    ConnectOptions,
    Election,
    EtcdClient,
    EtcdCommunicator,
    EtcdError,
    EtcdLockOption,
    EtcdTimeoutError,
    GRPCStatusCode,
    GRPCStatusError,
    Key,
    KeyValue,
    Lock,
    Permission,
    PermissionType,
    PutResponse,
    SortOrder,
    SortTarget,
    Txn,
    TxnOp,
    TxnResponse,
    WatchEvent,
    WatchEventType,
    WatchFilterType,
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


async def options_of_a_range(communicator: Communicator) -> list[KeyValue]:
    """Options have the types that programs pass; pages are async iterators."""
    response = await communicator.range(
        bytearray(b"prefix/"),
        prefix=True,
        sort_order=SortOrder.DESCEND,
        sort_target=SortTarget.MOD,
        limit=10,
        timeout=1.5,
    )
    scanned: AsyncIterator[KeyValue] = communicator.scan_prefix(memoryview(b"prefix/"))
    return [*response.kvs, *[kv async for kv in scanned]]


async def create(communicator: Communicator) -> int | None:
    """Conditions by operators; the value classes can be taken apart."""
    absent: Compare = Key("key").version == 0
    txn = Txn().when([absent, Key("other").value != b"x"]).and_then([TxnOp.put("key", "value")])
    match await communicator.txn(txn):
        case TxnResponse(responses=(PutResponse(prev_kv=KeyValue(key=_, lease=int(lease))),)):
            return lease
        case TxnResponse(header=header):
            return header.revision


async def batches(communicator: Communicator) -> int:
    """A watch is a context manager, and an iterator of revisions too."""
    ready = asyncio.Event()
    filters = [WatchFilterType.NODELETE]
    watch = communicator.watch("key", ready_event=ready, filters=filters, start_revision=1)
    try:
        async with watch as same:
            async for batch in same.batches():
                return batch[0].kv.mod_revision if batch[0].kv else watch.revision
    except CompactedError as error:
        return error.compact_revision or 0
    return 0


async def hold(communicator: Communicator) -> tuple[bool, int | None]:
    """Leases, locks and leads are context managers; a lease goes where its id does."""
    async with communicator.lease(10) as lease, Lock(communicator, "lock", ttl=2.5) as lock:
        await communicator.put("key", "value", lease=lease)
        token: int | None = lock.revision
        async with Election(communicator, "election", "me") as election:
            await election.proclaim("still me")
        granted = await communicator.lease(10)
        await granted.revoke()
        return lock.lost.is_set(), token


async def administer(communicator: Communicator) -> tuple[tuple[Permission, ...], int]:
    """The services hang on the communicator."""
    auth = communicator.auth
    await auth.role_grant_permission("role", PermissionType.READ, "key", prefix=True)
    role = await auth.role_get("role")
    endpoints: list[str] = await communicator.sync_endpoints()
    status = await communicator.maintenance.status(endpoints[0])
    learners = [m for m in (await communicator.cluster.member_list()).members if m.is_learner]
    saved = await communicator.maintenance.snapshot_save(Path("etcd.db"))
    return role.permissions, saved.size + status.db_size + len(learners)


def calls(communicator: Communicator) -> Coroutine[Any, Any, PutResponse]:
    """A call is a coroutine, and says of what."""
    call: Call[PutResponse] = communicator.put("key", b"value", prev_kv=True)
    return call


def describe(error: EtcdError) -> str:
    """Errors carry what programs act on."""
    if isinstance(error, EtcdTimeoutError):
        raise TimeoutError from error
    if isinstance(error, GRPCStatusError) and error.code == GRPCStatusCode.Unavailable:
        return error.message
    return str(error)


async def main() -> None:
    """Connects, locks and handles errors."""
    options = ConnectOptions().with_user("user", "password")
    client: EtcdClient = Client(["http://127.0.0.1:2379"], options)
    try:
        async with client.connect() as communicator:
            await read(communicator)
            await compare_and_swap(communicator, b"old", b"new")
            await at_once(communicator)
            await options_of_a_range(communicator)
            await create(communicator.namespace("/application/"))
            await batches(communicator)
            await hold(communicator)
            await administer(communicator)
            await asyncio.create_task(calls(communicator))
        lock = EtcdLockOption(lock_name=b"lock", timeout=5.0, ttl=10)
        async with client.with_lock(lock) as locked:
            await first_deleted(locked)
    except GRPCStatusError as error:
        raise SystemExit(describe(error)) from error
    contexts: int = active_context_count()
    if contexts == 0:
        cleanup_runtime()


if __name__ == "__main__":
    asyncio.run(main())
