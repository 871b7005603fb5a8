"""The backend for asyncio, uvloop included."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from . import _interface
from ._asyncio_cancel import cancel, cancelling, uncancel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from concurrent.futures import Future
    from types import TracebackType

_T = TypeVar("_T")


def current_time() -> float:
    return asyncio.get_running_loop().time()


def current_task() -> object | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        # A forked child may leave its parent's contexts without a running event loop.
        return None


def current_loop() -> object:
    return asyncio.get_running_loop()


async def sleep(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def checkpoint() -> None:
    await asyncio.sleep(0)


async def join(work: Future[_T]) -> _T:
    return await asyncio.shield(asyncio.wrap_future(work))


async def finish(function: Callable[..., Coroutine[Any, Any, _T]], *args: object) -> _T:
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


class Event(_interface.Event):
    """See `_interface`."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()

    async def wait(self) -> None:
        await self._event.wait()


class Mutex(_interface.Mutex):
    """See `_interface`."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        await self._lock.acquire()

    async def __aexit__(self, *_exception: object) -> None:
        self._lock.release()


class CancelScope(_interface.CancelScope):
    """See `_interface`."""

    __slots__ = ("_before", "_delivered", "_requested", "_seconds", "_task", "_timer")

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
        return self._requested

    def cancel(self) -> None:
        self._requested = True
        if self._task is not None:
            # The body itself may be running, and the cancellation must not leave the scope.
            self._task.get_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        task = self._task
        if task is None or self._delivered:
            return
        self._delivered = cancel(task)

    def __enter__(self) -> CancelScope:
        task = asyncio.current_task()
        if task is None:
            message = "a scope was entered outside of any task"
            raise RuntimeError(message)
        self._task = task
        self._before = cancelling(task)
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
        from_outside = uncancel(task) > self._before
        ended = kind is not None and issubclass(kind, asyncio.CancelledError)
        self.caught = ended and not from_outside
        return self.caught


class Background(_interface.Background):
    """See `_interface`."""

    __slots__ = ("_tasks",)

    def __init__(self) -> None:
        super().__init__()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, function: Callable[..., Awaitable[object]], *args: object) -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._run(function, args))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _end(self) -> None:
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
