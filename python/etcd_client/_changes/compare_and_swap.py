"""Compare and swap: writing a key on the condition that it has not been changed."""

from __future__ import annotations

from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING

from etcd_client._arguments import as_bytes, check_function, check_name, lease_id
from etcd_client._backoff import Backoff
from etcd_client._coordination.open_session import Session, check_session
from etcd_client._deadline import Deadline
from etcd_client._etcd_client import KeyValue, Txn, TxnOp
from etcd_client._kv.keys import Key
from etcd_client._kv.waiting_line import Place, line_of
from etcd_client._operation import begin
from etcd_client._started import StartedCoroutine
from etcd_client.errors import ConflictError, KeyExistsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any, TypeAlias

    from etcd_client._etcd_client import Communicator, TxnResponse
    from etcd_client._types import BytesLike, LeaseId

    _Value: TypeAlias = BytesLike | None
    _Update: TypeAlias = Callable[[Any], _Value | Awaitable[_Value]]


def create(  # noqa: PLR0913, PLR0917 - what the method takes
    communicator: Communicator,
    key: BytesLike,
    value: BytesLike,
    lease: LeaseId | None,
    timeout: float | None,
    once: Session | None,
) -> Coroutine[Any, Any, KeyValue]:
    """Write a key that does not exist; see `Communicator.create`."""
    txn = (
        Txn()
        .when([Key(key).version == 0])
        .and_then([TxnOp.put(key, value, lease=lease)])
        .or_else([TxnOp.get(key)])
    )
    call = communicator.txn(txn, timeout=timeout, once=once)

    async def created() -> KeyValue:
        response = await call
        if not response.succeeded():
            present = await _present(communicator, response, key)
            raise KeyExistsError(_message(key, "exists"), present)
        return _written(as_bytes(key), None, value, lease, response.header.revision)

    return StartedCoroutine(call.close, created())


def replace(  # noqa: PLR0913, PLR0917 - what the method takes
    communicator: Communicator,
    kv: KeyValue,
    value: BytesLike,
    lease: LeaseId | None,
    timeout: float | None,
    once: Session | None,
) -> Coroutine[Any, Any, KeyValue]:
    """Write a key, unless it has been changed since; see `Communicator.replace`."""
    if not isinstance(kv, KeyValue):
        message = f"kv: expected KeyValue, got {type(kv).__qualname__}"
        raise TypeError(message)
    call = communicator.txn(_swap(kv.key, kv, value, lease), timeout=timeout, once=once)

    async def replaced() -> KeyValue:
        response = await call
        if not response.succeeded():
            present = await _present(communicator, response, kv.key)
            what = "was deleted" if present is None else "was changed"
            raise ConflictError(_message(kv.key, what), present)
        return _written(kv.key, kv, value, lease, response.header.revision)

    return StartedCoroutine(call.close, replaced())


def update(  # noqa: PLR0913, PLR0917 - what the method takes
    communicator: Communicator,
    key: BytesLike,
    function: _Update,
    default: BytesLike | None,
    lease: LeaseId | None,
    timeout: float | None,
    once: Session | None,
) -> Coroutine[Any, Any, KeyValue | None]:
    """Update a key with a function of its value; see `Communicator.update`."""
    check_session(once, "once")
    TxnOp.put(key, b"", lease=lease)
    if default is not None:
        check_name(default, "default")
    check_function(function, "function")
    deadline = Deadline(timeout, "update")
    name = as_bytes(key)
    initial = None if default is None else as_bytes(default)

    async def compute(kv: KeyValue | None) -> bytes | None:
        given = function(initial if kv is None else kv.value)
        value = await deadline.bound(given) if isawaitable(given) else given
        return None if value is None else _checked(value)

    swapping = Swapping(communicator, name, lease, deadline, once)
    return begin(communicator, "Communicator.update").around(partial(updated, swapping, compute))


def _checked(value: BytesLike) -> bytes:
    TxnOp.put("key", value)
    return as_bytes(value)


