"""`Waiters`: tasks that wait for a revision of a cache, or for any change of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._concurrency import Event

if TYPE_CHECKING:
    from collections.abc import Callable


class Waiters:
    """Tasks that wait, each with an event of its own.

    Args:
        ask: Called where somebody begins to wait for a revision.
    """

    __slots__ = ("_ask", "_changes", "_lowest", "_revisions", "end")

    def __init__(self, ask: Callable[[], object]) -> None:
        self._ask = ask
        self._revisions: list[tuple[int, Event]] = []
        # No task waits for a lower one; there may be none for this one.
        self._lowest = 0
        self._changes: list[Event] = []
        self.end: Exception | None = None
        """Why nothing will come any more."""

    def __bool__(self) -> bool:
        """Tell whether somebody waits for a revision."""
        return bool(self._revisions)

    async def for_revision(self, revision: int) -> None:
        """Wait until the cache has come to a revision, or was read anew."""
        self._check()
        waiter = (revision, Event())
        self._lowest = min(self._lowest, revision) if self._revisions else revision
        self._revisions.append(waiter)
        self._ask()
        try:
            await waiter[1].wait()
        finally:
            if waiter in self._revisions:
                self._revisions.remove(waiter)
        self._check()

    async def for_change(self) -> None:
        """Wait until anything has changed."""
        self._check()
        event = Event()
        self._changes.append(event)
        try:
            await event.wait()
        finally:
            if event in self._changes:
                self._changes.remove(event)
        self._check()

    def _check(self) -> None:
        if self.end is not None:
            raise self.end

    def reached(self, revision: int) -> None:
        """Wake those who wait for a revision that has been reached."""
        if not self._revisions or revision < self._lowest:
            return
        rest = []
        for waiter in self._revisions:
            if waiter[0] <= revision:
                waiter[1].set()
            else:
                rest.append(waiter)
        self._revisions = rest
        self._lowest = min((waiter[0] for waiter in rest), default=0)

    def changed(self) -> None:
        """Wake those who wait for any change."""
        if self._changes:
            waiting, self._changes = self._changes, []
            for event in waiting:
                event.set()

    def wake_all(self) -> None:
        """Wake everybody, to look again."""
        self.changed()
        waiting, self._revisions = self._revisions, []
        for _, event in waiting:
            event.set()
