"""Uses the installed package against the etcd of $ETCD_ENDPOINT, one call of each kind.

Run isolated (`python -I`), in the environment of a wheel: it shows that the extension module loads
there and that its thread, its wake-ups and its streams work. Only the standard library is imported.
"""

import asyncio
import os
import sys
from pathlib import Path

import etcd_client
from etcd_client import Client, CondVar, EtcdLockOption, Txn, TxnOp, WatchEventType

KEY = b"smoke/key"


async def write_read_and_watch(client: Client) -> None:
    """Puts a value by a transaction, reads it back and sees it in a watch."""
    async with client.connect() as communicator:
        ready = CondVar()

        async def first_event() -> tuple[WatchEventType, bytes]:
            async for event in communicator.watch(KEY, ready_event=ready):
                return event.event, event.value
            message = "the watch ended without an event"
            raise RuntimeError(message)

        watching = asyncio.create_task(first_event())
        await ready.wait()
        response = await communicator.txn(Txn().and_then([TxnOp.put(KEY, b"value")]))
        require(response.succeeded(), "the transaction succeeded")
        require(await communicator.get(KEY) == b"value", "the value was read back")
        event = await asyncio.wait_for(watching, timeout=10)
        require(event == (WatchEventType.PUT, b"value"), "the watch saw the put")


async def lock_and_clean_up(client: Client) -> None:
    """Deletes the key under a lock."""
    async with client.with_lock(EtcdLockOption(lock_name=b"smoke/lock", timeout=10.0)) as locked:
        await locked.delete(KEY)
        require(await locked.get(KEY) is None, "the key was deleted")


def require(condition: bool, what: str) -> None:  # noqa: FBT001
    """Fails unless `condition` holds; unlike `assert`, under `python -O` too."""
    if not condition:
        message = f"not so: {what}"
        raise RuntimeError(message)


async def main() -> None:
    """Runs every check within one event loop."""
    client = Client([os.environ["ETCD_ENDPOINT"]])
    await write_read_and_watch(client)
    await lock_and_clean_up(client)
    etcd_client.cleanup_runtime()


if __name__ == "__main__":
    installed = Path(etcd_client.__file__).resolve()
    require(installed.is_relative_to(Path(sys.prefix).resolve()), "the installed package was used")
    asyncio.run(main())
    sys.stdout.write(f"smoke test passed: Python {sys.version.split()[0]}, {installed.parent}\n")
