"""Sequential keys: a prefix and a number that each key increments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._arguments import as_bytes, check_name, lease_id
from etcd_client._backoff import Backoff
from etcd_client._deadline import Deadline
from etcd_client._etcd_client import KeyValue, Txn, TxnOp
from etcd_client._kv.keys import Key
from etcd_client._kv.waiting_line import Place, WaitingLine, line_of
from etcd_client._operation import begin
from etcd_client.enums import SortOrder
from etcd_client.errors import InvalidArgsError

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from etcd_client._coordination.open_session import Session
    from etcd_client._etcd_client import Communicator, TxnResponse
    from etcd_client._types import BytesLike, LeaseId

_COUNTERS = b"__sequence/"
_DIGITS = 16
# A communicator remembers the last number of this many prefixes, which saves a request.
_REMEMBERED = 64


def append(  # noqa: PLR0913, PLR0917 - what the method takes
    communicator: Communicator,
    prefix: BytesLike,
    value: BytesLike,
    lease: LeaseId | None,
    timeout: float | None,
    once: Session | None,
    remembered: dict[bytes, WaitingLine],
) -> Coroutine[Any, Any, KeyValue]:
    """Write a key with the next number; see `Communicator.append`."""
    check_name(prefix, "prefix")
    TxnOp.put(prefix, value, lease=lease)
    appending = _Appending(as_bytes(prefix), as_bytes(value), lease)
    deadline = Deadline(timeout, "append")
    line = line_of(communicator, appending.counter)
    _remember(remembered, appending.counter, line)
    place = Place(line)

    async def appended() -> KeyValue:
        backoff = Backoff()
        await deadline.bound(place.turn())
        try:
            # Another client may have incremented it meanwhile; the attempt finds out.
            number, kv = appending.next(place.kv), place.kv
            while True:
                asked = place.asks()
                response = await communicator.txn(
                    appending.txn(number, kv), timeout=deadline.left(), once=once
                )
                if response.succeeded():
                    revision = response.header.revision
                    place.learns(appending.counted(number, kv, revision), asked, revision)
                    return appending.made(number, revision)
                number, kv = await appending.after_conflict(communicator, response, number)
                await deadline.bound(backoff.pause())
        finally:
            place.leave()

    return begin(communicator, "Communicator.append").around(appended)


def _remember(lines: dict[bytes, WaitingLine], counter: bytes, line: WaitingLine) -> None:
    lines.pop(counter, None)
    if len(lines) == _REMEMBERED:
        del lines[next(iter(lines))]
    lines[counter] = line


class _Appending:
    """A key to be written.

    The counter is a separate key outside of the prefix, so that no number is reused after the last
    key was deleted, and that those who read or watch the prefix do not see the counter.
    """

    def __init__(self, prefix: bytes, value: bytes, lease: LeaseId | None) -> None:
        if not prefix:
            message = "prefix: expected at least one byte, got none"
            raise InvalidArgsError(message)
        self.prefix = prefix
        self.counter = _COUNTERS + prefix
        self._value = value
        self._lease = lease

    def key(self, number: int) -> bytes:
        return self.prefix + f"{number:0{_DIGITS}}".encode()

    def next(self, counter: KeyValue | None) -> int:
        """Return the next number according to the counter."""
        return 0 if counter is None else _number(counter.value) or 0

    def txn(self, number: int, counter: KeyValue | None) -> Txn:
        """Write the key if the counter has not changed."""
        key = self.key(number)
        uncounted = Key(self.counter).mod_revision == (counter.mod_revision if counter else 0)
        last = TxnOp.get(
            self.key(0),
            range_end=self.prefix + b":",  # which comes after the digits
            sort_order=SortOrder.DESCEND,
            limit=1,
            keys_only=True,
        )
        return (
            Txn()
            .when([uncounted, Key(key).version == 0])
            .and_then(
                [
                    TxnOp.put(self.counter, str(number + 1)),
                    TxnOp.put(key, self._value, lease=self._lease),
                ]
            )
            .or_else([TxnOp.get(self.counter), last])
        )

    async def after_conflict(
        self, communicator: Communicator, response: TxnResponse, tried: int
    ) -> tuple[int, KeyValue | None]:
        """Return the next number and the counter that the other branch read."""
        counted, last = response.responses
        if counted is None or last is None:
            # A response that had to be rebuilt, and that history had not the parts for any more.
            kv = await communicator.get_kv(self.counter)
            return self.next(kv), kv
        kv = counted.kvs[0] if counted.kvs else None
        number = self.next(kv)
        if last.kvs and number <= tried:
            # The counter was deleted; it continues after the existing keys.
            found = _number(last.kvs[0].key[len(self.prefix) :])
            number = max(number, -1 if found is None else found) + 1
        return number, kv

    def counted(self, number: int, counter: KeyValue | None, revision: int) -> KeyValue:
        """Return the new counter."""
        created, version = (counter.create_revision, counter.version) if counter else (revision, 0)
        value = str(number + 1).encode()
        return KeyValue(self.counter, value, created, revision, version + 1, 0)

    def made(self, number: int, revision: int) -> KeyValue:
        """Return the written key-value pair."""
        lease = lease_id(self._lease)
        return KeyValue(self.key(number), self._value, revision, revision, 1, lease)


def _number(text: bytes) -> int | None:
    return int(text) if text.isdigit() and len(text) <= _DIGITS else None
