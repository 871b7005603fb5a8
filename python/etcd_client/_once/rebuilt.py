"""Rebuilding the lost response of a transaction from the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from etcd_client._etcd_client import (
    DeleteResponse,
    PutResponse,
    RangeResponse,
    ResponseHeader,
    Txn,
    TxnOp,
)
from etcd_client.errors import EtcdError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etcd_client._etcd_client import Communicator

    _Response: TypeAlias = RangeResponse | PutResponse | DeleteResponse | None


async def rebuilt(
    communicator: Communicator, operations: Sequence[TxnOp], header: ResponseHeader
) -> tuple[_Response, ...]:
    """Return the responses of a branch that ran at the header's revision.

    A response is None if it cannot be rebuilt: that of a nested transaction, one that needs history
    that was compacted, or one that depends on other operations of the branch in a way that the
    history does not show.

    Args:
        communicator: The connection to use.
        operations: Those of the branch.
        header: That of the transaction.
    """
    reads = [_read(operations, index, header.revision) for index in range(len(operations))]
    answers = iter(await _answers(communicator, [read for read in reads if read is not None]))
    return tuple(
        _response(operation, None if read is None else next(answers), header)
        for operation, read in zip(operations, reads, strict=True)
    )


async def _answers(
    communicator: Communicator, reads: Sequence[TxnOp]
) -> Sequence[RangeResponse | None]:
    if not reads:
        return ()
    try:
        return (await communicator.txn(Txn().and_then(reads))).responses
    except EtcdError:
        # The change was applied: missing details must not make it look like a failure.
        return [None] * len(reads)


def _read(operations: Sequence[TxnOp], index: int, revision: int) -> TxnOp | None:
    """Return the read that gives the response of an operation; None if no read does."""
    operation = operations[index]
    kind, *_ = operation._parts()  # noqa: SLF001 - made for this
    # An operation sees the effects of those before it, but not of those after it.
    if not _writes(operations[:index], operation):
        return operation._read_at(revision - 1)  # noqa: SLF001 - made for this
    if kind == "get" and not _writes(operations[index + 1 :], operation):
        return operation._read_at(revision)  # noqa: SLF001 - made for this
    return None


def _writes(operations: Sequence[TxnOp], what: TxnOp) -> bool:
    """Tell whether any of the operations may write a key of another operation."""
    return any(_may_write(operation, what) for operation in operations)


def _may_write(operation: TxnOp, what: TxnOp) -> bool:
    kind, key, end = operation._parts()  # noqa: SLF001 - made for this
    if kind in {"get", "txn"}:
        return kind == "txn"
    _, other_key, other_end = what._parts()  # noqa: SLF001 - made for this
    return _begins_before(key, other_key, other_end) and _begins_before(other_key, key, end)


def _begins_before(start: bytes, key: bytes, end: bytes) -> bool:
    """Tell whether a range that begins at `start` begins before the end of another one."""
    if end == b"\0":
        return True
    return start < end if end else start <= key


def _response(operation: TxnOp, answer: RangeResponse | None, header: ResponseHeader) -> _Response:
    kind, *_ = operation._parts()  # noqa: SLF001 - made for this
    if kind == "put":
        return PutResponse(header, answer.kvs[0] if answer is not None and answer.kvs else None)
    if answer is None:
        return None
    if kind == "delete":
        return DeleteResponse(header, answer.count, answer.kvs)
    return RangeResponse(header, answer.kvs, answer.more, answer.count)
