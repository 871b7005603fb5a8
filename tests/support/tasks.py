"""Tasks of tests that run on every event loop, by the names that asyncio has for them.

On asyncio these are its own functions. On trio, and in threads without a loop, a task ends as one
of asyncio does: awaiting it raises its error, or `CancelledError` if it was cancelled, and nobody
has to await it. In threads, each task is one.
"""

import asyncio
import threading
from asyncio import CancelledError, TimeoutError  # noqa: A004 - asyncio's own before Python 3.11
from collections.abc import Awaitable, Callable, Collection, Generator, Iterable
from contextvars import copy_context
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

import trio

from etcd_client import _concurrency
from etcd_client._concurrency._threads import Cancelled
from etcd_client._etcd_client import call_outside, in_step, run

FIRST_COMPLETED = asyncio.FIRST_COMPLETED
CANCELLED = (CancelledError, trio.Cancelled, Cancelled)
"""What is raised inside of a task that is cancelled."""


def is_on_asyncio() -> bool:
    """Return whether asyncio runs."""
    return not (is_on_threads() or is_on_trio())


def is_on_threads() -> bool:
    """Return whether threads run without a loop."""
    return in_step()


def is_on_trio() -> bool:
    """Return whether trio runs."""
    return trio.lowlevel.in_trio_task()


def count() -> int:
    """Return how many tasks there are."""
    if is_on_asyncio():
        return len(asyncio.all_tasks())
    if is_on_trio():
        return trio.lowlevel.current_statistics().tasks_living
    return threading.active_count()


async def begun(call: object) -> None:
    """Let a call begin that may be wrong: most do so when they are made, in threads none does.

    Args:
        call: What the call returned, if it did not raise.
    """
    if is_on_threads() and isawaitable(call):
        await call


if TYPE_CHECKING:
    from asyncio import (
        Event,
        Task,
        create_task,
        ensure_future,
        gather,
        sleep,
        to_thread,
        wait,
        wait_for,
    )
else:

    def _portable(name: str, elsewhere: Callable[..., object]) -> Callable[..., Any]:
        on_asyncio = getattr(asyncio, name)

        def dispatch(*args: object, **options: object) -> object:
            chosen = on_asyncio if is_on_asyncio() else elsewhere
            return chosen(*args, **options)

        return dispatch

    class Task:
        """A task on trio, or a thread."""

        def __init__(self, awaitable: Awaitable[object]) -> None:
            self._scope = _concurrency.CancelScope()
            self._ended = _concurrency.Event()
            self._result: object = None
            self._error: BaseException | None = None
            self._callbacks: list[Callable[[], object]] = []
            if is_on_trio():
                # Its errors are kept and not raised, so it can do no harm there.
                trio.lowlevel.spawn_system_task(self._run, awaitable, context=copy_context())
                return
            driven = (run, self._run, awaitable)
            threading.Thread(target=copy_context().run, args=driven, daemon=True).start()

        async def _run(self, awaitable: Awaitable[object]) -> None:
            try:
                with self._scope:
                    self._error = CancelledError()
                    self._result = await awaitable
                    self._error = None
            except trio.Cancelled:
                raise
            except BaseException as error:  # noqa: BLE001 - for those who await the task
                self._error = error
            finally:
                self._ended.set()
                for callback in self._callbacks:
                    callback()

        def cancel(self) -> bool:
            """Cancel it."""
            if self.done():
                return False
            self._scope.cancel()
            return True

        def done(self) -> bool:
            """Return whether it has ended."""
            return self._ended.is_set()

        def cancelled(self) -> bool:
            """Return whether it has ended because it was cancelled."""
            return self.done() and isinstance(self._error, CancelledError)

        def exception(self) -> BaseException | None:
            """Return its error."""
            return self._error

        def result(self) -> object:
            """Return its result, or raise its error."""
            if self._error is not None:
                raise self._error
            return self._result

        def when_done(self, callback: Callable[[], object]) -> None:
            """Call a function when it has ended."""
            if self.done():
                callback()
            else:
                self._callbacks.append(callback)

        async def _join(self) -> object:
            try:
                await self._ended.wait()
            except CANCELLED:
                self.cancel()
                raise
            return self.result()

        def __await__(self) -> Generator[Any, Any, object]:
            return self._join().__await__()

    def _task(awaitable: Awaitable[object]) -> Task:
        return awaitable if isinstance(awaitable, Task) else Task(awaitable)

    async def _wait(
        tasks: Iterable[Task],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - as asyncio has it
        return_when: str = "ALL_COMPLETED",
    ) -> tuple[set[Task], set[Task]]:
        done: set[Task] = set()
        pending = set(tasks)
        with _concurrency.CancelScope(timeout):
            while pending:
                await _any(pending)
                done |= {task for task in pending if task.done()}
                pending -= done
                if return_when == FIRST_COMPLETED:
                    break
        return done, pending

    async def _any(tasks: Collection[Task]) -> None:
        ended = _concurrency.Event()
        for task in tasks:
            task.when_done(ended.set)
        await ended.wait()

    async def _all(tasks: Collection[Task], *, return_exceptions: bool) -> list[object]:
        pending = list(tasks)
        try:
            while pending:
                await _any(pending)
                pending = [task for task in pending if not task.done()]
                if not return_exceptions:
                    for task in tasks:
                        if task.done():
                            task.result()
        except CANCELLED:
            for task in tasks:
                task.cancel()
            raise
        return [task.exception() or task.result() for task in tasks]

    def _gather(
        *awaitables: Awaitable[object], return_exceptions: bool = False
    ) -> Awaitable[list[object]]:
        return _all([_task(each) for each in awaitables], return_exceptions=return_exceptions)

    async def _wait_for(awaitable: Awaitable[object], timeout: float | None) -> object:  # noqa: ASYNC109 - as asyncio has it
        if timeout is None:
            return await awaitable
        with _concurrency.CancelScope(timeout):
            return await awaitable
        raise TimeoutError

    async def _to_thread(function: Callable[..., object], *args: object) -> object:
        if is_on_trio():
            return await trio.to_thread.run_sync(lambda: function(*args))
        return call_outside(function, *args)

    async def _sleep(seconds: float) -> None:
        # Threads take their time to start and to go on.
        await _concurrency.sleep(seconds if is_on_trio() else max(seconds, 0.02))

    create_task = _portable("create_task", Task)
    ensure_future = _portable("ensure_future", _task)
    gather = _portable("gather", _gather)
    sleep = _portable("sleep", _sleep)
    to_thread = _portable("to_thread", _to_thread)
    wait = _portable("wait", _wait)
    wait_for = _portable("wait_for", _wait_for)
    Event = _portable("Event", _concurrency.Event)

__all__ = [
    "CANCELLED",
    "FIRST_COMPLETED",
    "CancelledError",
    "Event",
    "Task",
    "TimeoutError",
    "begun",
    "count",
    "create_task",
    "ensure_future",
    "gather",
    "is_on_asyncio",
    "is_on_threads",
    "is_on_trio",
    "sleep",
    "to_thread",
    "wait",
    "wait_for",
]
