"""`Election`: one leader among many candidates."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from etcd_client._etcd_client import LeaderKey
from etcd_client._lease.loss import Loss
from etcd_client._started import Attempt
from etcd_client.errors import (
    ElectError,
    EtcdError,
    EtcdTimeoutError,
    LockLostError,
    LockTimeoutError,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType
    from typing import Any

    from etcd_client._etcd_client import (
        Call,
        Communicator,
        HeldLease,
        LeaderResponse,
        Observer,
        ResponseHeader,
    )


class Election:
    """An election, as a candidate or as an observer.

    It is the same election for everybody who uses etcd's election service or that of its Go
    client. The lead lasts for as long as its holder lives: the engine renews its lease in its own
    thread, and after a crash there is another leader within 30 seconds.

    Args:
        communicator: The connection to use.
        name: The name of the election.
        value: What the leader proclaims of itself.

    Examples:
        >>> from etcd_client import Election
        >>> async with Election(communicator, "scheduler", value="node-7") as election:
        ...     (await election.leader()).kv.value
        b'node-7'
    """

    __module__ = "etcd_client"

    __slots__ = ("__weakref__", "_communicator", "_held", "_name", "_value")

    def __init__(
        self, communicator: Communicator, name: bytes | str, value: bytes | str = b""
    ) -> None:
        self._communicator = communicator
        self._name = name
        self._value = value
        self._held: HeldLease | None = None

    @property
    def is_leader(self) -> bool:
        """Whether the lead is held: won, not resigned and not lost."""
        return self._held is not None and self._held.loss is None

    @property
    def key(self) -> bytes | None:
        """The key that exists for as long as the lead is held; None before and after."""
        return None if self._held is None else self._held.key

    @property
    def revision(self) -> int | None:
        """The create revision of `key`, larger for each leader than for the one before."""
        return None if self._held is None else self._held.revision

    @property
    def lost(self) -> Loss:
        """Whether the lead was lost: its lease or its key is gone."""
        return Loss(self._held)

    def campaign(
        self, value: bytes | str | None = None, *, timeout: float | None = None
    ) -> Coroutine[Any, Any, None]:
        """Wait until the election is won.

        A candidacy that fails or is cancelled leaves nothing on the server.

        Args:
            value: What to proclaim; by default what the election was made with.
            timeout: The seconds that winning may take; None for any time.

        Raises:
            EtcdTimeoutError: It was not won in time.
            ElectError: The candidate's key or lease was gone before it was won; or this object
                holds the lead already.
        """
        if self._held is not None:
            raise ElectError(self._message("was won by this object already"))
        call = self._communicator._hold_place(  # noqa: SLF001 - made for this
            self._name, value=self._value if value is None else value, timeout=timeout
        )
        return Attempt(call.close, self._elected(call))

    async def _elected(self, call: Call[HeldLease]) -> None:
        try:
            held = await call
        except LockTimeoutError:
            raise EtcdTimeoutError(self._message("was not won within the timeout")) from None
        except LockLostError as error:
            raise ElectError(self._message(f"was not won: {error}")) from None
        if self._held is not None:
            await held.release()
            raise ElectError(self._message("was won by another task with this object"))
        held.adopt()
        self._held = held

    async def proclaim(self, value: bytes | str, *, timeout: float | None = None) -> None:
        """Replace the value that the leader proclaims of itself.

        Args:
            value: What to proclaim.
            timeout: The seconds that it may take; by default those of the connection.

        Raises:
            ElectionNotLeaderError: The lead was lost.
            ElectError: This object does not hold the lead.
        """
        held = self._won()
        name = self._name.encode() if isinstance(self._name, str) else bytes(self._name)
        leader = LeaderKey(name, held.key, held.revision, held.id)
        await self._communicator.proclaim(leader, value, timeout=timeout)

    def resign(self, *, timeout: float | None = None) -> Coroutine[Any, Any, None]:
        """Give the lead back.

        Args:
            timeout: The seconds that it may take; by default those of the connection.

        Raises:
            ElectError: The lead was lost before, or is not held by this object.
        """
        held = self._won()
        call = held.release(timeout)
        self._held = None
        return self._resigned(held, call)

    async def _resigned(self, held: HeldLease, call: Call[ResponseHeader | None]) -> None:
        if await call is None:
            raise ElectError(self._message(f"has another leader: {held.loss}"))

    def leader(self, *, timeout: float | None = None) -> Coroutine[Any, Any, LeaderResponse]:
        """Ask for the present leader.

        Args:
            timeout: The seconds that it may take; by default those of the connection.

        Returns:
            The leader's key and what it proclaims.

        Raises:
            ElectionNoLeaderError: There is none.
        """
        return self._communicator.leader(self._name, timeout=timeout)

    def observe(self) -> Observer:
        """Iterate over the present leader and those that follow, and what they proclaim.

        Returns:
            An async iterator of `LeaderResponse`.
        """
        return self._communicator.observe(self._name)

    async def __aenter__(self) -> Election:
        await self.campaign()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._held is None:
            return
        # What the body raised matters more than what became of the lead.
        with contextlib.suppress(*() if kind is None else (EtcdError,)):
            await self.resign()

    def _won(self) -> HeldLease:
        if self._held is None:
            raise ElectError(self._message("was not won by this object"))
        return self._held

    def _message(self, what: str) -> str:
        return f"the election {self._name!r} {what}"

    def __repr__(self) -> str:
        state = "leader" if self.is_leader else "not leader"
        return f"<Election {self._name!r} {state}>"
