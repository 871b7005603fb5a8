"""`Acquirable`: what is acquired and released: a lock, a permit of a semaphore."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from etcd_client._arguments import check_flag, check_seconds
from etcd_client._async_only import async_only
from etcd_client._leaving import yielding_to
from etcd_client._operation import begin
from etcd_client._started import StartedCoroutine
from etcd_client.errors import LockError, LockLostError

from .contender import Contender

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from etcd_client._etcd_client import Call, Communicator, HeldLease, ResponseHeader
    from etcd_client._types import BytesLike

    from .contender import Line
    from .open_session import Session


@async_only
class Acquirable(Contender):
    """A contender that acquires and releases what its line is for.

    Args:
        communicator: The communicator to use.
        name: The name of the line.
        session: The session whose lease to use; None for a lease of its own.
        ttl: Maximum time to hold it, in seconds; None to hold it until it is released.
        value: What its key contains.
        line: How the line differs from that of a lock.
    """

    __slots__ = ("_ttl",)

    _error = LockError

    def __init__(  # noqa: PLR0913 - what a line can be
        self,
        communicator: Communicator,
        name: BytesLike,
        session: Session | None,
        ttl: float | None,
        *,
        value: BytesLike = b"",
        line: Line | None = None,
    ) -> None:
        super().__init__(communicator, name, session, value=value, line=line)
        if ttl is not None:
            check_seconds(ttl, "ttl")
        self._ttl = ttl

    @property
    def is_acquired(self) -> bool:
        """Whether it is held: acquired, not released and not lost."""
        return self._held is not None and self._held.loss is None

    def acquire(
        self,
        blocking: bool = True,  # noqa: FBT001, FBT002 - as for the locks of Python
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, bool]:
        """Acquire it; a failed or cancelled attempt leaves nothing on the server.

        Args:
            blocking: Whether to wait for it.
            timeout: Maximum wait in seconds; None to wait without limit.

        Returns:
            True; False if it is not free and `blocking` is False.

        Raises:
            LockTimeoutError: It was not acquired in time.
            LockLostError: Its key or lease was lost while waiting.
            SessionLostError: The session had been lost.
            LockError: This object holds it already.
        """
        check_flag(blocking, "blocking")
        operation = begin(self._communicator, f"{type(self).__name__}.acquire")
        with operation:
            call = self._enter(timeout, wait=blocking, ttl=self._ttl)
        entered = operation.until_end_of(partial(self._entered, call))
        return StartedCoroutine(operation.giving_up(call.close), entered)

    def renew(self, seconds: float, *, timeout: float | None = None) -> Call[None]:
        """Hold it for the given time from now on, whatever its previous limit.

        What was acquired without a `ttl` has one from then on.

        Args:
            seconds: Maximum time to hold it, counted from this call.
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            LockLostError: It had been lost.
            LockError: This object does not hold it.
        """
        return self._holding().renew(seconds, timeout)

    def release(self, *, timeout: float | None = None) -> Coroutine[Any, Any, None]:
        """Release it.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            LockLostError: It had been lost.
            LockError: This object does not hold it.
        """
        held = self._holding()
        call = held.release(timeout)
        self._held = None
        return self._released(held, call)

    async def _released(self, held: HeldLease, call: Call[ResponseHeader | None]) -> None:
        if await call is None:
            raise LockLostError(self._message(f"was lost: {held.loss}"))

    async def __aenter__(self) -> Self:
        await self.acquire()
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
            await self.release()

    def __repr__(self) -> str:
        state = "acquired" if self.is_acquired else "not acquired"
        return f"<{type(self).__name__} {self._name!r} {state}>"
