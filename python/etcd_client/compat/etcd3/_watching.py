"""The open watches of a client, and the threads that call functions for them."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from etcd_client import EtcdError, ResponseHeader
from etcd_client._concurrency._starting import start

# Not from the room, which would import it at the first wait: Ctrl-C could interrupt that.
from etcd_client._concurrency._threads import CancelScope
from etcd_client.sync import Watch
from etcd_client.sync._face import interruptible, run

from ._errors import matching_watch
from .events import Event, new_event
from .exceptions import ClientClosedError, WatchTimedOut

_T = TypeVar("_T")

_log = logging.getLogger(__name__)

# Seconds to wait for a callback to return when the client is closed.
_LAST_CALLBACK = 5.0


@dataclass(frozen=True)
class WatchResponse:
    """The events of one revision."""

    header: ResponseHeader
    """The header of the response; its revision may be later than that of the events."""
    events: list[Event]
    """The events, in order."""


Callback: TypeAlias = Callable[[WatchResponse | Exception], object]


class Responses(Iterator[WatchResponse]):
    """The responses of an open watch; ends when it is cancelled or the client is closed."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._batches = watch.batches()
        self.cancelled = False

    def __next__(self) -> WatchResponse:
        try:
            batch = next(self._batches)
        except EtcdError as error:
            raised = matching_watch(error)
            if isinstance(raised, ClientClosedError):
                raise StopIteration from None
            raise raised from error
        if self.cancelled:
            raise StopIteration
        return WatchResponse(batch.header, [new_event(event) for event in batch])

    def cancel(self) -> None:
        """End the watch; a thread that waits for it goes on."""
        self.cancelled = True
        self._watch.cancel()


class Watcher:
    """The watches that call functions: one at a time, in threads of their own."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._watches: dict[int, tuple[Responses, threading.Thread]] = {}
        self._calling = threading.RLock()

    def add(self, responses: Responses, callback: Callback) -> int:
        """Call a function with each response of a watch, and with the error that ends it.

        Args:
            responses: The watch.
            callback: The function.

        Returns:
            The id of the watch, for `cancel`.
        """
        watch_id = next(self._ids)
        try:
            thread = threading.Thread(
                target=self._run,
                args=(watch_id, responses, callback),
                name=f"etcd3_watch_{watch_id}",
                daemon=True,
            )
            self._watches[watch_id] = responses, thread
            start(thread)
        except BaseException:
            self._watches.pop(watch_id, None)
            responses.cancel()
            raise
        return watch_id

    def _run(self, watch_id: int, responses: Responses, callback: Callback) -> None:
        try:
            for response in responses:
                self._call(responses, callback, response)
        except Exception as error:  # noqa: BLE001 - the callback is told
            self._call(responses, callback, error)
        finally:
            self._watches.pop(watch_id, None)

    def _call(
        self, responses: Responses, callback: Callback, told: WatchResponse | Exception
    ) -> None:
        with self._calling:
            if responses.cancelled:
                return
            try:
                callback(told)
            except Exception:  # noqa: BLE001 - it is logged, and the next response may fare better
                _log.exception("Watch callback failed")

    def cancel(self, watch_id: int) -> None:
        """Cancel a watch; does nothing if it has ended.

        Args:
            watch_id: The id of the watch.
        """
        found = self._watches.get(watch_id)
        if found is not None:
            found[0].cancel()
            self._watches.pop(watch_id, None)

    def close(self) -> None:
        """Cancel all watches, and wait until the present callback has returned."""
        watches = list(self._watches.values())
        for responses, _ in watches:
            responses.cancel()
        for _, thread in watches:
            if thread is not threading.current_thread():
                thread.join(_LAST_CALLBACK)


def within(timeout: float | None, function: Callable[[], _T]) -> _T:
    """Call a function whose waits end after a time.

    Args:
        timeout: The time in seconds; None for never.
        function: The function.

    Raises:
        WatchTimedOut: It was still waiting then.
    """
    return run(_within, timeout, interruptible(function))


async def _within(timeout: float | None, function: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    with CancelScope(timeout):
        return await function()
    message = f"there was no event within {timeout} s"
    raise WatchTimedOut(message)
