"""Reading a file, or listing a directory: one transaction for either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client import Key, Txn, TxnOp

from ._nodes import listed, listing, node_of, times_left
from ._paths import ROOT, directory_key, file_key
from ._result import EtcdResult
from ._situation import reads, situation

if TYPE_CHECKING:
    from etcd_client import Communicator
    from etcd_client._deadline import Deadline


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
        txn = Txn().or_else([everything]).when([Key(b"/").version < 0])
    else:
        file = TxnOp.get(file_key(path))
        txn = Txn().when([Key(file_key(path)).version > 0]).and_then([file])
        txn = txn.or_else([everything, *reads(path)])
    response = await communicator.txn(txn, timeout=deadline.left())
    index = response.header.revision
    kvs = response.responses[0].kvs
    if response.succeeded():
        left = await times_left(communicator, kvs, deadline)
        return EtcdResult("get", node_of(kvs[0], left.get(kvs[0].lease)), index=index)
    if kvs:
        shown = listed(path, kvs, recursive=recursive)
        left = await times_left(communicator, shown, deadline)
        return EtcdResult("get", listing(path, kvs, left, recursive=recursive), index=index)
    if path == ROOT:
        return EtcdResult(
            "get", {"key": "/", "dir": True, "modifiedIndex": 0, "createdIndex": 0}, index=index
        )
    raise situation(path, response.responses[1:], index).not_found()
