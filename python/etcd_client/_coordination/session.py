"""`Session`: one lease, kept alive, that locks, elections and registrations share."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from etcd_client._arguments import as_bytes, check_name
from etcd_client._concurrency import Background, CancelScope
from etcd_client.errors import ClosedError, EtcdError, SessionLostError

from . import open_session
from .election import Election
from .lock import Lock
from .registered_key import RegisteredKey
from .registrar import Registrar
from .registration import Registration

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from etcd_client._etcd_client import Communicator, HeldLease
    from etcd_client._types import BytesLike
    from etcd_client.errors import KeyExistsError


class Session(open_session.Session):
    """One lease for everything that is to end together, kept alive by the engine.

    `Communicator.session` makes one. It is entered once; leaving it revokes the lease, and with it
    all that is attached goes from the server. Any number of locks, elections and registrations can
    share it, and any key that is put with `lease=session`.

    A session that was lost stays lost, with all its locks and leads; only registrations come back.
    The loss is told no later than the time to live after the last confirmed renewal was sent, which
    is before the server lets another have what it held. `cancel_on_loss` cancels the body then. In
    any case leaving raises `SessionLostError`, unless `on_loss` was told.

    Args:
        communicator: The connection to use.
        ttl: The seconds after which the lease ends once it is not renewed any more.
        cancel_on_loss: Whether the body is cancelled when the session is lost.
        on_loss: What is called with a `SessionLostError` when the session is lost, on the event
            loop; what it raises cancels the body, and is raised on leaving.

    Examples:
        >>> async with communicator.session(ttl=10) as session:
        ...     response = await communicator.put("workers/7", "ready", lease=session)
        ...     async with session.lock("report") as lock:
        ...         lock.is_acquired
        True
        >>> await communicator.get("workers/7") is None
        True
    """

    __module__ = "etcd_client"

    __slots__ = (
        "_background",
        "_cancel_on_loss",
        "_on_loss",
        "_registrar",
        "_scope",
    )

    def __init__(
        self,
        communicator: Communicator,
        ttl: int = 10,
        *,
        cancel_on_loss: bool = False,
        on_loss: Callable[[SessionLostError], object] | None = None,
    ) -> None:
        super().__init__(communicator, ttl)
        self._cancel_on_loss = cancel_on_loss
        self._on_loss = on_loss
        self._registrar: Registrar | None = None
        self._scope = CancelScope()
        self._background = Background()

    def lock(self, name: BytesLike, *, ttl: float | None = None) -> Lock:
        """Make a lock that hangs on this session, not yet acquired.

        Args:
            name: The name of the lock.
            ttl: The seconds for which it may be held.

        Returns:
            The lock; `async with` acquires it.
        """
        return Lock(self._communicator, name, ttl, session=self)

    def election(self, name: BytesLike, value: BytesLike = b"") -> Election:
        """Make a candidacy that hangs on this session, not yet begun.

        Args:
            name: The name of the election.
            value: What the leader proclaims of itself.

        Returns:
            The election; `async with` or `Election.run` campaigns.
        """
        return Election(self._communicator, name, value, session=self)

    async def register(
        self,
        key: BytesLike,
        value: BytesLike,
        *,
        replace: bool = False,
        on_conflict: Callable[[KeyExistsError], object] | None = None,
        timeout: float | None = None,
    ) -> Registration:
        """Write a key that is there while the session is open, and comes back after a loss.

        It has one writer at a time: a key that another has written is not touched.

        Args:
            key: The key.
            value: Its value.
            replace: Whether to take the key from whoever has it, now and when it comes back.
            on_conflict: What is called with a `KeyExistsError` where another has taken the key as
                it is to come back. By default leaving the session raises it.
            timeout: The seconds that it may take; by default those of the connection for each
                request.

        Returns:
            The registration, by which the value is changed or the key withdrawn.

        Raises:
            KeyExistsError: Another has the key, which is the error's `kv`.
            InvalidArgsError: This session has registered the key already.
            ClosedError: The session is not open.
        """
        check_name(key, "key")
        check_name(value, "value")
        held = self._opened()
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

    async def __aenter__(self) -> Session:
        if self._held is not None:
            message = "a session is entered once: make another one"
            raise ClosedError(message)
        held = await self._communicator._hold_lease(self._ttl)  # noqa: SLF001 - made for this
        # Until here the lease would have ended with a caller who was cancelled.
        held.adopt()
        self._held = held
        await self._background.__aenter__()
        self._scope.__enter__()
        self._background.start(self._tell_loss, held)
        return self

    async def _tell_loss(self, held: HeldLease) -> None:
        if await held.until_over() is None:
            return
        if self._cancel_on_loss:
            self._scope.cancel()
        if self._on_loss is not None:
            self._on_loss(self._lost_error(held.loss))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        # From here on the body has left, and is not cancelled any more.
        cancelled = self._scope.__exit__(kind, error, traceback)
        failed = kind is not None and not cancelled
        held = self._opened()
        releasing = held.release()
        registrar = self._registrar
        releasing_own = None if registrar is None else registrar.leave()
        if failed:
            await self._background.__aexit__(kind, error, traceback)
        else:
            await self._background.__aexit__(None, None, None)
        # What the body raised matters more than what became of the lease.
        with contextlib.suppress(*(EtcdError,) if failed else ()):
            if releasing_own is not None:
                await releasing_own
            lost = await releasing is None
            if cancelled or (lost and self._on_loss is None):
                raise self._lost_error(held.loss) from error
            if registrar is not None and registrar.untold:
                raise registrar.untold[0]
        return False
