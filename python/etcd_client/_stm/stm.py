"""Running a function until its reads are still valid when its writes take effect."""

from __future__ import annotations

from functools import partial
from inspect import isawaitable, iscoroutine, iscoroutinefunction
from typing import TYPE_CHECKING, Any

from etcd_client._arguments import check_function
from etcd_client._backoff import Backoff
from etcd_client._coordination.open_session import Session, check_session
from etcd_client._deadline import Deadline
from etcd_client._operation import begin
from etcd_client.enums import Isolation

from .function_run import FunctionRun
from .transaction import STM, ReadFirst, SyncSTM, spans_of
from .turn import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from etcd_client._etcd_client import Communicator
    from etcd_client._types import BytesLike

    from .reads import Span


def stm(  # noqa: PLR0913, PLR0917 - what the method takes
    communicator: Communicator,
    function: Callable[[Any], Any],
    isolation: Isolation | None,
    prefetch: Iterable[BytesLike],
    timeout: float | None,
    once: Session | None,
) -> Coroutine[Any, Any, Any]:
    """Run a function as a transaction; see `Communicator.stm`."""
    check_function(function, "function")
    if isolation is None:
        isolation = Isolation.SERIALIZABLE_SNAPSHOT
    if not isinstance(isolation, Isolation):
        message = f"isolation: expected Isolation, got {type(isolation).__qualname__}"
        raise TypeError(message)
    check_session(once, "once")
    transaction = _Transaction(communicator, function, Deadline(timeout, "stm"), once)
    repeat = partial(transaction.repeat, isolation, spans_of(prefetch))
    return begin(communicator, "Communicator.stm").around(repeat)


class _Transaction:
    """A function that runs until one of its runs can be committed."""

    def __init__(
        self,
        communicator: Communicator,
        function: Callable[[Any], Any],
        deadline: Deadline,
        once: Session | None,
    ) -> None:
        self._communicator = communicator
        self._function = function
        self._deadline = deadline
        self._once = once

    async def repeat(self, isolation: Isolation, prefetch: list[Span]) -> object:
        """Run the function, again and again if need be, and return what it returns."""
        run = FunctionRun(self._communicator, isolation, self._deadline)
        backoff = Backoff()
        turn = Turn(self._communicator)
        try:
            while True:
                result = await self._call(run, prefetch)
                await self._deadline.bound(turn.take(run.contended))
                following = run.overtaken(turn)
                if following is None:
                    following = await run.commit(self._once, turn)
                    if following is None:
                        return result
                    await self._deadline.bound(backoff.pause())
                run = following
        finally:
            turn.leave()

    async def _call(self, run: FunctionRun, prefetch: list[Span]) -> object:
        call = _call_async if _is_async(self._function) else _call_sync
        try:
            await run.read_all(prefetch)
            return await self._deadline.bound(call(self._function, run))
        except Exception:
            # It raised because its revision has been compacted, so it runs again at a newer one.
            if run.is_stale:
                return None
            raise


def _is_async(function: Callable[[Any], Any]) -> bool:
    if iscoroutinefunction(function):
        return True
    # A callable object may have an async `__call__`.
    return iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


async def _call_async(function: Callable[[STM], Any], run: FunctionRun) -> object:
    txn = STM(run)
    try:
        return await function(txn)
    finally:
        txn._close()  # noqa: SLF001 - ours


async def _call_sync(function: Callable[[SyncSTM], Any], run: FunctionRun) -> object:
    while True:
        run.forget_writes()
        txn = SyncSTM(run)
        try:
            result = function(txn)
        except ReadFirst as needed:
            await run.read_all([needed.span])
            continue
        finally:
            txn._close()  # noqa: SLF001 - ours
        if isawaitable(result):
            if iscoroutine(result):
                result.close()
            message = "function: expected an async function or one that awaits nothing"
            raise TypeError(message)
        return result
