"""`Registration`: a key that lives with a session, and is restored after its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._arguments import as_bytes, check_name

if TYPE_CHECKING:
    from etcd_client._types import BytesLike
    from etcd_client.errors import KeyExistsError

    from .registered_key import RegisteredKey
    from .registrar import Registrar


class Registration:
    """A key that exists while its session is open, whatever happens to the lease.

    `Session.register` makes one. If the session is lost, the key is written again with a new lease
    as soon as a member can be reached. There is one owner at a time: if another client has written
    the key meanwhile, it is left alone and the registration ends.

    Examples:
        >>> async with communicator.session(ttl=10) as session:
        ...     registration = await session.register("services/api/7", "10.0.0.7:80")
        ...     await registration.update("10.0.0.8:80")
        ...     await communicator.get("services/api/7")
        b'10.0.0.8:80'
        >>> await communicator.get("services/api/7") is None
        True
    """

    __module__ = "etcd_client"

    __slots__ = ("__weakref__", "_key", "_registrar")

    def __init__(self, registrar: Registrar, key: RegisteredKey) -> None:
        self._registrar = registrar
        self._key = key

    @property
    def key(self) -> bytes:
        """The key."""
        return self._key.key

    @property
    def value(self) -> bytes:
        """The last value that was registered or updated."""
        return self._key.value

    @property
    def is_registered(self) -> bool:
        """Whether the key exists, as far as is known: written, and its lease not lost since."""
        return self._key.is_written and self._registrar.has_lease

    @property
    def conflict(self) -> KeyExistsError | None:
        """Why it was not restored after a loss: another client owns the key, which is its `kv`."""
        return self._key.conflict

    async def update(self, value: BytesLike, *, timeout: float | None = None) -> None:
        """Replace the value; if the key is being restored, wait for that first.

        Args:
            value: The new value.
            timeout: Deadline for the call, in seconds. If None, the request has the connection's
                default, and the wait has no limit.

        Raises:
            ConflictError: The key was deleted or belongs to another client; nothing was changed.
            ClosedError: The session was left or the registration withdrawn.
        """
        check_name(value, "value")
        await self._registrar.update(self._key, as_bytes(value), timeout)

    async def withdraw(self, *, timeout: float | None = None) -> None:
        """Delete the key. Withdrawing it again does nothing.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.
        """
        await self._registrar.withdraw(self._key, timeout)

    def __repr__(self) -> str:
        state = "registered" if self.is_registered else "not registered"
        return f"<Registration {self.key!r} {state}>"
