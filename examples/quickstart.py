"""The README's quick start, step by step, against the etcd at $ETCD_ENDPOINT."""

from __future__ import annotations

import asyncio
import os

from etcd_client import (
    Client,
    Communicator,
    Compare,
    CompareOp,
    CondVar,
    EtcdLockOption,
    Txn,
    TxnOp,
)

ENDPOINT = os.environ.get("ETCD_ENDPOINT", "http://127.0.0.1:2379")


async def write_and_read(communicator: Communicator) -> None:
    """Put a key and get it back."""
    response = await communicator.put("greeting", "hello")
    print("put greeting at revision", response.header.revision)
    print("get greeting:", await communicator.get("greeting"))
    for name in ("api", "db"):
        await communicator.put(f"/services/{name}", "up")
    print("get_prefix /services/:", await communicator.get_prefix("/services/"))


async def compare_and_swap(communicator: Communicator) -> None:
    """Change a key only if it still has the expected value."""
    txn = Txn().when([Compare.value("greeting", CompareOp.EQUAL, "hello")])
    response = await communicator.txn(txn.and_then([TxnOp.put("greeting", "goodbye")]))
    print("compare and swap succeeded:", response.succeeded())


async def watch_jobs(client: Client, ready: CondVar) -> None:
    """Print what happens under a prefix until a job is done."""
    async with client.connect() as communicator:
        async for event in communicator.watch_prefix("/jobs/", ready_event=ready):
            print("watched:", event.event, event.key, event.value)
            if event.value == b"done":
                break


async def work_under_lock(client: Client, worker: str) -> None:
    """Do something that only one may do at a time."""
    async with client.with_lock(EtcdLockOption("demo-lock")) as communicator:
        print(worker, "has the lock")
        await communicator.put("last-worker", worker)


async def main() -> None:
    """Run every step."""
    client = Client(ENDPOINT)
    async with client.connect() as communicator:
        await write_and_read(communicator)
        await compare_and_swap(communicator)
        ready = CondVar()
        watching = asyncio.create_task(watch_jobs(client, ready))
        await ready.wait()
        await communicator.put("/jobs/1", "running")
        await communicator.put("/jobs/1", "done")
        await watching
        await asyncio.gather(*(work_under_lock(client, f"worker {n}") for n in range(3)))


if __name__ == "__main__":
    asyncio.run(main())
