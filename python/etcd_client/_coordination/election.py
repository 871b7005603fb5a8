"""`Election`: one leader among many candidates."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeVar

from etcd_client._arguments import as_bytes, check_name
from etcd_client._backoff import Backoff
from etcd_client._concurrency import Background, CancelScope, finish
from etcd_client._etcd_client import LeaderKey
from etcd_client._started import StartedCoroutine
from etcd_client.errors import (
    ElectError,
    EtcdConnectionError,
    EtcdError,
    EtcdTimeoutError,
    LockLostError,
    LockTimeoutError,
    NoLeaderError,
    OutcomeUnknownError,
)

from .contender import Contender
from .leaders import Leaders

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from types import TracebackType
    from typing import Any

    from etcd_client._etcd_client import (
        Call,
        Communicator,
        HeldLease,
        LeaderResponse,
        ResponseHeader,
    )
    from etcd_client._types import BytesLike

    from .open_session import Session

_T = TypeVar("_T")

# What a candidate that never gives up takes for a reason to try again.
_PASSING = (
    ElectError,
    EtcdConnectionError,
    EtcdTimeoutError,
    NoLeaderError,
    OutcomeUnknownError,
)


class Election(Contender):
    """An election, as a candidate or as an observer.

    It is the same election for everybody who uses etcd's election service or that of its Go
    client. The lead lasts for as long as its holder lives: the engine renews its lease in its own
    thread. After a crash there is another leader within the time to live of the lease: 30 seconds,
    or that of the `session`.

    Args:
        communicator: The connection to use.
        name: The name of the election.
        value: What the leader proclaims of itself.
        session: Whose lease to use. By default the lead has a lease of its own.

    Examples:
        >>> from etcd_client import Election
        >>> async with Election(communicator, "scheduler", value="node-7") as election:
        ...     (await election.leader()).kv.value
        b'node-7'
    """

    __module__ = "etcd_client"

    __slots__ = ("_value",)

    _what = "lead in"
    _error = ElectError

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        value: BytesLike = b"",
        *,
        session: Session | None = None,
    ) -> None:
        super().__init__(communicator, name, session)
        check_name(value, "value")
        self._value = value

    @property
    def is_leader(self) -> bool:
        """Whether the lead is held: won, not resigned and not lost."""
        return self._held is not None and self._held.loss is None

    def campaign(
        self, value: BytesLike | None = None, *, timeout: float | None = None
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
            SessionLostError: The session was lost before.
        """
        call = self._enter(timeout, value=self._value if value is None else value)
        return StartedCoroutine(call.close, self._elected(call))

    async def _elected(self, call: Call[HeldLease | None]) -> None:
        try:
            await self._entered(call)
        except LockTimeoutError:
            raise EtcdTimeoutError(self._message("was not won within the timeout")) from None
        except LockLostError as error:
            raise ElectError(self._message(f"was not won: {error}")) from None

    async def run(self, work: Callable[[Election], Awaitable[_T]]) -> _T:
        """Work whenever the lead is held: campaign, work, and campaign again after a loss.

        The work is cancelled when the lead is lost, which is told before the server lets another
        lead. Its writes should be on the condition of `fence` all the same: a process that was
        stopped learns of it when it goes on. While no member can be reached the campaign goes on.

        Args:
            work: What to do as the leader; it is called with this election.

        Returns:
            What the work returns once it ends by itself, the lead having been resigned; what it
            raises is raised.

        Raises:
            SessionLostError: The session was lost, so that the lead cannot be won any more.
            ElectError: This object holds the lead already.
            RpcError: The server refuses the candidate for good.
        """
        if self._held is not None:
            raise ElectError(self._message("is held by this object already"))
        while True:
            await self._campaign_patiently()
            scope = CancelScope()
            try:
                async with Background() as background:
                    background.start(self._cancel_at_loss, scope)
                    with scope:
                        return await work(self)
            finally:
                await finish(self._resign_quietly)

    async def _campaign_patiently(self) -> None:
        backoff = Backoff(0.05, 2.0)
        while True:
            try:
                await self.campaign()
            except _PASSING:  # noqa: PERF203 - each candidacy may fail
                await backoff.pause()
            else:
                return

    async def _cancel_at_loss(self, scope: CancelScope) -> None:
        if await self.lost.wait():
            scope.cancel()

    async def _resign_quietly(self) -> None:
        # The lead may be lost, and what cannot be told to the server ends with the lease.
        with contextlib.suppress(EtcdError):
            await self.resign()

    async def proclaim(self, value: BytesLike, *, timeout: float | None = None) -> None:
        """Replace the value that the leader proclaims of itself.

        Args:
            value: What to proclaim.
            timeout: The seconds that it may take; by default those of the connection.

        Raises:
            ElectionNotLeaderError: The lead was lost.
            ElectError: This object does not hold the lead.
        """
        held = self._holding()
        leader = LeaderKey(as_bytes(self._name), held.key, held.revision, held.id)
        await self._communicator.proclaim(leader, value, timeout=timeout)

    def resign(self, *, timeout: float | None = None) -> Coroutine[Any, Any, None]:
        """Give the lead back.

        Args:
            timeout: The seconds that it may take; by default those of the connection.

        Raises:
            ElectError: The lead was lost before, or is not held by this object.
        """
        held = self._holding()
        call = held.release(timeout)
        self._held = None
        return self._resigned(held, call)

    async def _resigned(self, held: HeldLease, call: Call[ResponseHeader | None]) -> None:
        if await call is None:
            raise ElectError(self._message(f"was lost: {held.loss}"))

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

    def observe(self) -> Leaders:
        """Iterate over the present leader and those that follow, and what they proclaim.

        Returns:
            An async iterator of `LeaderResponse`, and of None for the times in which nobody leads.
        """
        return Leaders(self._communicator, self._name)

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

    def __repr__(self) -> str:
        state = "leader" if self.is_leader else "not leader"
        return f"<Election {self._name!r} {state}>"
