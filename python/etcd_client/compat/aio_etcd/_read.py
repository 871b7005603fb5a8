"""Reading a file, or listing a directory: one transaction for either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client import Key, PermissionDeniedError, Txn, TxnOp

from ._errors import answer
from ._nodes import listed, listing, node_of, times_left
from ._paths import ROOT, directory_key, file_key
from ._result import EtcdResult
from ._situation import reads, situation

if TYPE_CHECKING:
    from etcd_client import Communicator
    from etcd_client._deadline import Deadline

    from ._errors import EtcdException


async def read(
    communicator: Communicator, path: str, deadline: Deadline, *, recursive: bool
) -> EtcdResult:
    """Read a file or a directory.

    Args:
        communicator: The communicator to use.
        path: Its path.
        deadline: The deadline of the call.
        recursive: Whether to list also what is in the directories of the directory.
    """
    everything = TxnOp.get(directory_key(path), prefix=True)
    if path == ROOT:
        txn = Txn().and_then([everything])
    else:
        file = TxnOp.get(file_key(path))
        txn = Txn().when([Key(file_key(path)).version > 0]).and_then([file]).or_else([everything])
    response = await communicator.txn(txn, timeout=deadline.left())
    index = response.header.revision
    kvs = response.responses[0].kvs
    if path != ROOT and response.succeeded():
        left = await times_left(communicator, kvs, deadline)
        return EtcdResult("get", node_of(kvs[0], left.get(kvs[0].lease)), index=index)
    if kvs:
        near = listed(path, kvs, recursive=recursive)
        left = await times_left(communicator, near, deadline)
        return EtcdResult("get", listing(path, kvs, left, recursive=recursive), index=index)
    if path == ROOT:
        empty = {"key": "/", "dir": True, "modifiedIndex": 0, "createdIndex": 0}
        return EtcdResult("get", empty, index=index)
    raise await _not_found(communicator, path, index, deadline)


async def _not_found(
    communicator: Communicator, path: str, index: int, deadline: Deadline
) -> EtcdException:
    """Return the error that says which part of the path is missing, or is a file."""
    try:
        response = await communicator.txn(Txn().and_then(reads(path)), timeout=deadline.left())
    except PermissionDeniedError:
        # The user may not look above the path.
        return answer(100, path, index)
    return situation(path, response.responses, index).not_found()
