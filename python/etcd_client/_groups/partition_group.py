"""`PartitionGroup`: the keys of a group that shares out partitions, and one member's part in it."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from etcd_client._backoff import Backoff
from etcd_client._cache.cache import Cache
from etcd_client._concurrency import Background, Event, finish
from etcd_client._etcd_client import Txn, TxnOp
from etcd_client._kv.keys import Key
from etcd_client.errors import (
    ClosedError,
    EtcdError,
    KeyExistsError,
    NoLeaderError,
    SessionLostError,
)

from .assignment import dealt, quotas
from .partition import Partition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from etcd_client._coordination.open_session import Session
    from etcd_client._etcd_client import TxnResponse

# etcd allows 128 operations in a transaction; the rest is for the conditions around them.
_MOST_AT_ONCE = 100
# The seconds of silence after which the cache asks the server whether there is anything new.
_MAX_AGE = 30.0
_LEAVING_TIMEOUT = 2.0


class PartitionGroup:
    """The members of a group and the owners of its partitions, in a cache, and what is ours.

    Args:
        session: The session that everything is attached to.
        name: The name of the group.
        member: The name of this member.
        partitions: The names of all partitions.
    """

    def __init__(
        self, session: Session, name: bytes, member: bytes, partitions: Sequence[bytes]
    ) -> None:
        self._session = session
        self._communicator = session._communicator  # noqa: SLF001 - ours
        self._partitions = partitions
        self._prefix = name + b"/"
        self._members = self._prefix + b"members/"
        self._owners = self._prefix + b"owners/"
        self._view: Cache[bytes] = Cache(self._communicator, [self._prefix], None, _MAX_AGE, None)
        self._key = self._members + member
        # What tells our key from one of another client with the same name.
        self._token = secrets.token_hex(8).encode()
        # The last revision at which we wrote anything.
        self._written = 0
        # The partitions that we may own already, but do not know of yet.
        self._claiming: Sequence[bytes] = ()
        self._background = Background()
        self.member = member
        self.owned: dict[bytes, Partition] = {}

    async def __aenter__(self) -> None:
        try:
            # In this order, the cache shows our own membership from the beginning.
            await self._join()
            await self._view.__aenter__()
        except BaseException:
            await finish(self._leave)
            raise
        await self._background.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._background.__aexit__(kind, error, traceback)
        self._end_all()
        try:
            await finish(self._leave)
        finally:
            await self._view.__aexit__(kind, error, traceback)

    # What is there

    def members(self) -> list[bytes]:
        """Return the names of the members, in the order in which they joined."""
        kvs = [self._view.kv(key) for key in self._view if key.startswith(self._members)]
        there = sorted((kv.create_revision, kv.key) for kv in kvs if kv is not None)
        return [key[len(self._members) :] for _, key in there]

    def owners(self) -> dict[bytes, bytes]:
        """Return the owners of those partitions that have one."""
        found = {}
        for partition in self._partitions:
            owner = self._view.get(self._owners + partition)
            if owner is not None:
                found[partition] = owner
        return found

    # What is done about it

    async def settle(
        self,
        acquire: Callable[[Partition], object],
        recall: Callable[[Partition], object],
    ) -> None:
        """Claim and recall partitions, as the others come and go, until the session is lost.

        Args:
            acquire: Called with each partition that is now ours.
            recall: Called with each partition that is to be released.

        Raises:
            SessionLostError: The session was lost.
        """
        try:
            async with Background() as background:
                background.start(self._end_with_session)
                await self._follow(acquire, recall)
        except SessionLostError:
            self._end_all()
            raise

    async def _follow(
        self,
        acquire: Callable[[Partition], object],
        recall: Callable[[Partition], object],
    ) -> None:
        changes = self._view.changes()
        backoff = Backoff(0.05, 2.0)
        while True:
            try:
                await self._step(acquire, recall)
            except NoLeaderError:
                await backoff.pause()
                continue
            await anext(changes)

    def _end_all(self) -> None:
        for partition in self.owned.values():
            partition._end()  # noqa: SLF001 - ours

    async def _end_with_session(self) -> None:
        if await self._session.lost.wait():
            raise self._session._lost_error(self._session.lost.reason)  # noqa: SLF001 - ours

    async def _step(
        self,
        acquire: Callable[[Partition], object],
        recall: Callable[[Partition], object],
    ) -> None:
        # Without what we have written ourselves, we would claim or recall the same again.
        await self._view.wait_for(revision=self._written)
        self._drop_deleted()
        members = self.members()
        if self.member not in members:
            await self._join()  # somebody has deleted our key
            return
        owners = self.owners()
        for partition in self._surplus(quotas(self._partitions, members, owners)[self.member]):
            partition._recall()  # noqa: SLF001 - ours
            recall(partition)
        wanted = dealt(self._partitions, members, owners)[self.member]
        for begin in range(0, len(wanted), _MOST_AT_ONCE):
            for partition in await self._claim(wanted[begin : begin + _MOST_AT_ONCE]):
                acquire(partition)

    def _drop_deleted(self) -> None:
        for name, partition in [*self.owned.items()]:
            kv = self._view.kv(partition.key)
            if kv is None or kv.create_revision != partition.revision:
                del self.owned[name]
                partition._end()  # noqa: SLF001 - ours

    def _surplus(self, quota: int) -> list[Partition]:
        """Return the partitions to recall: as many as are too many, the newest first."""
        kept = [partition for partition in self.owned.values() if not partition.is_recalled]
        kept.sort(key=lambda partition: -partition.revision)
        return kept[: max(0, len(kept) - quota)]

    async def _claim(self, names: Sequence[bytes]) -> list[Partition]:
        """Own partitions that nobody owns: all of them, or none if another member was faster."""
        # A request that arrives after we have left must not take anything.
        there = Key(self._key).value == self._token
        free = [Key(self._owners + name).version == 0 for name in names]
        puts = [
            TxnOp.put(self._owners + name, self.member, lease=self._session.id) for name in names
        ]
        self._claiming = names
        response = await self._write(Txn().when([there, *free]).and_then(puts))
        self._claiming = ()
        if not response.succeeded():
            return []
        revision = response.header.revision
        claimed = [
            Partition(self._session, name, self._owners + name, revision, self._start_to_release)
            for name in names
        ]
        self.owned.update((partition.name, partition) for partition in claimed)
        return claimed

    def _start_to_release(self, partition: Partition) -> Event:
        released = Event()
        if self.owned.get(partition.name) is partition:
            self._background.start(self._release, partition, released)
        else:
            released.set()
        return released

    async def _release(self, partition: Partition, released: Event) -> None:
        txn = Txn().when([partition.fence]).and_then([TxnOp.delete(partition.key)])
        backoff = Backoff(0.05, 2.0)
        while not self._session.lost.is_set():
            try:
                await self._write(txn)
            except (ClosedError, SessionLostError):  # noqa: PERF203 - each attempt may fail
                break
            except EtcdError:
                await backoff.pause()
            else:
                break
        if self.owned.get(partition.name) is partition:
            del self.owned[partition.name]
        released.set()

    async def _join(self) -> None:
        put = TxnOp.put(self._key, self._token, lease=self._session.id)
        free = Key(self._key).version == 0
        joining = Txn().when([free]).and_then([put]).or_else([TxnOp.get(self._key)])
        response = await self._write(joining)
        if not response.succeeded():
            message = f"the group has a member {self.member!r} already"
            raise KeyExistsError(message, response.responses[0].kvs[0])

    async def _leave(self) -> None:
        """Delete our keys; if that fails, they end with the session."""
        if self._session.lost.is_set():
            return
        with contextlib.suppress(EtcdError):
            for deletions in self._deletions():
                txn = Txn().and_then(deletions)
                await self._communicator.txn(txn, timeout=_LEAVING_TIMEOUT, once=self._session)

    def _deletions(self) -> Iterator[list[TxnOp]]:
        # Our membership first, so that a claim that is still on its way fails.
        ours = [(self._key, self._token)]
        ours += [(self._owners + name, self.member) for name in {*self.owned, *self._claiming}]
        deletions = []
        for key, value in ours:
            is_ours = [Key(key).value == value, Key(key).lease == self._session.id]
            deletions.append(TxnOp.txn(Txn().when(is_ours).and_then([TxnOp.delete(key)])))
            if len(deletions) == _MOST_AT_ONCE:
                yield deletions
                deletions = []
        if deletions:
            yield deletions

    async def _write(self, txn: Txn) -> TxnResponse:
        response = await self._communicator.txn(txn, once=self._session)
        if response.succeeded():
            self._written = max(self._written, response.header.revision)
        return response
