"""`_groups` for threads; made by `make generate`, change `etcd_client._groups`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import etcd_client as aio

from ._cache import Cache
from ._face import Face, abandon, following, leaving, own, run, waiting
from ._lease import Loss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from etcd_client import BytesLike, Compare

    from ._face import Communicator, Session


class Partition(Face):
    """A partition that this member of a group owns, until it releases it.

    A `Partitioner` gives it out. When another member is to have it, it is recalled: finish the work
    then, and release it. No other member owns it before.

    Examples:
        >>> from etcd_client.sync import Partitioner
        >>> with communicator.session(ttl=10) as session:
        ...     with Partitioner(session, "shards", ["north", "south"]) as partitioner:
        ...         with next(partitioner) as partition:
        ...             partition.name, partition.is_owned, partition.is_recalled
        (b'north', True, False)
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Partition

    @property
    def name(self) -> bytes:
        """The name of the partition; of numbered ones, the number as text."""
        return run(lambda: self._inner.name)

    @property
    def key(self) -> bytes:
        """The key that exists while it is owned."""
        return run(lambda: self._inner.key)

    @property
    def revision(self) -> int:
        """The fencing token: the create revision of `key`, which increases from owner to owner."""
        return run(lambda: self._inner.revision)

    @property
    def fence(self) -> Compare:
        """The condition that this member still owns it, for transactions."""
        return run(lambda: self._inner.fence)

    @property
    def lost(self) -> Loss:
        """Whether the session was lost, and with it all partitions."""
        return Loss._of(run(lambda: self._inner.lost))

    @property
    def is_owned(self) -> bool:
        """Whether this member owns it, as far as is known: not released, and not lost."""
        return run(lambda: self._inner.is_owned)

    @property
    def is_recalled(self) -> bool:
        """Whether it is to be released, for another member or because it is owned no more."""
        return run(lambda: self._inner.is_recalled)

    def wait_recalled(self) -> None:
        """Wait until it is to be released."""
        run(self._inner.wait_recalled)

    def release(self) -> None:
        """Give it to the group. Releasing it again does nothing.

        The server is told in the background, if that takes longer than two seconds.
        """
        run(self._inner.release)

    def __enter__(self) -> Partition:
        try:
            run(self._inner.__aenter__)
        except BaseException as interruption:
            abandon(self._inner, interruption)
            raise
        return self

    @leaving
    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        run(self._inner.__aexit__, _kind, _error, _traceback)


