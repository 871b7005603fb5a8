"""Reading all keys of a cache, in pages at one revision, and comparing them with the old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from etcd_client import _etcd_client
from etcd_client._concurrency import checkpoint
from etcd_client._kv.range_reader import RangeReader
from etcd_client._kv.scan import Scan

from .changes import CacheChange
from .contents import Contents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etcd_client._etcd_client import Communicator


# Keys for each page, where the server does not stream them. It counts the rest of a range for each
# page, so that small pages of a large range are slow. A large page blocks the event loop: creating
# its objects should take no more than a few milliseconds.
_PAGE = 5_000
# The number of keys after which to yield to the event loop.
_TURN = 1000


class Loaded(NamedTuple):
    """The result of reading all keys."""

    revision: int
    contents: Contents
    changes: list[CacheChange]
    """The differences from the contents before, deleted keys first."""


async def load(
    communicator: Communicator,
    prefixes: Sequence[bytes],
    before: Contents,
    timeout: float | None,
    *,
    compare: bool,
) -> Loaded:
    """Read all keys at one revision.

    Args:
        communicator: The connection to use.
        prefixes: Of which none begins with another one.
        before: The contents that are compared, and that nobody changes meanwhile.
        timeout: Seconds for each page.
        compare: Whether the changes are wanted. A list of a million of them keeps Python's garbage
            collector busy, which stops everything else.
    """
    contents = Contents(before.decode)
    changed: list[CacheChange] = []
    revision = 0
    count = 0
    for prefix in prefixes:
        scan = _scan(communicator, prefix, revision, timeout)
        async for kv in scan:
            old = before.kvs.get(kv.key)
            # Compare more than the revision: a cluster that was set up anew may have other values
            # at the same revisions.
            if old is not None and old == kv:
                contents.keep(kv.key, before)
            else:
                contents.add(kv)
                if compare:
                    changed.append(CacheChange(kv.key, old, kv))
            count += 1
            if count % _TURN == 0:
                await checkpoint()
        revision = scan.revision
    removed = await _removed(before, contents)
    return Loaded(revision, contents, removed + changed)


def _scan(communicator: Communicator, prefix: bytes, revision: int, timeout: float | None) -> Scan:
    first, range_end = _etcd_client.prefix_range(prefix)
    reader = RangeReader(communicator, range_end, timeout=timeout)
    return Scan(reader, first, None, revision, _PAGE)


async def _removed(before: Contents, contents: Contents) -> list[CacheChange]:
    removed = []
    for count, (key, old) in enumerate(before.kvs.items(), 1):
        if key not in contents.kvs:
            removed.append(CacheChange(key, old, None))
        if count % _TURN == 0:
            await checkpoint()
    return removed


async def let_go(contents: Contents) -> None:
    """Free old contents step by step: freeing all at once would block the event loop."""
    for each in (contents.kvs, contents.shown):
        count = 0
        while each:
            each.popitem()
            count += 1
            if count % _TURN == 0:
                await checkpoint()
