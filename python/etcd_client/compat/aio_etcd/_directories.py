"""Changing the TTL of a directory: its marker and all that lives with it get another lease."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client import Key, Txn, TxnOp

from ._nodes import node_of
from ._paths import directory_key, parent, path_of_key, shown
from ._result import EtcdResult, lifetime
from ._situation import Parents

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from etcd_client import Communicator, KeyValue
    from etcd_client._deadline import Deadline

    from ._leases import Grant
    from ._situation import Situation

# So that a transaction, with what it touches, stays below the 128 operations that etcd allows.
_MOST_AT_ONCE = 50


async def change_ttl(
    communicator: Communicator,
    found: Situation,
    grant: Grant,
    deadline: Deadline,
    *,
    refresh: bool,
) -> EtcdResult | None:
    """Give a directory another TTL, or none.

    A directory of more than 50 files that live with it is moved in several transactions, its marker
    in the last.

    Args:
        communicator: The communicator to use.
        found: The situation of the directory.
        grant: The lease that it gets.
        deadline: The deadline of the call.
        refresh: Whether watches shall not see it.

    Returns:
        The result; None if something was changed meanwhile, to try again.
    """
    parents = Parents(found.path, found)
    lease, ttl = await grant.below(parents.lease)
    key = directory_key(found.path)
    while True:
        everything = await communicator.range(
            key, prefix=True, keys_only=True, timeout=deadline.left()
        )
        markers = {kv.key: kv for kv in everything.kvs if kv.key.endswith(b"/")}
        old = markers[key].lease if key in markers else 0
        moved = [kv for kv in everything.kvs if kv.lease == old and kv.key != key]
        is_last = len(moved) <= _MOST_AT_ONCE
        moved = moved[:_MOST_AT_ONCE]
        conditions = [Key(kv.key).mod_revision == kv.mod_revision for kv in moved]
        operations = _moves(moved, markers.keys(), lease)
        if is_last:
            revision = markers[key].mod_revision if key in markers else 0
            unchanged = Key(key).with_prefix().mod_revision < everything.header.revision + 1
            conditions += [unchanged, Key(key).mod_revision == revision]
            operations[key] = TxnOp.put(key, b"", lease=lease or None)
            conditions += parents.conditions()
        above = parents.operations(touch=refresh) if is_last else []
        txn = Txn().when(conditions).and_then([*operations.values(), *above])
        response = await grant.commit(txn, lease)
        if response is None or not response.succeeded():
            return None
        if is_last:
            return _result(found, ttl, response.header.revision)


def _moves(kvs: Sequence[KeyValue], markers: Container[bytes], lease: int) -> dict[bytes, TxnOp]:
    """Return the operations that attach keys to a lease, so that watches do not see it."""
    operations = {}
    for kv in kvs:
        path, _ = path_of_key(kv.key)
        marker = directory_key(parent(path))
        if marker in markers:
            operations[marker] = TxnOp.put(marker, b"", ignore_value=True, ignore_lease=True)
    for kv in kvs:
        operations[kv.key] = TxnOp.put(kv.key, b"", ignore_value=True, lease=lease or None)
    return operations


def _result(found: Situation, ttl: int | None, index: int) -> EtcdResult:
    created = index if found.marker is None else found.marker.create_revision
    node = {
        "key": shown(found.path),
        "dir": True,
        "modifiedIndex": index,
        "createdIndex": created,
        **({} if ttl is None else lifetime(ttl)),
    }
    before = None if found.marker is None else node_of(found.marker)
    return EtcdResult("update", node, before, index=index)
