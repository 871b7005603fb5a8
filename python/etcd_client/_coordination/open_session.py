"""The part of a session that recipes use: its lease, notice of its loss, and its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from etcd_client._arguments import (
    as_bytes,
    check_communicator,
    check_flag,
    check_function,
    check_name,
    check_seconds,
    check_ttl,
    kind_of,
)
from etcd_client._concurrency import Background
from etcd_client._lease.loss import Loss
from etcd_client.errors import ClosedError, SessionLostError

from .registered_key import RegisteredKey
from .registrar import Registrar
from .registration import Registration

if TYPE_CHECKING:
    from collections.abc import Callable

    from etcd_client._etcd_client import Communicator, HeldLease
    from etcd_client._types import BytesLike
    from etcd_client.errors import KeyExistsError


def check_session(value: object, name: str) -> None:
    """Raise an error unless the value is a session or None.

    Args:
        value: The argument.
        name: The name of the argument.
    """
    if value is not None:
        require_session(value, name)


def require_session(value: object, name: str) -> None:
    """Raise an error unless the value is a session.

    Args:
        value: The argument.
        name: The name of the argument.
    """
    if not isinstance(value, Session):
        message = f"{name}: expected Session, got {kind_of(value)}"
        raise TypeError(message)


def with_communicator(value: object, user: object) -> tuple[Session | None, Communicator]:
    """Return a session, if it is one, and the communicator: that of the session, or what it is.

    Args:
        value: The argument `session`, which may be a communicator too.
        user: The object that is to use it.
    """
    if isinstance(value, Session):
        return value, value._communicator  # noqa: SLF001 - ours
    check_communicator(value, user, "session", "Session or Communicator")
    return None, cast("Communicator", value)


class Session:
    """The lease of a session, which `_session.Session` opens and closes."""

    __module__ = "etcd_client"

    __slots__ = (
        "__weakref__",
        "_background",
        "_communicator",
        "_held",
        "_left",
        "_registrar",
        "_ttl",
    )

    def __init__(self, communicator: Communicator, ttl: int) -> None:
        check_communicator(communicator, self)
        check_ttl(ttl)
        self._communicator = communicator
        self._ttl = ttl
        self._held: HeldLease | None = None
        self._left = False
        # What runs as long as the session is open.
        self._background = Background()
        self._registrar: Registrar | None = None

    @property
    def id(self) -> int:
        """The id by which etcd knows the lease."""
        return self._opened().id

    @property
    def ttl(self) -> int:
        """The granted time to live, in seconds."""
        return self._opened().ttl

    @property
    def lost(self) -> Loss:
        """Whether it was lost before it was left."""
        return Loss(self._held)

    @property
    def remaining(self) -> float:
        """The seconds for which it certainly lives without a renewal; 0 if it has ended.

        They are counted from when the last confirmed renewal was sent.
        """
        return self._opened().remaining or 0.0

    async def register(
        self,
        key: BytesLike,
        value: BytesLike,
        *,
        replace: bool = False,
        on_conflict: Callable[[KeyExistsError], object] | None = None,
        timeout: float | None = None,
    ) -> Registration:
        """Write a key that exists while the session is open, and is restored after a loss.

        It has one owner at a time: a key that another client has written is not touched.

        Args:
            key: The key.
            value: The value.
            replace: Whether to overwrite the key of another client, now and when it is restored.
            on_conflict: Called with a `KeyExistsError` if the key cannot be restored because
                another client has written it. By default leaving the session raises the error.
            timeout: Deadline for the call, in seconds; None for the connection's default for each
                request.

        Returns:
            The registration, with which the value can be changed or the key withdrawn.

        Raises:
            KeyExistsError: Another client has written the key, which is the error's `kv`.
            InvalidArgsError: This session has registered the key already.
            ClosedError: The session is not open, or was left.
        """
        check_name(key, "key")
        check_name(value, "value")
        check_flag(replace, "replace")
        if timeout is not None:
            check_seconds(timeout, "timeout")
        if on_conflict is not None:
            check_function(on_conflict, "on_conflict")
        held = self._opened()
        self._check_left()
        registrar = self._registrar
        if registrar is None:
            registrar = self._registrar = Registrar(self._communicator, held)
            self._background.start(registrar.run)
        registered = RegisteredKey(
            self._communicator,
            as_bytes(key),
            as_bytes(value),
            replace=replace,
            on_conflict=on_conflict,
        )
        await registrar.add(registered, timeout)
        return Registration(registrar, registered)

    def _opened(self) -> HeldLease:
        if self._held is None:
            message = "the session is not open: enter it with `async with`"
            raise ClosedError(message)
        return self._held

    def _lease(self) -> HeldLease:
        """Return the lease for a place in a line."""
        held = self._opened()
        if held.loss is not None:
            raise self._lost_error(held.loss)
        self._check_left()
        return held

    def _check_left(self) -> None:
        if self._left:
            message = f"the session {self.id:x} was left, which has revoked its lease"
            raise ClosedError(message)

    def _lost_error(self, reason: str | None) -> SessionLostError:
        return SessionLostError(f"the session {self.id:x} was lost: {reason}")

    def _lease_gone(self) -> SessionLostError:
        """Return the error for a lease that the server does not know, before it is detected."""
        return self._lost_error("its lease is gone")

    def __repr__(self) -> str:
        if self._held is None:
            return "<Session not open>"
        state = "lost" if self.lost.is_set() else "left" if self._left else "open"
        return f"<Session id={self.id:x} ttl={self.ttl} {state}>"
