"""The history of some keys, read again from etcd, revision by revision."""

from etcd_client import Communicator, WatchEventType


async def states(communicator: Communicator, prefix: bytes, since: int) -> list[set[bytes]]:
    """Return which keys there were after each revision that changed one of them.

    Args:
        communicator: The connection to use.
        prefix: What the keys begin with; there were none at the beginning.
        since: The first revision.
    """
    end = prefix + b"\xff"
    await communicator.put(end, b"")
    present: set[bytes] = set()
    found = []
    async with communicator.watch_prefix(prefix, start_revision=since) as watch:
        async for batch in watch.batches():
            for event in batch:
                if event.event is WatchEventType.PUT:
                    present.add(event.key)
                else:
                    present.discard(event.key)
            if end in present:
                break
            found.append(set(present))
    await communicator.delete(end)
    return found


async def in_line(communicator: Communicator, prefix: bytes) -> list[bytes]:
    """Return the keys of contenders, in the order of their arrival."""
    kvs = (await communicator.range(prefix, prefix=True)).kvs
    return [kv.key for kv in sorted(kvs, key=lambda kv: kv.create_revision)]
