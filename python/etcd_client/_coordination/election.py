"""`Election`: one leader among many candidates."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from etcd_client._arguments import as_bytes, check_awaitable, check_function
from etcd_client._async_only import async_only
from etcd_client._backoff import Backoff
from etcd_client._concurrency import Background, CancelScope, finish
from etcd_client._etcd_client import LeaderKey
from etcd_client._leaving import yielding_to
from etcd_client._operation import begin
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

# The errors after which a candidate that never gives up campaigns again.
_PASSING = (
    ElectError,
    EtcdConnectionError,
    EtcdTimeoutError,
    NoLeaderError,
    OutcomeUnknownError,
)


@async_only
class Election(Contender):
    """An election, as a candidate or as an observer.

    It is compatible with etcd's election service and the elections of its Go client. The leader
    leads until it resigns or dies: its lease is renewed in the background. If it dies, there is
    another leader within the lease's time to live: 30 seconds, or that of the `session`.

    Args:
        communicator: The communicator to use.
        name: The name of the election. Its keys are all that begin with it and `/`.
        value: The value to proclaim as the leader.
        session: The session whose lease to use; None for a lease of its own.

    Examples:
        >>> from etcd_client import Election
        >>> async with Election(communicator, "scheduler", value="node-7") as election:
        ...     (await election.leader()).kv.value
        b'node-7'
    """

    __module__ = "etcd_client"

    __slots__ = ()

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
        super().__init__(communicator, name, session, value=value)

    @property
    def is_leader(self) -> bool:
        """Whether this object is the leader: elected, and not resigned or lost since."""
        return self._held is not None and self._held.loss is None

    def campaign(
        self, value: BytesLike | None = None, *, timeout: float | None = None
    ) -> Coroutine[Any, Any, None]:
        """Wait to become the leader.

        A failed or cancelled candidacy leaves nothing on the server.

        Args:
            value: The value to proclaim; by default that of the election.
            timeout: Maximum wait in seconds; None to wait without limit.

        Raises:
            EtcdTimeoutError: The election was not won in time.
            ElectError: The candidate's key or lease was lost while waiting, or this object is the
                leader already.
            SessionLostError: The session had been lost.
        """
        operation = begin(self._communicator, "Election.campaign")
        with operation:
            call = self._enter(timeout, value=value)
        elected = operation.until_end_of(partial(self._elected, call))
        return StartedCoroutine(operation.giving_up(call.close), elected)

    async def _elected(self, call: Call[HeldLease | None]) -> None:
        try:
            await self._entered(call)
        except LockTimeoutError:
            raise EtcdTimeoutError(self._message("was not won within the timeout")) from None
        except LockLostError as error:
            raise ElectError(self._message(f"was not won: {error}")) from None

    async def run(self, work: Callable[[Election], Awaitable[_T]]) -> _T:
        """Campaign, work as the leader, and campaign again after a loss of the leadership.

        The work is cancelled when the leadership is lost, before the server lets another client
        lead. Its writes should have `fence` as a condition all the same: a process that was paused
        notices the loss only when it runs again. While no member can be reached, it goes on
        campaigning.

        Args:
            work: The async function to run as the leader; its argument is this election.

        Returns:
            The result of the work; the leadership has been resigned by then. If the work raises,
            its exception is raised.

        Raises:
            SessionLostError: The session was lost, so that the election can no longer be won.
            ElectError: This object is the leader already.
            RpcError: The server refuses the candidate for good.
        """
        check_function(work, "work")
        if self._held is not None:
            raise ElectError(self._message("is held by this object already"))
        while True:
            # First, so that a signal handler cannot raise between the election and `try`.
            scope, background = CancelScope(), Background()
            await self._campaign_patiently()
            try:
                async with background:
                    background.start(self._cancel_at_loss, scope)
                    with scope:
                        working = work(self)
                        check_awaitable(working, "work")
                        return await working
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
        # The leadership may be lost; if the server cannot be told, the lease expires.
        with contextlib.suppress(EtcdError):
            await self.resign()

    async def proclaim(self, value: BytesLike, *, timeout: float | None = None) -> None:
        """Proclaim a new value as the leader.

        Args:
            value: The value to proclaim.
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            ElectionNotLeaderError: The leadership was lost.
            ElectError: This object is not the leader.
        """
        held = self._holding()
        leader = LeaderKey(as_bytes(self._name), held.key, held.revision, held.id)
        await self._communicator.proclaim(leader, value, timeout=timeout)

    def resign(self, *, timeout: float | None = None) -> Coroutine[Any, Any, None]:
        """Resign the leadership.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            ElectError: The leadership had been lost, or this object is not the leader.
        """
        held = self._holding()
        call = held.release(timeout)
        self._held = None
        return self._resigned(held, call)

    async def _resigned(self, held: HeldLease, call: Call[ResponseHeader | None]) -> None:
        if await call is None:
            raise ElectError(self._message(f"was lost: {held.loss}"))

    def leader(self, *, timeout: float | None = None) -> Coroutine[Any, Any, LeaderResponse]:
        """Get the current leader.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            The leader's key and the value that it proclaims.

        Raises:
            ElectionNoLeaderError: There is no leader.
        """
        return self._communicator.leader(self._name, timeout=timeout)

    def observe(self) -> Leaders:
        """Observe the current leader, its successors, and what they proclaim.

        Returns:
            An async iterator of `LeaderResponse`, and None while there is no leader.
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
        with yielding_to(kind):
            await self.resign()

    def __repr__(self) -> str:
        state = "leader" if self.is_leader else "not leader"
        return f"<Election {self._name!r} {state}>"
