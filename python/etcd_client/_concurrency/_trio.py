"""The backend for trio, and for anyio on top of it."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any, TypeVar

import trio

from etcd_client.errors import ClosedError, WrongLoopError

from . import _interface

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from concurrent.futures import Future
    from types import TracebackType

_T = TypeVar("_T")


def current_time() -> float:
    return trio.current_time()


def current_task() -> object | None:
    return trio.lowlevel.current_task()


def current_loop() -> object:
    return trio.lowlevel.current_trio_token()


async def sleep(seconds: float) -> None:
    await trio.sleep(max(seconds, 0))


async def checkpoint() -> None:
    await trio.lowlevel.checkpoint()


async def join(work: Future[_T]) -> _T:
    token = trio.lowlevel.current_trio_token()
    ended = trio.Event()

    def tell(_work: Future[_T]) -> None:
        # The run may be over.
        with contextlib.suppress(trio.RunFinishedError):
            token.run_sync_soon(ended.set)

    work.add_done_callback(tell)
    await ended.wait()
    return work.result()


async def finish(function: Callable[..., Coroutine[Any, Any, _T]], *args: object) -> _T:
    # Clean-up goes on after it where the cancellation has been raised already, as on asyncio.
    was_cancelled = trio.current_effective_deadline() == -math.inf
    try:
        with trio.CancelScope(shield=True):
            result = await function(*args)
    finally:
        if not was_cancelled:
            await trio.lowlevel.checkpoint_if_cancelled()
    return result


class Event(_interface.Event):
    """See `_interface`."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = trio.Event()

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
        self._lock = trio.StrictFIFOLock()

    async def __aenter__(self) -> None:
        await self._lock.acquire()

    async def __aexit__(self, *_exception: object) -> None:
        self._lock.release()


class CancelScope(_interface.CancelScope):
    """See `_interface`."""

    __slots__ = ("_scope", "_seconds")

    def __init__(self, seconds: float | None = None) -> None:
        self.caught = False
        self._seconds = seconds
        self._scope = trio.CancelScope()

    @property
    def cancelled(self) -> bool:
        return self._scope.cancel_called

    def cancel(self) -> None:
        self._scope.cancel()

    def __enter__(self) -> CancelScope:
        if self._seconds is not None:
            self._scope.deadline = trio.current_time() + self._seconds
        self._scope.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._scope.__exit__(kind, error, traceback)
        self.caught = self._scope.cancelled_caught
        return self.caught


class Background(_interface.Background):
    """See `_interface`."""

    __slots__ = ("_count", "_ended", "_left", "_loop", "_manager", "_nursery", "_scopes")

    _loop: object
    _nursery: trio.Nursery

    def __init__(self) -> None:
        super().__init__()
        self._manager = trio.open_nursery()
        # Around each function that runs.
        self._scopes: set[trio.CancelScope] = set()
        self._count = 0
        self._left = False
        self._ended: trio.Event | None = None

    def start(self, function: Callable[..., Awaitable[object]], *args: object) -> None:
        if not trio.lowlevel.in_trio_task() or current_loop() is not self._loop:
            # trio itself would start it in the wrong run.
            message = "this belongs to another event loop"
            raise WrongLoopError(message)
        if self._left:
            message = "this was left"
            raise ClosedError(message)
        self._count += 1
        self._nursery.start_soon(self._run_shielded, function, args)

    async def wait(self) -> None:
        while self._count:
            if self._ended is None:
                self._ended = trio.Event()
            await self._ended.wait()

    async def _run_shielded(
        self, function: Callable[..., Awaitable[object]], args: tuple[object, ...]
    ) -> None:
        # A cancellation from outside is for the body, which may still need what runs here.
        scope = trio.CancelScope(shield=True)
        self._scopes.add(scope)
        if self._left:
            scope.cancel()
        try:
            with scope:
                await self._run(function, args)
        finally:
            self._scopes.discard(scope)
            self._count -= 1
            if self._count == 0 and self._ended is not None:
                self._ended.set()
                self._ended = None

    async def _end(self) -> None:
        self._left = True
        for scope in self._scopes:
            scope.cancel()
        # The nursery does not see the body's exception, which it would wrap in a group.
        await self._manager.__aexit__(None, None, None)

    async def __aenter__(self) -> _interface.Background:
        self._loop = current_loop()
        self._nursery = await self._manager.__aenter__()
        return await super().__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        caught = await super().__aexit__(kind, error, traceback)
        if caught or kind is None:
            await trio.lowlevel.checkpoint_if_cancelled()
        return caught
