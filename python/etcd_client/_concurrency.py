"""What the code above the calls asks of the event loop: time, events, cancelling, tasks.

Sessions, recipes, caches and transactions in software are written against these few names and
never against asyncio, so that another loop, or threads without a loop, can be put below them by
changing this module alone. Its rules are those that all of these can keep:

1. A task belongs to a `Background`, which the task that made it enters and leaves. It ends there:
   nothing runs on behind a block that was left.
2. A function in the background handles the errors that it can expect. What escapes from it
   cancels the body, and is raised when the `Background` is left.
3. A cancellation is raised at an `await`, once. Only the `CancelScope` that asked for it swallows
   it; everybody else lets it pass, and awaits what must still be done with `finish`.
4. Scopes and backgrounds are left in the reverse of the order in which they were entered, by the
   same task.
5. An `Event` is set and awaited on one loop. The engine's `Call`s are awaited like any coroutine.
6. Where there is no loop (threads), a body cannot be interrupted at any point: it ends at the next
   call, `sleep`, `Event.wait` or `checkpoint`. Loops that do none of these call `checkpoint`.

asyncio is loaded when it is first used: whoever runs a loop has it already, and importing this
package alone should not take the time.
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
    """Return the seconds of the clock by which `sleep` and deadlines go."""
    return asyncio.get_running_loop().time()


def current_task() -> object | None:
    """Return the running task, to be compared with others; None outside of any."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        # A forked child leaves the contexts of its parent outside of the parent's event loop.
        return None


def current_loop() -> object:
    """Return what stands for the running loop, to be compared with others."""
    return asyncio.get_running_loop()


async def sleep(seconds: float) -> None:
    """Let others run for some time; not at all where it is negative."""
    await asyncio.sleep(seconds)


async def checkpoint() -> None:
    """Let others run, and let a cancellation come."""
    await asyncio.sleep(0)


async def finish(function: Callable[..., Coroutine[Any, Any, _T]], *args: object) -> _T:
    """Await a coroutine to its end, also where the caller is cancelled meanwhile.

    The cancellation is raised when it has ended. It must bound its own time.
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
        task.exception()  # it is not told: the caller wants to be gone
    raise cancelled


class Event:
    """Something that happens once, and that many can wait for."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Say that it has happened."""
        self._event.set()

    def is_set(self) -> bool:
        """Return whether it has happened."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait until it has happened."""
        await self._event.wait()


class Mutex:
    """One body at a time, in the order in which they came; for `async with`."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        await self._lock.acquire()

    async def __aexit__(self, *_exception: object) -> None:
        self._lock.release()


class CancelScope:
    """A body that others can end: its cancellation stops at the scope.

    A cancellation that comes from outside passes, also where both come at once. A body that has
    been left is not cancelled any more, so that what follows it never is.

    Args:
        seconds: After which the body is cancelled; None for never.
    """

    __slots__ = ("_before", "_delivered", "_requested", "_seconds", "_task", "_timer", "caught")

    caught: bool
    """After the body: whether it was ended by this scope."""

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
        """Whether it was asked to end."""
        return self._requested

    def cancel(self) -> None:
        """End the body at its next `await`; does nothing where it has been left."""
        self._requested = True
        if self._task is not None:
            # The body itself may be running now, and must not take it out of the scope.
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
    """Functions that run beside a body, and no longer than it.

    Leaving it cancels what still runs and waits for its end.
    """

    __slots__ = ("_error", "_scope", "_tasks")

    def __init__(self) -> None:
        self._scope = CancelScope()
        self._tasks: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None

    def start(self, function: Callable[..., Awaitable[object]], *args: object) -> None:
        """Run a function beside the body.

        Args:
            function: What to call and to await; its result is dropped.
            args: What it is called with.
        """
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._run(function, args))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self) -> None:
        """Wait until all that was started has ended."""
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
        """Cancel what runs and wait for it, also where the body's task is cancelled meanwhile."""
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
    """Tell whether a cancellation is on its way to a task of Python 3.10, which does not count."""
    waited_for = getattr(task, "_fut_waiter", None)
    on_its_way = getattr(task, "_must_cancel", False)
    return on_its_way or (waited_for is not None and waited_for.cancelled())
