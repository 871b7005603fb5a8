"""The names that every backend has; calling one of them calls that of the running backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from . import _running

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from concurrent.futures import Future
    from types import TracebackType

_T = TypeVar("_T")

_backend: Callable[[], Backend] = _running.backend


class Event:
    """Something that happens once, and that any number of tasks can wait for."""

    __slots__ = ()

    def __new__(cls) -> Event:
        """Make one of the running backend."""
        return object.__new__(_backend().Event)

    def set(self) -> None:
        """Set the event."""
        raise NotImplementedError

    def is_set(self) -> bool:
        """Return whether it is set."""
        raise NotImplementedError

    async def wait(self) -> None:
        """Wait until it is set."""
        raise NotImplementedError


class Mutex:
    """Lets one body run at a time, in the order of arrival; for `async with`."""

    __slots__ = ()

    def __new__(cls) -> Mutex:
        """Make one of the running backend."""
        return object.__new__(_backend().Mutex)

    async def __aenter__(self) -> None:
        raise NotImplementedError

    async def __aexit__(self, *_exception: object) -> None:
        raise NotImplementedError


class CancelScope:
    """A body that others can cancel; the cancellation ends at the scope.

    A cancellation from outside passes through, even if both happen at once. A body that has been
    left is never cancelled, so that the code after it is not affected.

    Args:
        seconds: Time after which the body is cancelled; None for never.
    """

    __slots__ = ("caught",)

    caught: bool
    """After the body: whether it was cancelled by this scope."""

    def __new__(cls, seconds: float | None = None) -> CancelScope:  # noqa: ARG004 - for __init__
        """Make one of the running backend."""
        return object.__new__(_backend().CancelScope)

    # A backend that needs the time takes it.
    def __init__(self, seconds: float | None = None) -> None:
        raise NotImplementedError

    @property
    def cancelled(self) -> bool:
        """Whether its cancellation was requested."""
        raise NotImplementedError

    def cancel(self) -> None:
        """Cancel the body at its next `await`; does nothing if it has been left."""
        raise NotImplementedError

    def __enter__(self) -> CancelScope:
        raise NotImplementedError

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        raise NotImplementedError


class Background:
    """Functions that run in the background of a body, but not longer.

    Leaving it cancels those that still run and waits for their end. The first error of one cancels
    the body, and is raised where the body is left.
    """

    __slots__ = ("_error", "_scope")

    def __new__(cls) -> Background:
        """Make one of the running backend."""
        return object.__new__(_backend().Background)

    def __init__(self) -> None:
        # Around the body alone.
        self._scope = CancelScope()
        self._error: BaseException | None = None

    def start(self, function: Callable[..., Awaitable[object]], *args: object) -> None:
        """Run a function in the background.

        Args:
            function: An async function; its result is dropped.
            args: Its arguments.
        """
        raise NotImplementedError

    async def wait(self) -> None:
        """Wait until all functions that were started have ended."""
        raise NotImplementedError

    async def _run(
        self, function: Callable[..., Awaitable[object]], args: tuple[object, ...]
    ) -> None:
        try:
            await function(*args)
        except Exception as error:  # noqa: BLE001 - raised where the body is left
            if self._error is None:
                self._error = error
            self._scope.cancel()

    async def _end(self) -> None:
        """Cancel what runs and wait for it, even if the body's task is cancelled meanwhile."""
        raise NotImplementedError

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


def current_time() -> float:
    """Return the time of the clock of `sleep` and deadlines, in seconds."""
    return _backend().current_time()


def current_task() -> object | None:
    """Return the running task, to be compared with others; None outside of tasks."""
    return _backend().current_task()


def current_loop() -> object:
    """Return an object that identifies the running loop, to be compared with others."""
    return _backend().current_loop()


def sleep(seconds: float) -> Coroutine[Any, Any, None]:
    """Sleep; return at once if the time is negative."""
    return _backend().sleep(seconds)


def checkpoint() -> Coroutine[Any, Any, None]:
    """Let other tasks run, and allow a cancellation."""
    return _backend().checkpoint()


def join(work: Future[_T]) -> Coroutine[Any, Any, _T]:
    """Wait for work in a thread; it goes on if the waiting task is cancelled."""
    return _backend().join(work)


def finish(
    function: Callable[..., Coroutine[Any, Any, _T]], *args: object
) -> Coroutine[Any, Any, _T]:
    """Await a coroutine to its end, even if the caller is cancelled meanwhile.

    Such a cancellation is raised when it has ended. It must have a time limit of its own.
    """
    return _backend().finish(function, *args)


class Backend(Protocol):
    """What the module of a backend has."""

    @property
    def Event(self) -> type[Event]: ...  # noqa: N802 - a class
    @property
    def Mutex(self) -> type[Mutex]: ...  # noqa: N802 - a class
    @property
    def CancelScope(self) -> type[CancelScope]: ...  # noqa: N802 - a class
    @property
    def Background(self) -> type[Background]: ...  # noqa: N802 - a class

    def current_time(self) -> float: ...
    def current_task(self) -> object | None: ...
    def current_loop(self) -> object: ...
    def sleep(self, seconds: float, /) -> Coroutine[Any, Any, None]: ...
    def checkpoint(self) -> Coroutine[Any, Any, None]: ...
    def join(self, work: Future[_T], /) -> Coroutine[Any, Any, _T]: ...
    def finish(
        self, function: Callable[..., Coroutine[Any, Any, _T]], /, *args: object
    ) -> Coroutine[Any, Any, _T]: ...
