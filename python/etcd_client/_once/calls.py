"""The calls that accept `once=`, rewritten as transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etcd_client._coordination.open_session import Session, check_session
from etcd_client._deadline import Deadline
from etcd_client._etcd_client import DeleteResponse, PutResponse, Txn, TxnOp, TxnResponse

from .change import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from etcd_client._etcd_client import Communicator
    from etcd_client._types import BytesLike


def exactly_once(
    communicator: Communicator,
    name: str,
    *arguments: Any,  # noqa: ANN401 - the native call has types for them
    once: Session | None,
    timeout: float | None = None,
    **options: Any,  # noqa: ANN401 - the same
) -> Coroutine[Any, Any, object]:
    """Call a method of a communicator so that it is applied exactly once.

    Args:
        communicator: Whose call it is.
        name: The name of its method.
        arguments: What the method takes.
        once: The session as long as whose life it is made exactly once; None to make it as ever.
        timeout: The seconds after which no further attempt is made.
        options: What the method takes by name.
    """
    if once is None:
        call: Coroutine[Any, Any, object] = getattr(communicator, name)(
            *arguments, timeout=timeout, **options
        )
        return call
    check_session(once, "once")
    call_of: dict[str, Callable[..., Coroutine[Any, Any, object]]] = {
        "put": _put,
        "delete": _delete,
        "delete_prefix": _delete_prefix,
        "delete_range": _delete_range,
        "txn": _txn,
    }
    _ = once.id  # raises if the session is not open
    made: Coroutine[Any, Any, object] = call_of[name](
        _Call(communicator, once, timeout, name), *arguments, **options
    )
    return made


class _Call:
    def __init__(
        self, communicator: Communicator, session: Session, timeout: float | None, name: str
    ) -> None:
        self.communicator = communicator
        self.session = session
        self.deadline = Deadline(timeout, name)

    async def run(self, txn: Txn) -> TxnResponse:
        return await Change(self.communicator, self.session, txn, self.deadline).make()


def _put(call: _Call, key: BytesLike, value: BytesLike, **options: Any) -> Coroutine[Any, Any, Any]:  # noqa: ANN401
    txn = Txn().and_then([TxnOp.put(key, value, **options)])

    async def put() -> PutResponse:
        response = await call.run(txn)
        return PutResponse(response.header, response.responses[0].prev_kv)

    return put()


def _delete(call: _Call, key: BytesLike, **options: Any) -> Coroutine[Any, Any, Any]:  # noqa: ANN401
    txn = Txn().and_then([TxnOp.delete(key, **options)])

    async def delete() -> DeleteResponse:
        response = await call.run(txn)
        (inner,) = response.responses
        if inner is None:
            return DeleteResponse(response.header, -1, ())
        return DeleteResponse(response.header, inner.deleted, inner.prev_kvs)

    return delete()


def _delete_prefix(call: _Call, key: BytesLike, **options: Any) -> Coroutine[Any, Any, Any]:  # noqa: ANN401
    return _delete(call, key, prefix=True, **options)


def _delete_range(
    call: _Call,
    key: BytesLike,
    range_end: BytesLike,
    **options: Any,  # noqa: ANN401
) -> Coroutine[Any, Any, Any]:
    return _delete(call, key, range_end=range_end, **options)


def _txn(call: _Call, txn: Txn) -> Coroutine[Any, Any, TxnResponse]:
    conditions, *branches = txn._parts()  # noqa: SLF001 - made for this
    _ = conditions
    kinds = {operation._parts()[0] for branch in branches for operation in branch}  # noqa: SLF001
    if kinds <= {"get"}:
        # A read-only transaction can be retried as it is.
        return call.communicator.txn(txn, timeout=call.deadline.left())
    return call.run(txn)
