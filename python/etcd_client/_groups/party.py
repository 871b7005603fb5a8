"""`Party`: who is there, as a group of members that end with their sessions."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from etcd_client import _etcd_client
from etcd_client._arguments import as_bytes, check_name
from etcd_client._async_only import async_only
from etcd_client._cache.cache import Cache
from etcd_client._coordination.open_session import with_communicator
from etcd_client._leaving import yielding_to
from etcd_client.enums import SortTarget
from etcd_client.errors import ClosedError, InvalidArgsError

if TYPE_CHECKING:
    from types import TracebackType

    from etcd_client._coordination.open_session import Session
    from etcd_client._coordination.registration import Registration
    from etcd_client._etcd_client import Communicator
    from etcd_client._types import BytesLike

# The seconds of silence after which a view counts as old, as for other caches.
_MAX_AGE = 10.0


@async_only
class Party:
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
        >>> from etcd_client import Party
        >>> async with communicator.session(ttl=10) as session:
        ...     async with Party(session, "workers", "10.0.0.7", member="w7") as party:
        ...         await party.members()
        {b'w7': b'10.0.0.7'}
        >>> await party.members()
        {}
    """

    __module__ = "etcd_client"

    __slots__ = (
        "__weakref__",
        "_communicator",
        "_member",
        "_name",
        "_prefix",
        "_registration",
        "_session",
        "_value",
    )

    def __init__(
        self,
        session: Session | Communicator,
        name: BytesLike,
        value: BytesLike = b"",
        *,
        member: BytesLike | None = None,
    ) -> None:
        self._session, self._communicator = with_communicator(session, self)
        check_name(name, "name")
        check_name(value, "value")
        if member is None:
            member = secrets.token_hex(8)
        check_name(member, "member")
        self._name = as_bytes(name)
        self._prefix = self._name + b"/"
        self._value = as_bytes(value)
        self._member = as_bytes(member)
        self._registration: Registration | None = None

    @property
    def name(self) -> bytes:
        """The name of the group."""
        return self._name

    @property
    def member(self) -> bytes:
        """The name of this member."""
        return self._member

    @property
    def value(self) -> bytes:
        """The value of this member."""
        return self._value if self._registration is None else self._registration.value

    @property
    def is_joined(self) -> bool:
        """Whether this member is there, as far as is known: joined, and not lost since."""
        return self._registration is not None and self._registration.is_registered

    async def join(self, *, timeout: float | None = None) -> None:
        """Become a member; nothing happens if this is one already.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default for each
                request.

        Raises:
            KeyExistsError: Another client is the member of this name.
            ClosedError: The session is not open.
            InvalidArgsError: The party was made without a session.
        """
        if self._session is None:
            message = "session: expected a party that was made with a session, to join it"
            raise InvalidArgsError(message)
        if self._registration is None:
            self._registration = await self._session.register(
                self._prefix + self._member, self._value, timeout=timeout
            )

    async def update(self, value: BytesLike, *, timeout: float | None = None) -> None:
        """Replace the value of this member.

        Args:
            value: The new value.
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            ClosedError: This is no member, or the session was left.
            ConflictError: The member was deleted by another client.
        """
        if self._registration is None:
            message = f"the party {self._name!r} was not joined"
            raise ClosedError(message)
        await self._registration.update(value, timeout=timeout)
        self._value = self._registration.value

    async def leave(self, *, timeout: float | None = None) -> None:
        """Cease to be a member; nothing happens if this is none.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.
        """
        registration, self._registration = self._registration, None
        if registration is not None:
            await registration.withdraw(timeout=timeout)

    async def members(self, *, timeout: float | None = None) -> dict[bytes, bytes]:
        """Read who is there.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            The values by the names of the members, in the order in which they joined.
        """
        response = await self._communicator.range(
            self._prefix,
            range_end=_etcd_client.prefix_range(self._prefix)[1],
            sort_target=SortTarget.CREATE,
            timeout=timeout,
        )
        return {kv.key[len(self._prefix) :]: kv.value for kv in response.kvs}

    def view(self) -> Cache[bytes]:
        """Follow who is there, without a request for each look.

        Returns:
            A cache of the values by the names of the members, to be entered with `async with`. Its
            `changes` and `wait_until` tell of those who come and go.

        Examples:
            >>> from etcd_client import Party
            >>> async with communicator.session() as session:
            ...     party = Party(session, "workers", member="w7")
            ...     async with party.view() as members:
            ...         await party.join()
            ...         await members.wait_until(lambda members: b"w7" in members)
            True
        """
        communicator = self._communicator.namespace(self._prefix)
        return Cache(communicator, [b""], None, _MAX_AGE, None)

    async def __aenter__(self) -> Party:
        await self.join()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        with yielding_to(kind):
            await self.leave()

    def __repr__(self) -> str:
        state = "joined" if self.is_joined else "not joined"
        return f"<Party {self._name!r} {state} as {self._member!r}>"
