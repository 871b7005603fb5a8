"""The part of a session that locks and the like use: its lease, and notice of its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._arguments import check_communicator, check_ttl
from etcd_client._concurrency import Background
from etcd_client._lease.loss import Loss
from etcd_client.errors import ClosedError, SessionLostError

if TYPE_CHECKING:
    from etcd_client._etcd_client import Communicator, HeldLease


class Session:
    """The lease of a session, which `_session.Session` opens and closes."""

    __module__ = "etcd_client"

    __slots__ = ("__weakref__", "_background", "_communicator", "_held", "_ttl")

    def __init__(self, communicator: Communicator, ttl: int) -> None:
        check_communicator(communicator)
        check_ttl(ttl)
        self._communicator = communicator
        self._ttl = ttl
        self._held: HeldLease | None = None
        # What runs as long as the session is open.
        self._background = Background()

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
        return held

    def _lost_error(self, reason: str | None) -> SessionLostError:
        return SessionLostError(f"the session {self.id:x} was lost: {reason}")

    def __repr__(self) -> str:
        if self._held is None:
            return "<Session not open>"
        state = "lost" if self.lost.is_set() else "open"
        return f"<Session id={self.id:x} ttl={self.ttl} {state}>"
