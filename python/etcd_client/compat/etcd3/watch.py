"""Watches, by iterators and by callbacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from etcd_client import (
    BytesLike,
    EtcdConnectionError,
    EtcdTimeoutError,
    WatchFilterType,
)
from etcd_client.sync import Communicator, Watch

from ._connection import Connection
from ._endpoints import Endpoint
from ._errors import translating
from ._watching import Callback, Responses, Watcher, WatchResponse, within
from .events import Event
from .exceptions import ClientClosedError, WatchTimedOut
from .utils import prefix_range_end, response_to_event_iterator, to_bytes

if TYPE_CHECKING:
    from typing_extensions import TypedDict, Unpack

    class Which(TypedDict, total=False):
        """What to watch."""

        start_revision: int | None
        progress_notify: bool
        filters: Iterable[int] | None
        prev_kv: bool


__all__ = ["WatchCalls", "WatchResponse", "Watcher"]

# Seconds to wait until the server confirms a watch, where the client has no timeout.
_CONFIRMATION = 10.0


class WatchCalls(Connection):
    """The calls for watches.

    They return when the server has confirmed the watch, within the client's timeout, and resume
    after a disconnect. They take `start_revision`, `filters` (of `etcdrpc.WatchCreateRequest`),
    `prev_kv` and `progress_notify`.
    """

    watcher: Watcher
    """The watches that call functions."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        timeout: float | None,
        user: str | None,
        password: str | None,
    ) -> None:
        self.watcher = Watcher()
        super().__init__(endpoints, timeout, user, password)

    @translating
    def _open_watch(
        self,
        key: BytesLike,
        range_end: BytesLike | None = None,
        start_revision: int | None = None,
        progress_notify: bool = False,
        filters: Iterable[int] | None = None,
        prev_kv: bool = False,
    ) -> Responses:
        timeout = _CONFIRMATION if self.timeout is None else self.timeout
        watch = _watch(
            self.communicator,
            key,
            range_end,
            start_revision=start_revision or 0,
            progress_notify=progress_notify,
            filters=[WatchFilterType(int(kind)) for kind in filters or ()],
            prev_kv=prev_kv,
            timeout=timeout,
        )
        try:
            watch.ready()
        except EtcdConnectionError:
            raise
        except EtcdTimeoutError as error:
            message = f"the watch was not confirmed within {timeout} s"
            raise WatchTimedOut(message) from error
        return Responses(watch)

    def _add_callback(
        self, key: BytesLike, callback: Callback, range_end: BytesLike | None, which: Which
    ) -> int:
        """Return the id in one step, which Ctrl-C cannot lose on its way to the program."""
        if not callable(callback):
            message = f"callback must be callable, not {callback!r}"
            raise TypeError(message)
        return self.watcher.add(self._open_watch(key, range_end, **which), callback)

    def add_watch_callback(
        self,
        key: BytesLike,
        callback: Callback,
        range_end: BytesLike | None = None,
        **which: Unpack[Which],
    ) -> int:
        """Call a function with each response of a watch.

        Callbacks run in threads of their own, one at a time. What they raise is logged.

        Args:
            key: The key, or the first key of a range.
            callback: Called with a `WatchResponse`; once with an exception if the watch fails,
                which ends it.
            range_end: The end of the range, exclusive.
            **which: What to watch; see the class.

        Returns:
            The id of the watch, for `cancel_watch`.

        Raises:
            WatchTimedOut: The server did not confirm the watch in time.
            TypeError: `callback` cannot be called.
        """
        return self._add_callback(key, callback, range_end, which)

    def add_watch_prefix_callback(
        self, key_prefix: BytesLike, callback: Callback, **which: Unpack[Which]
    ) -> int:
        """Call a function with each response of a watch on a prefix; see `add_watch_callback`.

        Args:
            key_prefix: The prefix.
            callback: Called with a `WatchResponse`, or with an exception.
            **which: What to watch; see the class.

        Returns:
            The id of the watch, for `cancel_watch`.
        """
        end = prefix_range_end(to_bytes(key_prefix))
        return self._add_callback(key_prefix, callback, end, which)

    def cancel_watch(self, watch_id: int) -> None:
        """Cancel a watch; does nothing if it has ended.

        Args:
            watch_id: The id that `add_watch_callback` returned.
        """
        self.watcher.cancel(watch_id)

    def watch_response(
        self, key: BytesLike, range_end: BytesLike | None = None, **which: Unpack[Which]
    ) -> tuple[Iterator[WatchResponse], Callable[[], None]]:
        """Watch a key.

        Args:
            key: The key, or the first key of a range.
            range_end: The end of the range, exclusive.
            **which: What to watch; see the class.

        Returns:
            An iterator of responses, and a function that cancels the watch, whichever thread reads
            it.

        Raises:
            WatchTimedOut: The server did not confirm the watch in time.
        """
        responses = self._open_watch(key, range_end, **which)
        return responses, responses.cancel

    def watch(
        self, key: BytesLike, range_end: BytesLike | None = None, **which: Unpack[Which]
    ) -> tuple[Iterator[Event], Callable[[], None]]:
        """Watch a key.

        Args:
            key: The key, or the first key of a range.
            range_end: The end of the range, exclusive.
            **which: What to watch; see the class.

        Returns:
            An iterator of events, and a function that cancels the watch, whichever thread reads it.

        Raises:
            WatchTimedOut: The server did not confirm the watch in time.
        """
        responses, cancel = self.watch_response(key, range_end, **which)
        return response_to_event_iterator(responses), cancel

    def watch_prefix_response(
        self, key_prefix: BytesLike, **which: Unpack[Which]
    ) -> tuple[Iterator[WatchResponse], Callable[[], None]]:
        """Watch all keys with a prefix; see `watch_response`.

        Args:
            key_prefix: The prefix.
            **which: What to watch; see the class.

        Returns:
            An iterator of responses, and a function that cancels the watch.
        """
        return self.watch_response(key_prefix, prefix_range_end(to_bytes(key_prefix)), **which)

    def watch_prefix(
        self, key_prefix: BytesLike, **which: Unpack[Which]
    ) -> tuple[Iterator[Event], Callable[[], None]]:
        """Watch all keys with a prefix; see `watch`.

        Args:
            key_prefix: The prefix.
            **which: What to watch; see the class.

        Returns:
            An iterator of events, and a function that cancels the watch.
        """
        return self.watch(key_prefix, prefix_range_end(to_bytes(key_prefix)), **which)

    @translating
    def watch_once_response(
        self,
        key: BytesLike,
        timeout: float | None = None,
        range_end: BytesLike | None = None,
        **which: Unpack[Which],
    ) -> WatchResponse:
        """Wait for the first response of a watch.

        Args:
            key: The key, or the first key of a range.
            timeout: Maximum wait in seconds; None to wait without limit.
            range_end: The end of the range, exclusive.
            **which: What to watch; see the class.

        Raises:
            WatchTimedOut: There was none in time, or the server did not confirm the watch in time.
            ClientClosedError: The client was closed meanwhile.
        """
        if timeout is not None and timeout < 0:
            message = f"timeout must be a number of seconds of at least 0, not {timeout!r}"
            raise ValueError(message)
        responses = self._open_watch(key, range_end, **which)
        try:
            first = within(timeout, lambda: next(responses, None))
        finally:
            responses.cancel()
        if first is None:
            message = "the client was closed while it waited for an event"
            raise ClientClosedError(message)
        return first

    def watch_once(
        self,
        key: BytesLike,
        timeout: float | None = None,
        range_end: BytesLike | None = None,
        **which: Unpack[Which],
    ) -> Event:
        """Wait for the first event of a watch; see `watch_once_response`.

        Args:
            key: The key, or the first key of a range.
            timeout: Maximum wait in seconds; None to wait without limit.
            range_end: The end of the range, exclusive.
            **which: What to watch; see the class.
        """
        return self.watch_once_response(key, timeout, range_end, **which).events[0]

    def watch_prefix_once_response(
        self, key_prefix: BytesLike, timeout: float | None = None, **which: Unpack[Which]
    ) -> WatchResponse:
        """Wait for the first response of a watch on a prefix; see `watch_once_response`.

        Args:
            key_prefix: The prefix.
            timeout: Maximum wait in seconds; None to wait without limit.
            **which: What to watch; see the class.
        """
        end = prefix_range_end(to_bytes(key_prefix))
        return self.watch_once_response(key_prefix, timeout, end, **which)

    def watch_prefix_once(
        self, key_prefix: BytesLike, timeout: float | None = None, **which: Unpack[Which]
    ) -> Event:
        """Wait for the first event of a watch on a prefix; see `watch_once_response`.

        Args:
            key_prefix: The prefix.
            timeout: Maximum wait in seconds; None to wait without limit.
            **which: What to watch; see the class.
        """
        return self.watch_prefix_once_response(key_prefix, timeout, **which).events[0]

    def close(self) -> None:
        """Close the client; its watches end. Closing again does nothing."""
        try:
            self.watcher.close()
        finally:
            super().close()


def _watch(
    communicator: Communicator,
    key: BytesLike,
    range_end: BytesLike | None,
    **options: Any,  # noqa: ANN401 - the two calls have the same ones
) -> Watch:
    if range_end is None:
        return communicator.watch(key, **options)
    return communicator.watch_range(key, range_end, **options)
