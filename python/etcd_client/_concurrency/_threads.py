"""The backend for threads without an event loop; `etcd_client.sync` uses it.

A coroutine runs in the thread that called it, which waits without Python's lock for what the
coroutine awaits: `_etcd_client.run` does that. There is no loop, and no thread for a call: only
what is in the background of a body has a thread of its own, for as long as that body.

The code above the calls is written for one loop, where nothing else runs between two awaits. So
the steps of all such coroutines of the process run under one lock, which is left while a thread
waits and while a function of the program runs. To that code, all threads together are one loop and
each of them is a task. Calls that are nothing but a request do not take the lock.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import ReferenceType, ref

from etcd_client import _etcd_client
from etcd_client._etcd_client import Shield, ThreadFuture, ThreadHandle

from . import _interface
from ._starting import start

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator
    from concurrent.futures import Future
    from types import TracebackType

_T = TypeVar("_T")


class Cancelled(BaseException):
    """Raised at the wait of a thread whose body another thread has cancelled."""


class _Task:
    """A thread, while it runs coroutines and the bodies of their contexts."""

    __slots__ = ("_scopes", "handle")

    def __init__(self) -> None:
        self.handle = ThreadHandle()
        # Weak: one that a signal handler interrupted while it was entered is never left.
        self._scopes: list[ReferenceType[CancelScope]] = []

    @property
    def scopes(self) -> list[CancelScope]:
        """The scopes that the thread is in, the outermost first."""
        return [scope for found in self._scopes if (scope := found()) is not None]

    def enter(self, scope: CancelScope) -> None:
        """Add a scope."""
        self._scopes = [ref(entered) for entered in (*self.scopes, scope)]

    def leave(self, scope: CancelScope) -> None:
        """Remove a scope."""
        self._scopes = [ref(other) for other in self.scopes if other is not scope]

    def look(self) -> None:
        """Raise `Cancelled` if a scope asks for it; the thread was told to look."""
        now = monotonic()
        due = [scope for scope in self.scopes if scope.take_request(now)]
        self.tell_deadline()
        if due:
            raise Cancelled

    def tell_deadline(self) -> None:
        """Tell the engine when it has to interrupt a wait."""
        ends = [scope.end for scope in self.scopes if scope.end is not None]
        self.handle.interrupt_after(min(ends) - monotonic() if ends else None)


class _Tasks(threading.local):
    """The task of each thread."""

    def __init__(self) -> None:
        self.running = _Task()


class _Process:
    """What a forked child has anew: the threads of its parent stayed there."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget what was."""
        self.tasks = _Tasks()
        self.loop = object()


_process = _Process()


def _look() -> None:
    _process.tasks.running.look()


_etcd_client.on_interrupt(_look)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.begin)


def current_time() -> float:
    return monotonic()


def current_task() -> object | None:
    return _process.tasks.running


def current_loop() -> object:
    return _process.loop


class _Wait:
    """Yields something to the thread that drives the coroutine, which waits for it."""

    __slots__ = ("_awaited",)

    def __init__(self, awaited: ThreadFuture | float) -> None:
        self._awaited = awaited

    def __await__(self) -> Generator[ThreadFuture | float, None, None]:
        yield self._awaited


async def sleep(seconds: float) -> None:
    await _Wait(max(float(seconds), 0.0))


async def checkpoint() -> None:
    await _Wait(0.0)


async def join(work: Future[_T]) -> _T:
    ended = ThreadFuture()
    work.add_done_callback(lambda _: ended.set())
    await _Wait(ended)
    return work.result()


async def finish(function: Callable[..., Coroutine[Any, Any, _T]], *args: object) -> _T:
    with Shield():
        result = await function(*args)
    _process.tasks.running.look()
    return result


class Event(_interface.Event):
    """See `_interface`."""

    __slots__ = ("_future",)

    def __init__(self) -> None:
        self._future = ThreadFuture()

    def set(self) -> None:
        self._future.set()

    def is_set(self) -> bool:
        return self._future.done()

    async def wait(self) -> None:
        if not self._future.done():
            await _Wait(self._future)


