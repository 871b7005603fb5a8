"""`Registration`: a key that lives with a session, and comes back after its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._arguments import as_bytes, check_name

if TYPE_CHECKING:
    from etcd_client._types import BytesLike
    from etcd_client.errors import KeyExistsError

    from .registered_key import RegisteredKey
    from .registrar import Registrar


class Registration:
    """A key that is there for as long as its session is open, whatever happens to the lease.

    `Session.register` makes one. When the session is lost, the key is written again with another
    lease as soon as a member can be reached. There is one writer at a time: where another has taken
    the key meanwhile it is left alone, and the registration is over.

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
        """The value that was registered or updated last."""
        return self._key.value

    @property
    def is_registered(self) -> bool:
        """Whether the key is there, as far as is known: written, and its lease not lost since."""
        return self._key.is_written and self._registrar.has_lease

    @property
    def conflict(self) -> KeyExistsError | None:
        """Why it did not come back after a loss: another has the key, which is its `kv`."""
        return self._key.conflict

    async def update(self, value: BytesLike, *, timeout: float | None = None) -> None:
        """Replace the value; while the key is not there, once it is back.

        Args:
            value: The new value.
            timeout: The seconds that it may take; by default those of the connection for a request,
                and any time for the wait.

        Raises:
            ConflictError: The key was deleted, or is another's; nothing was changed.
            ClosedError: The session was left, or the registration withdrawn.
        """
        check_name(value, "value")
        await self._registrar.update(self._key, as_bytes(value), timeout)

    async def withdraw(self, *, timeout: float | None = None) -> None:
        """Delete the key. Withdrawing it again does nothing.

        Args:
            timeout: The seconds that it may take; by default those of the connection.
        """
        await self._registrar.withdraw(self._key, timeout)

    def __repr__(self) -> str:
        state = "registered" if self.is_registered else "not registered"
        return f"<Registration {self.key!r} {state}>"
