"""What the code above the calls needs of an event loop: time, events, cancellation, tasks.

Sessions, recipes, caches and STM use these few names and never asyncio itself, so that another
event loop, or threads without one, can be supported by changing only this module. Its rules are
those that all of these can follow:

1. A task belongs to a `Background`, which its parent task enters and leaves. It ends there: no task
   outlives the block.
2. A function in the background handles the errors that it expects. Any other error cancels the
   body, and is raised when the `Background` is left.
3. A cancellation is raised at an `await`, once. Only the `CancelScope` that requested it catches
   it; all other code lets it pass, and awaits its clean-up with `finish`.
4. Scopes and backgrounds are left in the reverse order, by the task that entered them.
5. An `Event` is set and awaited on one loop. The engine's `Call`s are awaited like any coroutine.
6. Without an event loop (threads), a body cannot be interrupted at any point, but only at the next
   call, `sleep`, `Event.wait` or `checkpoint`. Loops that use none of these call `checkpoint`.

asyncio is imported when it is first used: a program with an event loop has it already, and
importing this package alone should be fast.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Coroutine
    from types import TracebackType
else:

    class _Asyncio:
        def __getattr__(self, name: str) -> object:
            import asyncio  # noqa: PLC0415 - see above

            found = getattr(asyncio, name)
            setattr(self, name, found)
            return found

    asyncio = _Asyncio()

_T = TypeVar("_T")


def current_time() -> float:
    """Return the time of the clock of `sleep` and deadlines, in seconds."""
    return asyncio.get_running_loop().time()


def current_task() -> object | None:
    """Return the running task, to be compared with others; None outside of tasks."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        # A forked child may leave its parent's contexts without a running event loop.
        return None


def current_loop() -> object:
    """Return an object that identifies the running loop, to be compared with others."""
    return asyncio.get_running_loop()


async def sleep(seconds: float) -> None:
    """Sleep; return at once if the time is negative."""
    await asyncio.sleep(seconds)


async def checkpoint() -> None:
    """Let other tasks run, and allow a cancellation."""
    await asyncio.sleep(0)


async def finish(function: Callable[..., Coroutine[Any, Any, _T]], *args: object) -> _T:
    """Await a coroutine to its end, even if the caller is cancelled meanwhile.

    The cancellation is raised when it has ended. It must have a time limit of its own.
    """
    task = asyncio.get_running_loop().create_task(function(*args))
    cancelled: BaseException | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:  # noqa: PERF203 - there may be several
            cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # not reported: the caller is being cancelled
    raise cancelled


class Event:
    """Something that happens once, and that any number of tasks can wait for."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Set the event."""
        self._event.set()

    def is_set(self) -> bool:
        """Return whether it is set."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait until it is set."""
        await self._event.wait()


class Mutex:
    """Lets one body run at a time, in the order of arrival; for `async with`."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        await self._lock.acquire()

    async def __aexit__(self, *_exception: object) -> None:
        self._lock.release()


class CancelScope:
    """A body that others can cancel; the cancellation ends at the scope.

    A cancellation from outside passes through, even if both happen at once. A body that has been
    left is never cancelled, so that the code after it is not affected.

    Args:
        seconds: Time after which the body is cancelled; None for never.
    """

    __slots__ = ("_before", "_delivered", "_requested", "_seconds", "_task", "_timer", "caught")

    caught: bool
    """After the body: whether it was cancelled by this scope."""

    def __init__(self, seconds: float | None = None) -> None:
        self.caught = False
        self._seconds = seconds
        self._requested = False
        self._delivered = False
        self._before = 0
        self._task: asyncio.Task[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def cancelled(self) -> bool:
        """Whether its cancellation was requested."""
        return self._requested

    def cancel(self) -> None:
        """Cancel the body at its next `await`; does nothing if it has been left."""
        self._requested = True
        if self._task is not None:
            # The body itself may be running, and the cancellation must not leave the scope.
            self._task.get_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        task = self._task
        if task is None or self._delivered:
            return
        if sys.version_info < (3, 11) and _is_being_cancelled(task):
            return
        self._delivered = True
        task.cancel()

    def __enter__(self) -> CancelScope:
        task = asyncio.current_task()
        if task is None:
            message = "a scope was entered outside of any task"
            raise RuntimeError(message)
        self._task = task
        if sys.version_info >= (3, 11):
            self._before = task.cancelling()
        if self._requested:
            self.cancel()
        elif self._seconds is not None:
            self._timer = task.get_loop().call_later(self._seconds, self.cancel)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> bool:
        task, self._task = self._task, None
        if self._timer is not None:
            self._timer.cancel()
        if task is None or not self._delivered:
            return False
        from_outside = False
        if sys.version_info >= (3, 11):
            from_outside = task.uncancel() > self._before
        ended = kind is not None and issubclass(kind, asyncio.CancelledError)
        self.caught = ended and not from_outside
        return self.caught


class Background:
    """Functions that run in the background of a body, but not longer.

    Leaving it cancels those that still run and waits for their end.
    """

    __slots__ = ("_error", "_scope", "_tasks")

    def __init__(self) -> None:
        self._scope = CancelScope()
        self._tasks: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None

    def start(self, function: Callable[..., Awaitable[object]], *args: object) -> None:
        """Run a function in the background.

        Args:
            function: An async function; its result is dropped.
            args: Its arguments.
        """
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._run(function, args))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self) -> None:
        """Wait until all functions that were started have ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(
        self, function: Callable[..., Awaitable[object]], args: tuple[object, ...]
    ) -> None:
        try:
            await function(*args)
        except Exception as error:  # noqa: BLE001 - raised where the body is left
            if self._error is None:
                self._error = error
            self._scope.cancel()

    async def __aenter__(self) -> Background:
        self._scope.__enter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        caught = self._scope.__exit__(kind, error, traceback)
        await self._end()
        if self._error is not None and (caught or kind is None):
            raise self._error
        return caught

    async def _end(self) -> None:
        """Cancel what runs and wait for it, even if the body's task is cancelled meanwhile."""
        cancelled: BaseException | None = None
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            try:
                await asyncio.wait(self._tasks)
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled


def _is_being_cancelled(task: asyncio.Task[Any]) -> bool:
    """Return whether a task is about to be cancelled; Python 3.10 does not count cancellations."""
    waited_for = getattr(task, "_fut_waiter", None)
    on_its_way = getattr(task, "_must_cancel", False)
    return on_its_way or (waited_for is not None and waited_for.cancelled())
