"""`Partition`: one of the things that members of a group share out, while this member owns it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._async_only import async_only
from etcd_client._concurrency import CancelScope, Event
from etcd_client._kv.keys import Key

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from etcd_client._coordination.open_session import Session
    from etcd_client._etcd_client import Compare
    from etcd_client._lease.loss import Loss

# The seconds for which a task that releases a partition waits until the server has confirmed it.
_PATIENCE = 2.0


@async_only
class Partition:
    """A partition that this member of a group owns, until it releases it.

    A `Partitioner` gives it out. When another member is to have it, it is recalled: finish the work
    then, and release it. No other member owns it before.

    Examples:
        >>> from etcd_client import Partitioner
        >>> async with communicator.session(ttl=10) as session:
        ...     async with Partitioner(session, "shards", ["north", "south"]) as partitioner:
        ...         async with await anext(partitioner) as partition:
        ...             partition.name, partition.is_owned, partition.is_recalled
        (b'north', True, False)
    """

    __module__ = "etcd_client"

    __slots__ = (
        "__weakref__",
        "_key",
        "_name",
        "_recalled",
        "_release",
        "_released",
        "_revision",
        "_session",
    )

    def __init__(
        self,
        session: Session,
        name: bytes,
        key: bytes,
        revision: int,
        release: Callable[[Partition], Event],
    ) -> None:
        self._session = session
        self._name = name
        self._key = key
        self._revision = revision
        self._release = release
        self._recalled = Event()
        self._released = False

    @property
    def name(self) -> bytes:
        """The name of the partition; of numbered ones, the number as text."""
        return self._name

    @property
    def key(self) -> bytes:
        """The key that exists while it is owned."""
        return self._key

    @property
    def revision(self) -> int:
        """The fencing token: the create revision of `key`, which increases from owner to owner."""
        return self._revision

    @property
    def fence(self) -> Compare:
        """The condition that this member still owns it, for transactions."""
        return Key(self._key).create_revision == self._revision

    @property
    def lost(self) -> Loss:
        """Whether the session was lost, and with it all partitions."""
        return self._session.lost

    @property
    def is_owned(self) -> bool:
        """Whether this member owns it, as far as is known: not released, and not lost."""
        return not self._released and not self._session.lost.is_set()

    @property
    def is_recalled(self) -> bool:
        """Whether it is to be released, for another member or because it is owned no more."""
        return self._recalled.is_set()

    async def wait_recalled(self) -> None:
        """Wait until it is to be released."""
        await self._recalled.wait()

    async def release(self) -> None:
        """Give it to the group. Releasing it again does nothing.

        The server is told in the background, if that takes longer than two seconds.
        """
        if not self._released:
            released = self._start_to_release()
            with CancelScope(_PATIENCE):
                await released.wait()

    def _start_to_release(self) -> Event:
        self._end()
        return self._release(self)

    def _recall(self) -> None:
        self._recalled.set()

    def _end(self) -> None:
        self._released = True
        self._recalled.set()

    async def __aenter__(self) -> Partition:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.release()

    def __repr__(self) -> str:
        state = "recalled" if self.is_recalled else "owned"
        return f"<Partition {self._name!r} {state if self.is_owned else 'not owned'}>"
