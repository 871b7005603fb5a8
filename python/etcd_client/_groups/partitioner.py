"""`Partitioner`: a group whose members share out partitions."""

from __future__ import annotations

import secrets
from collections import deque
from typing import TYPE_CHECKING

from etcd_client._arguments import (
    as_bytes,
    check_awaitable,
    check_count,
    check_function,
    check_name,
    check_seconds,
    read_names,
)
from etcd_client._async_only import async_iterator, async_only
from etcd_client._concurrency import Background, CancelScope, Event, sleep
from etcd_client._coordination.open_session import require_session
from etcd_client.errors import ClosedError, InvalidArgsError

from .partition_group import PartitionGroup

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from types import TracebackType

    from etcd_client._coordination.open_session import Session
    from etcd_client._types import BytesLike

    from .partition import Partition


@async_only
@async_iterator
class Partitioner:
    """Shares out partitions among the members of a group: shards, topics, tenants.

    Each partition has at most one owner at any time, and soon has one whenever there is a member.
    The members own equally many of them, or one more. When a member joins or leaves, no more
    partitions move than that needs. A member that is to give one away is told, and has time to
    finish; only when it has released the partition, or its session has ended, another member gets
    it.

    It is an async iterator over the partitions that this member acquires; `run` is easier for most
    programs. All members have to name the same partitions.

    Args:
        session: The session that the membership and the partitions are attached to.
        name: The name of the group. Its keys begin with the name and `/`.
        partitions: How many partitions there are, named by the numbers from 0; or their names.
        member: The name of this member; by default one that nobody else has.

    Examples:
        >>> from etcd_client import Partitioner
        >>> async with communicator.session(ttl=10) as session:
        ...     async with Partitioner(session, "shards", 2) as partitioner:
        ...         async for partition in partitioner:
        ...             print(partition.name)
        ...             if len(partitioner.owned) == 2:
        ...                 break
        b'0'
    """

    __module__ = "etcd_client"

    __slots__ = (
        "__weakref__",
        "_acquired",
        "_background",
        "_changed",
        "_end",
        "_group",
        "_name",
        "_session",
    )

    def __init__(
        self,
        session: Session,
        name: BytesLike,
        partitions: int | Iterable[BytesLike],
        *,
        member: BytesLike | None = None,
    ) -> None:
        require_session(session, "session")
        check_name(name, "name")
        if member is None:
            member = secrets.token_hex(8)
        check_name(member, "member")
        self._session = session
        self._name = as_bytes(name)
        self._group = PartitionGroup(session, self._name, as_bytes(member), _names(partitions))
        self._background: Background | None = None
        self._acquired: deque[Partition] = deque()
        self._changed = Event()
        self._end: Exception | None = None

    @property
    def name(self) -> bytes:
        """The name of the group."""
        return self._name

    @property
    def member(self) -> bytes:
        """The name of this member."""
        return self._group.member

    @property
    def owned(self) -> dict[bytes, Partition]:
        """The partitions that this member owns, recalled ones included, by their names."""
        group = self._group.owned
        # Of a copy: another thread may ask.
        return {name: partition for name, partition in [*group.items()] if partition.is_owned}

    @property
    def owners(self) -> dict[bytes, bytes]:
        """The names of the members that own partitions, by the names of these, without a request.

        Partitions that have no owner now are left out.
        """
        return self._group.owners()

    @property
    def members(self) -> list[bytes]:
        """The names of the members, in the order in which they joined, without a request."""
        return self._group.members()

    async def run(
        self, work: Callable[[Partition], Awaitable[object]], *, grace: float | None = None
    ) -> None:
        """Work on each partition while this member owns it, until the session is lost.

        If the work on a partition returns, the partition stays owned until it is recalled. If it
        raises, that ends all work, and the exception is raised here.

        Args:
            work: An async function that takes a `Partition`. It should return soon after
                `Partition.is_recalled`; then the partition is released.
            grace: The seconds after a recall after which the work is cancelled; None for never. At
                the loss of the session, it is cancelled at once.

        Raises:
            SessionLostError: The session was lost.
            ClosedError: The partitioner is not open.
        """
        check_function(work, "work")
        if grace is not None:
            check_seconds(grace, "grace")
        async with Background() as background:
            async for partition in self:
                background.start(_work_on, partition, work, grace)

    def __aiter__(self) -> Partitioner:
        return self

    async def __anext__(self) -> Partition:
        while True:
            if self._background is None:
                message = "the partitioner is not open: enter it with `async with`"
                raise ClosedError(message)
            while self._acquired:
                partition = self._acquired.popleft()
                if partition.is_owned:
                    return partition
            if self._end is not None:
                raise self._end
            self._changed = Event()
            await self._changed.wait()

    def _acquire(self, partition: Partition) -> None:
        self._acquired.append(partition)
        self._changed.set()

    def _recall(self, partition: Partition) -> None:
        """Release a partition that the program has not seen yet."""
        if partition in self._acquired:
            self._acquired.remove(partition)
            partition._start_to_release()  # noqa: SLF001 - ours

    async def _settle(self) -> None:
        try:
            await self._group.settle(self._acquire, self._recall)
        except Exception as error:  # noqa: BLE001 - raised by the iterator
            self._end = error
            self._changed.set()

    async def __aenter__(self) -> Partitioner:
        if self._background is not None:
            message = "a partitioner is entered once: make another one"
            raise ClosedError(message)
        self._session._lease()  # noqa: SLF001 - raises if the session is not open or was lost
        background = Background()
        await self._group.__aenter__()
        self._background = background
        await background.__aenter__()
        background.start(self._settle)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        background = self._background
        if background is None:
            return False
        try:
            return await background.__aexit__(kind, error, traceback)
        finally:
            self._end = ClosedError("the partitioner was left")
            self._changed.set()
            await self._group.__aexit__(kind, error, traceback)

    def __repr__(self) -> str:
        return f"<Partitioner {self._name!r} owns {len(self.owned)} partitions>"


async def _work_on(
    partition: Partition, work: Callable[[Partition], Awaitable[object]], grace: float | None
) -> None:
    async with partition:
        scope = CancelScope()
        async with Background() as background:
            if grace is not None:
                background.start(_cancel_after, partition, grace, scope)
            with scope:
                working = work(partition)
                check_awaitable(working, "work")
                await working
        await partition.wait_recalled()


async def _cancel_after(partition: Partition, grace: float, scope: CancelScope) -> None:
    await partition.wait_recalled()
    await sleep(grace)
    scope.cancel()


def _names(partitions: int | Iterable[BytesLike]) -> list[bytes]:
    if isinstance(partitions, int) and not isinstance(partitions, bool):
        check_count(partitions, "partitions", 1)
        return [str(number).encode() for number in range(partitions)]
    names = read_names(partitions, "partitions", "a number or a list of names")
    if not names or len(set(names)) < len(names):
        message = "partitions: expected names that differ, and at least one"
        raise InvalidArgsError(message)
    return names
