"""Deleting a file or a directory, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from etcd_client import Key, Txn, TxnOp
from etcd_client._backoff import Backoff

from ._errors import answer
from ._nodes import node_of
from ._paths import ROOT, directory_key, file_key, shown
from ._result import EtcdResult
from ._situation import Parents, Situation, is_directory, reads, situation
from ._write import check_swap

if TYPE_CHECKING:
    from etcd_client import Communicator, KeyValue
    from etcd_client._deadline import Deadline


class Deletion(NamedTuple):
    """What may be deleted."""

    dir: bool = False
    recursive: bool = False
    prev_value: bytes | None = None
    prev_index: int | None = None

    @property
    def action(self) -> str:
        """What etcd calls it."""
        compares = self.prev_value is not None or self.prev_index is not None
        return "compareAndDelete" if compares else "delete"


async def delete(
    communicator: Communicator, path: str, deletion: Deletion, deadline: Deadline
) -> EtcdResult:
    """Delete a path.

    Args:
        communicator: The communicator to use.
        path: The path.
        deletion: What may be deleted.
        deadline: The deadline of the call.
    """
    if path == ROOT:
        raise answer(107, "/")
    found: Situation | None = None
    backoff = Backoff()
    while True:
        deletes_directory = found is not None and found.is_directory
        txn = (
            _directory(path, deletion, found) if deletes_directory else _file(path, deletion, found)
        )
        response = await communicator.txn(txn.or_else(reads(path)), timeout=deadline.left())
        index = response.header.revision
        if response.succeeded():
            if found is not None and found.is_directory:
                return _deleted(deletion, _directory_before(found), index)
            return _deleted(deletion, response.responses[0].prev_kvs[0], index)
        found = situation(path, response.responses, index)
        _refuse(deletion, found)
        await deadline.bound(backoff.pause())


def _file(path: str, deletion: Deletion, found: Situation | None) -> Txn:
    parents = Parents(path, found)
    file = Key(file_key(path))
    conditions = [*parents.conditions(), file.version > 0]
    if deletion.prev_value is not None:
        conditions.append(file.value == deletion.prev_value)
    if deletion.prev_index is not None:
        conditions.append(file.mod_revision == deletion.prev_index)
    remove = TxnOp.delete(file_key(path), prev_kv=True)
    return Txn().when(conditions).and_then([remove, *parents.operations(touch=True)])


def _directory(path: str, deletion: Deletion, found: Situation | None) -> Txn:
    parents = Parents(path, found)
    key = directory_key(path)
    conditions = [*parents.conditions(), Key(file_key(path)).version == 0, is_directory(path)]
    if not deletion.recursive:
        # Everything but the marker.
        conditions.append(Key(key + b"\0").with_range(key[:-1] + b"0").version == 0)
    remove = TxnOp.delete(key, prefix=True)
    return Txn().when(conditions).and_then([remove, *parents.operations(touch=True)])


def _refuse(deletion: Deletion, found: Situation) -> None:
    path, index = shown(found.path), found.index
    if found.file is not None:
        check_swap(deletion.prev_value, deletion.prev_index, found.file, index)
        return
    if not found.is_directory:
        raise found.not_found()
    if deletion.action != "delete" or not (deletion.dir or deletion.recursive):
        raise answer(102, path, index)
    if found.has_children and not deletion.recursive:
        raise answer(108, path, index)


def _directory_before(found: Situation) -> dict[str, object]:
    if found.marker is not None:
        return node_of(found.marker)
    return {"key": shown(found.path), "dir": True, "modifiedIndex": 0, "createdIndex": 0}


def _deleted(deletion: Deletion, before: KeyValue | dict[str, object], index: int) -> EtcdResult:
    previous = before if isinstance(before, dict) else node_of(before)
    node = {
        "key": previous["key"],
        "dir": previous.get("dir", False),
        "modifiedIndex": index,
        "createdIndex": previous["createdIndex"],
    }
    return EtcdResult(deletion.action, node, previous, index=index)
