"""`Session`: one lease, kept alive, that locks, elections and registrations share."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from etcd_client._concurrency import Background, CancelScope
from etcd_client._lease.loss import Loss
from etcd_client.errors import ClosedError, EtcdError, SessionLostError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from etcd_client._etcd_client import Communicator, HeldLease


class Session:
    """One lease for everything that is to end together, kept alive by the engine.

    `Communicator.session` makes one. It is entered once; leaving it revokes the lease, and with it
    all that was attached goes from the server. A session that was lost stays lost: its id is never
    used again.

    Its loss is told no later than its time to live after the last confirmed renewal was sent, which
    is before the server lets another have what it held. With `cancel_on_loss` the body is
    cancelled then; in any case leaving raises `SessionLostError`, unless `on_loss` has been told.

    Args:
        communicator: The connection to use.
        ttl: The seconds after which the lease ends once it is not renewed any more.
        cancel_on_loss: Whether the body is cancelled when the session is lost.
        on_loss: What is called with a `SessionLostError` when the session is lost, on the event
            loop.

    Examples:
        >>> async with communicator.session(ttl=10) as session:
        ...     response = await communicator.put("workers/7", "ready", lease=session.id)
        ...     session.lost.is_set()
        False
        >>> await communicator.get("workers/7") is None
        True
    """

    __module__ = "etcd_client"

    __slots__ = (
        "__weakref__",
        "_background",
        "_cancel_on_loss",
        "_communicator",
        "_holding",
        "_on_loss",
        "_scope",
        "_ttl",
    )

    def __init__(
        self,
        communicator: Communicator,
        ttl: int = 10,
        *,
        cancel_on_loss: bool = False,
        on_loss: Callable[[SessionLostError], object] | None = None,
    ) -> None:
        self._communicator = communicator
        self._ttl = ttl
        self._cancel_on_loss = cancel_on_loss
        self._on_loss = on_loss
        self._holding: HeldLease | None = None
        self._scope = CancelScope()
        self._background = Background()

    @property
    def id(self) -> int:
        """The id by which etcd knows the lease."""
        return self._held().id

    @property
    def ttl(self) -> int:
        """The seconds after which it ends unless it is renewed, as the server granted them."""
        return self._held().ttl

    @property
    def lost(self) -> Loss:
        """Whether it ended before it was left."""
        return Loss(self._holding)

    async def __aenter__(self) -> Session:
        if self._holding is not None:
            message = "a session is entered once: make another one"
            raise ClosedError(message)
        holding = await self._communicator._hold_lease(self._ttl)  # noqa: SLF001 - made for this
        # Until here the lease would have ended with a caller who was cancelled.
        holding.adopt()
        self._holding = holding
        await self._background.__aenter__()
        self._scope.__enter__()
        self._background.start(self._tell_loss, holding)
        return self

    async def _tell_loss(self, holding: HeldLease) -> None:
        reason = await holding.until_over()
        if reason is None:
            return
        if self._cancel_on_loss:
            self._scope.cancel()
        if self._on_loss is not None:
            self._on_loss(_lost(holding))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        # From here on the body has left, and is not cancelled any more.
        cancelled = self._scope.__exit__(kind, error, traceback)
        holding = self._held()
        releasing = holding.release()
        failed = kind is not None and not cancelled
        if failed:
            await self._background.__aexit__(kind, error, traceback)
        else:
            await self._background.__aexit__(None, None, None)
        # What the body raised matters more than what became of the lease.
        with contextlib.suppress(*(EtcdError,) if failed else ()):
            lost = await releasing is None
            if cancelled or (lost and self._on_loss is None):
                raise _lost(holding) from error
        return False

    def _held(self) -> HeldLease:
        if self._holding is None:
            message = "the session is not open: enter it with `async with`"
            raise ClosedError(message)
        return self._holding

    def __repr__(self) -> str:
        if self._holding is None:
            return "<Session not open>"
        state = "lost" if self.lost.is_set() else "open"
        return f"<Session id={self.id:x} ttl={self.ttl} {state}>"


def _lost(holding: HeldLease) -> SessionLostError:
    message = f"the session {holding.id:x} was lost: {holding.loss}"
    return SessionLostError(message)