class Mutex(_interface.Mutex):
    """See `_interface`."""

    __slots__ = ("_held", "_waiting")

    def __init__(self) -> None:
        self._held = False
        self._waiting: deque[ThreadFuture] = deque()

    async def __aenter__(self) -> None:
        if not self._held:
            self._held = True
            return
        turn = ThreadFuture()
        self._waiting.append(turn)
        try:
            await _Wait(turn)
        except BaseException:
            if turn.done():
                self._pass_on()
            else:
                self._waiting.remove(turn)
            raise

    async def __aexit__(self, *_exception: object) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._held = False


class CancelScope(_interface.CancelScope):
    """See `_interface`."""

    __slots__ = ("__weakref__", "_delivered", "_requested", "_seconds", "_task", "end")

    def __init__(self, seconds: float | None = None) -> None:
        self.caught = False
        self.end: float | None = None
        self._seconds = seconds
        self._requested = False
        self._delivered = False
        self._task: _Task | None = None

    @property
    def cancelled(self) -> bool:
        return self._requested

    def cancel(self) -> None:
        self._requested = True
        task = self._task
        if task is not None:
            task.handle.interrupt()

    def take_request(self, now: float) -> bool:
        """Return whether the body is to be cancelled now, which it is once."""
        if self.end is not None and self.end <= now:
            self.end = None
            self._requested = True
        if not self._requested or self._delivered:
            return False
        self._delivered = True
        return True

    def __enter__(self) -> CancelScope:
        task = self._task = _process.tasks.running
        task.enter(self)
        if self._requested:
            task.handle.interrupt()
        elif self._seconds is not None:
            self.end = monotonic() + self._seconds
            task.tell_deadline()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> bool:
        task, self._task = self._task, None
        if task is None:
            return False
        task.leave(self)
        if self.end is not None:
            self.end = None
            task.tell_deadline()
        ended = self._delivered and kind is not None and issubclass(kind, Cancelled)
        self.caught = ended and not any(scope._delivered for scope in task.scopes)  # noqa: SLF001
        return self.caught


class _Member:
    """A function in the background, and its thread."""

    __slots__ = ("ended", "scope", "thread")

    def __init__(self) -> None:
        self.ended = Event()
        self.scope = CancelScope()
        self.thread: threading.Thread | None = None


def _check_threads() -> None:
    """Refuse the threads of gevent, which are none: one that waits for the engine stops all."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_module_patched("threading"):
        message = "sessions and caches need threads, which gevent has replaced by greenlets"
        raise RuntimeError(message)


class Background(_interface.Background):
    """See `_interface`."""

    __slots__ = ("_members",)

    def __init__(self) -> None:
        super().__init__()
        self._members: list[_Member] = []

    def start(self, function: Callable[..., Awaitable[object]], *args: object) -> None:
        _check_threads()
        member = _Member()
        name = f"etcd-client-{function.__name__.strip('_')}"
        member.thread = threading.Thread(
            target=_etcd_client.run,
            args=(self._run_member, member, function, args),
            name=name,
            daemon=True,
        )
        try:
            self._members.append(member)
            start(member.thread)
        except BaseException:
            # It never runs, or finds that out.
            with suppress(ValueError):
                self._members.remove(member)
            raise

    async def wait(self) -> None:
        while self._members:
            await self._members[0].ended.wait()

    async def _run_member(
        self,
        member: _Member,
        function: Callable[..., Awaitable[object]],
        args: tuple[object, ...],
    ) -> None:
        if member not in self._members:
            return
        try:
            with member.scope:
                await self._run(function, args)
        finally:
            self._members.remove(member)
            member.ended.set()

    async def _end(self) -> None:
        await finish(self._end_all)

    async def _end_all(self) -> None:
        threads = [member.thread for member in self._members]
        while self._members:
            for member in self._members:
                member.scope.cancel()
            await self._members[0].ended.wait()
        for thread in threads:
            if thread is not None:
                # It has done its last step.
                thread.join()
