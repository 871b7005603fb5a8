"""What stands for an event loop in a trio program, so that the engine can serve it like asyncio."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, Protocol

import trio
from trio.lowlevel import RunVar

from etcd_client._etcd_client import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOGGER = logging.getLogger("etcd_client")


def is_running() -> bool:
    """Return whether the running code is a task of trio, and not of asyncio inside of trio."""
    if not trio.lowlevel.in_trio_task():
        return False
    asyncio = sys.modules.get("asyncio")
    # With trio-asyncio, a task of trio runs an event loop of asyncio. In guest mode, it is the
    # other way round, and asyncio runs a callback and not a task.
    return (
        asyncio is None
        or asyncio._get_running_loop() is None  # noqa: SLF001 - meant for libraries
        or asyncio.current_task() is None
    )


def running_loop() -> TrioLoop | None:
    """Return the loop of the running trio task; None where none is running."""
    if not is_running():
        return None
    loop = _loops.get()
    if loop is None:
        loop = TrioLoop()
        _loops.set(loop)
    return loop


class Step(Protocol):
    """A native call, or the step of a stream."""

    def __next__(self) -> Future:
        """Return the future to wait for next; the result is the value of `StopIteration`."""

    def close(self) -> None:
        """Give it up."""


class TrioLoop:
    """One run of trio, with the methods of an event loop that the engine calls."""

    def __init__(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._readers: dict[int, trio.CancelScope] = {}
        self._steps: dict[int, _StepDriver] = {}
        self._closed = False
        trio.lowlevel.spawn_system_task(self._live, name="etcd-client: end of the run")

    async def _live(self) -> None:
        try:
            await trio.sleep_forever()
        finally:
            self._closed = True

    def create_future(self) -> Future:
        """Return a new future."""
        return Future()

    def drive_call(self, step: Step) -> Iterator[Any]:
        """Return what a task of trio iterates over to await a call, or the step of a stream."""
        if isinstance(step, Call):
            return _result(step).__await__()
        return self._steps.get(id(step)) or _StepDriver(self._steps, step)

    def add_reader(self, descriptor: int, callback: Callable[[], object]) -> None:
        """Call a function whenever a file descriptor is readable."""
        scope = self._readers[descriptor] = trio.CancelScope()
        trio.lowlevel.spawn_system_task(
            self._read, descriptor, callback, scope, name="etcd-client: results of calls"
        )

    def remove_reader(self, descriptor: int) -> None:
        """Undo `add_reader`."""
        self._readers.pop(descriptor).cancel()

    async def _read(
        self, descriptor: int, callback: Callable[[], object], scope: trio.CancelScope
    ) -> None:
        with scope:
            while True:
                await trio.lowlevel.wait_readable(descriptor)
                _call(callback)

    def call_soon_threadsafe(self, callback: Callable[[], object]) -> None:
        """Call a function on this loop's thread; can be used on any thread."""
        self._token.run_sync_soon(_call, callback)

    def is_closed(self) -> bool:
        """Return whether the run is over."""
        return self._closed


_loops: RunVar[TrioLoop | None] = RunVar("etcd_client", None)


class _StepDriver:
    """What a task iterates over to await a step.

    `anext` with a default asks the step for it again each time that it goes on, so it has to be
    found while it is at work.
    """

    def __init__(self, at_work: dict[int, _StepDriver], step: Step) -> None:
        self._at_work = at_work
        # Kept, so that no other step gets its id meanwhile.
        self._step = step
        self._key = id(step)
        self._result = _result(step)

    def __iter__(self) -> _StepDriver:
        return self

    def __next__(self) -> object:
        return self.send(None)

    def send(self, value: object) -> object:
        """Go on."""
        self._at_work[self._key] = self
        try:
            return self._result.send(value)
        except BaseException:
            del self._at_work[self._key]
            raise

    def throw(self, *error: Any) -> object:  # noqa: ANN401 - in any of its forms
        """Go on with an exception."""
        self._at_work[self._key] = self
        try:
            return self._result.throw(*error)
        except BaseException:
            del self._at_work[self._key]
            raise

    def close(self) -> None:
        """Give the step up."""
        self._result.close()
        self._at_work.pop(self._key, None)


class Future:
    """The result of a call, which tasks can wait for."""

    __slots__ = (
        "_asyncio_future_blocking",
        "_callbacks",
        "_error",
        "_is_cancelled",
        "_is_done",
        "_tasks",
        "_value",
    )

    def __init__(self) -> None:
        self._is_done = self._is_cancelled = False
        self._value: object = None
        self._error: BaseException | None = None
        self._tasks: dict[trio.lowlevel.Task, None] = {}
        self._callbacks: list[Callable[[Future], object]] = []

    def done(self) -> bool:
        """Return whether there is a result, or an error."""
        return self._is_done

    def cancelled(self) -> bool:
        """Return whether the result was given up."""
        return self._is_cancelled

    def result(self) -> object:
        """Return the result, or raise the error."""
        try:
            if self._error is not None:
                raise self._error
            return self._value
        finally:
            # The error refers to this frame.
            del self

    def exception(self) -> BaseException | None:
        """Return the error; None if there is none."""
        return self._error

    def set_result(self, value: object) -> None:
        """Set the result."""
        self._finish(value, None)

    def set_exception(self, error: BaseException) -> None:
        """Set the error."""
        self._finish(None, error)

    def cancel(self) -> bool:
        """Give the result up; returns False if it has come."""
        if not self._is_done:
            self._is_cancelled = True
            # Only for other tasks that await the same call.
            self._finish(None, RuntimeError("another task that awaits the call was cancelled"))
            return True
        return False

    def _finish(self, value: object, error: BaseException | None) -> None:
        if self._is_done:
            message = "the future is done"
            raise RuntimeError(message)
        self._is_done, self._value, self._error = True, value, error
        tasks, self._tasks = self._tasks, {}
        for task in tasks:
            trio.lowlevel.reschedule(task)
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)

    def add_done_callback(self, callback: Callable[[Future], object]) -> None:
        """Call a function with this future when it is done."""
        if self._is_done:
            callback(self)
        else:
            self._callbacks.append(callback)

    async def wait(self) -> None:
        """Wait until it is done."""
        # As asyncio's tasks do with a future that they have received.
        self._asyncio_future_blocking = False
        if self._is_done:
            await trio.lowlevel.checkpoint()
            return
        task = trio.lowlevel.current_task()

        def abort(_raise_cancel: object) -> trio.lowlevel.Abort:
            del self._tasks[task]
            return trio.lowlevel.Abort.SUCCEEDED

        self._tasks[task] = None
        try:
            await trio.lowlevel.wait_task_rescheduled(abort)
        finally:
            # Where the coroutine is closed because the run is gone.
            self._tasks.pop(task, None)


async def _result(step: Step) -> object:
    """Await a call or a step, and give it up if that is cancelled."""
    waited = False
    try:
        await trio.lowlevel.checkpoint_if_cancelled()
        while True:
            try:
                future = next(step)
            except StopIteration as stop:
                result: object = stop.value
                break
            waited = True
            await future.wait()
    except BaseException:
        step.close()
        raise
    finally:
        # The error refers to this frame, and a call to its error.
        del step
    if not waited:
        # Too late to be cancelled: the result would be lost.
        await trio.lowlevel.cancel_shielded_checkpoint()
    return result


def _call(callback: Callable[[], object]) -> None:
    try:
        callback()
    except Exception:
        # As an event loop does; an error would crash the whole run.
        _LOGGER.exception("error while handling the results of calls")