class Partitioner(Face):
    """Shares out partitions among the members of a group: shards, topics, tenants.

    Each partition has at most one owner at any time, and soon has one whenever there is a member.
    The members own equally many of them, or one more. When a member joins or leaves, no more
    partitions move than that needs. A member that is to give one away is told, and has time to
    finish; only when it has released the partition, or its session has ended, another member gets
    it.

    It is an iterator over the partitions that this member acquires; `run` is easier for most
    programs. All members have to name the same partitions.

    Args:
        session: The session that the membership and the partitions are attached to.
        name: The name of the group. Its keys begin with the name and `/`.
        partitions: How many partitions there are, named by the numbers from 0; or their names.
        member: The name of this member; by default one that nobody else has.

    Examples:
        >>> from etcd_client.sync import Partitioner
        >>> with communicator.session(ttl=10) as session:
        ...     with Partitioner(session, "shards", 2) as partitioner:
        ...         for partition in partitioner:
        ...             print(partition.name)
        ...             if len(partitioner.owned) == 2:
        ...                 break
        b'0'
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Partitioner

    def __init__(
        self,
        session: Session,
        name: BytesLike,
        partitions: int | Iterable[BytesLike],
        *,
        member: BytesLike | None = None,
    ) -> None:
        self._inner = run(aio.Partitioner, own(session, "session"), name, partitions, member=member)

    @property
    def name(self) -> bytes:
        """The name of the group."""
        return run(lambda: self._inner.name)

    @property
    def member(self) -> bytes:
        """The name of this member."""
        return run(lambda: self._inner.member)

    @property
    def owned(self) -> dict[bytes, Partition]:
        """The partitions that this member owns, recalled ones included, by their names."""
        return {key: Partition._of(inner) for key, inner in run(lambda: self._inner.owned).items()}

    @property
    def owners(self) -> dict[bytes, bytes]:
        """The names of the members that own partitions, by the names of these, without a request.

        Partitions that have no owner now are left out.
        """
        return run(lambda: self._inner.owners)

    @property
    def members(self) -> list[bytes]:
        """The names of the members, in the order in which they joined, without a request."""
        return run(lambda: self._inner.members)

    def run(self, work: Callable[[Partition], object], *, grace: float | None = None) -> None:
        """Work on each partition while this member owns it, until the session is lost.

        If the work on a partition returns, the partition stays owned until it is recalled. If it
        raises, that ends all work, and the exception is raised here.

        Args:
            work: A function that takes a `Partition`. It should return soon after
                `Partition.is_recalled`; then the partition is released.
            grace: The seconds after a recall after which the work is cancelled; None for never. At
                the loss of the session, it is cancelled at once.

        Raises:
            SessionLostError: The session was lost.
            ClosedError: The partitioner is not open.
        """
        run(self._inner.run, waiting(Partition, work), grace=grace)

    def __iter__(self) -> Partitioner:
        return self

    def __next__(self) -> Partition:
        return Partition._of(following(self._inner.__anext__))

    def __enter__(self) -> Partitioner:
        try:
            run(self._inner.__aenter__)
        except BaseException as interruption:
            abandon(self._inner, interruption)
            raise
        return self

    @leaving
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        return run(self._inner.__aexit__, kind, error, traceback)


class Party(Face):
    """The members of a group, each with a value, such as its address.

    A member is there from joining until it leaves, or until its session ends. If the session is
    lost while the program lives, the member comes back by itself, as a key of `Session.register`
    does.

    Args:
        session: The session that the membership is attached to. To look, a communicator is enough.
        name: The name of the group. Its keys begin with the name and `/`.
        value: The value of this member.
        member: The name of this member; by default one that nobody else has.

    Examples:
        >>> from etcd_client.sync import Party
        >>> with communicator.session(ttl=10) as session:
        ...     with Party(session, "workers", "10.0.0.7", member="w7") as party:
        ...         party.members()
        {b'w7': b'10.0.0.7'}
        >>> party.members()
        {}
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Party

    def __init__(
        self,
        session: Session | Communicator,
        name: BytesLike,
        value: BytesLike = b"",
        *,
        member: BytesLike | None = None,
    ) -> None:
        self._inner = run(aio.Party, own(session, "session"), name, value, member=member)

    @property
    def name(self) -> bytes:
        """The name of the group."""
        return run(lambda: self._inner.name)

    @property
    def member(self) -> bytes:
        """The name of this member."""
        return run(lambda: self._inner.member)

    @property
    def value(self) -> bytes:
        """The value of this member."""
        return run(lambda: self._inner.value)

    @property
    def is_joined(self) -> bool:
        """Whether this member is there, as far as is known: joined, and not lost since."""
        return run(lambda: self._inner.is_joined)

    def join(self, *, timeout: float | None = None) -> None:
        """Become a member; nothing happens if this is one already.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default for each
                request.

        Raises:
            KeyExistsError: Another client is the member of this name.
            ClosedError: The session is not open.
            InvalidArgsError: The party was made without a session.
        """
        run(self._inner.join, timeout=timeout)

    def update(self, value: BytesLike, *, timeout: float | None = None) -> None:
        """Replace the value of this member.

        Args:
            value: The new value.
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            ClosedError: This is no member, or the session was left.
            ConflictError: The member was deleted by another client.
        """
        run(self._inner.update, value, timeout=timeout)

    def leave(self, *, timeout: float | None = None) -> None:
        """Cease to be a member; nothing happens if this is none.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.
        """
        run(self._inner.leave, timeout=timeout)

    def members(self, *, timeout: float | None = None) -> dict[bytes, bytes]:
        """Read who is there.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            The values by the names of the members, in the order in which they joined.
        """
        return run(self._inner.members, timeout=timeout)

    def view(self) -> Cache[bytes]:
        """Follow who is there, without a request for each look.

        Returns:
            A cache of the values by the names of the members, to be entered with `with`. Its
            `changes` and `wait_until` tell of those who come and go.

        Examples:
            >>> from etcd_client.sync import Party
            >>> with communicator.session() as session:
            ...     party = Party(session, "workers", member="w7")
            ...     with party.view() as members:
            ...         party.join()
            ...         members.wait_until(lambda members: b"w7" in members)
            True
        """
        return Cache._of(run(self._inner.view))

    def __enter__(self) -> Party:
        try:
            run(self._inner.__aenter__)
        except BaseException as interruption:
            abandon(self._inner, interruption)
            raise
        return self

    @leaving
    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        run(self._inner.__aexit__, kind, _error, _traceback)