class Swapping:
    """The state that all attempts of one update share.

    Args:
        communicator: The connection to use.
        key: The key.
        lease: The lease to attach it to; None to leave it attached as it is.
        deadline: The deadline of the whole update.
        once: The session for changes that are applied exactly once.
    """

    def __init__(
        self,
        communicator: Communicator,
        key: bytes,
        lease: LeaseId | None,
        deadline: Deadline,
        once: Session | None,
    ) -> None:
        self.communicator = communicator
        self.key = key
        self.lease = lease
        self.deadline = deadline
        self.once = once
        # Responses to requests from now on say what the key is during this call.
        self.place = Place(line_of(communicator, key))

    def is_done(self, kv: KeyValue | None, value: bytes | None) -> bool:
        """Whether the key is already as the function wants it."""
        if kv is None or value is None:
            return kv is None and value is None
        return kv.value == value and (self.lease is None or kv.lease == lease_id(self.lease))

    async def read(self) -> None:
        """Read the key."""
        asked = self.place.asks()
        kv = await self.communicator.get_kv(self.key, timeout=self.deadline.left())
        self.place.learns(kv, asked, 0 if kv is None else kv.mod_revision)

    async def swap(self, value: bytes | None) -> bool:
        """Change the key if it is as last known; otherwise read it."""
        kv = self.place.kv
        txn = _swap(self.key, kv, value, self.lease)
        asked = self.place.asks()
        timeout = self.deadline.left()
        response = await self.communicator.txn(txn, timeout=timeout, once=self.once)
        if response.succeeded():
            revision = response.header.revision
            after = None if value is None else _written(self.key, kv, value, self.lease, revision)
            self.place.learns(after, asked, revision)
            return True
        present = await _present(self.communicator, response, self.key)
        self.place.learns(present, asked, 0 if present is None else present.mod_revision)
        return False


async def updated(
    swapping: Swapping,
    compute: Callable[[KeyValue | None], Awaitable[bytes | None]],
    *,
    from_memory: bool = False,
) -> KeyValue | None:
    """Change a key until that does not conflict with another change.

    Args:
        swapping: The state of the attempts.
        compute: Computes the new value of the key as it is, None to delete it.
        from_memory: Whether to begin with the last known state of the key, however old, which
            saves a request if it is still right; for a function that always changes the value.

    Returns:
        The new key-value pair.
    """
    place = swapping.place
    backoff = Backoff()
    await swapping.deadline.bound(place.turn())
    try:
        if not (from_memory or place.knows):
            await swapping.read()
        while True:
            try:
                value = await compute(place.kv)
            except Exception:
                if place.knows:
                    raise
                # What it was given may be outdated.
                await swapping.read()
                continue
            if swapping.is_done(place.kv, value) or await swapping.swap(value):
                return place.kv
            await swapping.deadline.bound(backoff.pause())
    finally:
        place.leave()


def _swap(key: bytes, kv: KeyValue | None, value: BytesLike | None, lease: LeaseId | None) -> Txn:
    """Return the transaction that changes a key if it has not been changed since it was read."""
    unchanged = Key(key).mod_revision == (0 if kv is None else kv.mod_revision)
    if value is None:
        change = TxnOp.delete(key)
    else:
        # etcd's default would detach the key from its lease.
        keeps_lease = kv is not None and lease is None
        change = TxnOp.put(key, value, lease=lease, ignore_lease=keeps_lease)
    return Txn().when([unchanged]).and_then([change]).or_else([TxnOp.get(key)])


def _written(
    key: bytes, kv: KeyValue | None, value: BytesLike, lease: LeaseId | None, revision: int
) -> KeyValue:
    """Return the new key-value pair."""
    if kv is None:
        return KeyValue(key, as_bytes(value), revision, revision, 1, lease_id(lease))
    attached = kv.lease if lease is None else lease_id(lease)
    return KeyValue(key, as_bytes(value), kv.create_revision, revision, kv.version + 1, attached)


async def _present(
    communicator: Communicator, response: TxnResponse, key: BytesLike
) -> KeyValue | None:
    """Return what the other branch read."""
    (read,) = response.responses
    if read is None:
        # The response was lost, and could not be reconstructed from the history.
        return await communicator.get_kv(key)
    return read.kvs[0] if read.kvs else None


def _message(key: BytesLike, what: str) -> str:
    return f"the key {as_bytes(key)!r} {what}"
