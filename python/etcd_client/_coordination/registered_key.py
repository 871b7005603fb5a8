"""`RegisteredKey`: one key of a session, and the transactions that write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._concurrency import Event, Mutex
from etcd_client._etcd_client import Compare, RangeResponse, Txn, TxnOp
from etcd_client.enums import CompareOp
from etcd_client.errors import ConflictError, KeyExistsError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from etcd_client._deadline import Deadline
    from etcd_client._etcd_client import Communicator, HeldLease, KeyValue, TxnResponse


class RegisteredKey:
    """A registered key and its state.

    Writers hold `mutex`, so that the newest value is written last.

    Args:
        communicator: The connection to use.
        key: The key.
        value: Its value.
        replace: Whether to take the key from whoever has it.
        on_conflict: What is called where another has the key as it is to come back.
    """

    def __init__(
        self,
        communicator: Communicator,
        key: bytes,
        value: bytes,
        *,
        replace: bool,
        on_conflict: Callable[[KeyExistsError], object] | None,
    ) -> None:
        self._communicator = communicator
        self._replace = replace
        self._create_revision = 0
        # What is true of the key if a request was carried out whose answer was not received.
        self._unanswered: list[Compare] = []
        self.key = key
        self.value = value
        self.on_conflict = on_conflict
        self.conflict: KeyExistsError | None = None
        self.mutex = Mutex()
        self.settled = Event()
        """Set while the key is written, and once it will not be written any more."""

    @property
    def is_written(self) -> bool:
        """Whether the key was written with the current lease."""
        return self._create_revision != 0

    def lose(self) -> None:
        """Treat the key as gone until it is written again."""
        self._create_revision = 0
        self.settled = Event()

    async def write(self, lease: HeldLease, own: Collection[int], deadline: Deadline) -> None:
        """Write the key if it is absent or attached to one of the session's own leases.

        A retry is safe: what an earlier attempt wrote is on one of these leases.

        Args:
            lease: What to attach it to.
            own: The ids of leases whose keys are this session's.
            deadline: When it has to be done.

        Raises:
            KeyExistsError: It is another's.
        """
        expected = Compare.create_revision(self.key, CompareOp.EQUAL, 0)
        read = TxnOp.get(self.key)
        while True:
            put = TxnOp.put(self.key, self.value, lease=lease.id)
            txn = Txn().when([expected]).and_then([put, read]).or_else([read])
            self._unanswered = [
                Compare.lease(self.key, CompareOp.EQUAL, lease.id),
                Compare.value(self.key, CompareOp.EQUAL, self.value),
            ]
            response = await self._communicator.txn(txn, timeout=deadline.left())
            self._unanswered = []
            found = _last_read(response)
            if response.succeeded():
                # The transaction reads the key after its own put.
                self._create_revision = 0 if found is None else found.create_revision
                self.settled.set()
                return
            if found is None:
                expected = Compare.create_revision(self.key, CompareOp.EQUAL, 0)
            elif self._replace or found.lease in own:
                expected = Compare.mod_revision(self.key, CompareOp.EQUAL, found.mod_revision)
            else:
                message = f"the key {self.key!r} is another's"
                raise KeyExistsError(message, found)

    async def overwrite(self, lease: HeldLease, deadline: Deadline) -> None:
        """Overwrite what this object has written.

        Args:
            lease: What it is attached to.
            deadline: When it has to be done.

        Raises:
            ConflictError: It was deleted, or is another's.
        """
        put = TxnOp.put(self.key, self.value, lease=lease.id)
        txn = Txn().when([self._own()]).and_then([put]).or_else([TxnOp.get(self.key)])
        response = await self._communicator.txn(txn, timeout=deadline.left())
        if not response.succeeded():
            message = f"the key {self.key!r} is not this registration's any more"
            raise ConflictError(message, _last_read(response))

    async def delete(self, timeout: float | None = None) -> None:
        """Delete the key if this object has written it, or may have.

        Args:
            timeout: The seconds that it may take.
        """
        written = [self._own()] if self.is_written else self._unanswered
        if written:
            txn = Txn().when(written).and_then([TxnOp.delete(self.key)])
            await self._communicator.txn(txn, timeout=timeout)
            self._create_revision, self._unanswered = 0, []

    def _own(self) -> Compare:
        return Compare.create_revision(self.key, CompareOp.EQUAL, self._create_revision)


def _last_read(response: TxnResponse) -> KeyValue | None:
    found = response.responses[-1]
    return found.kvs[0] if isinstance(found, RangeResponse) and found.kvs else None
