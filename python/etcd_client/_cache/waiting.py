"""`Waiters`: the tasks that wait for a revision of a cache, or for any change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._concurrency import Event

if TYPE_CHECKING:
    from collections.abc import Callable


class Waiters:
    """The tasks that wait, each with its own event.

    Args:
        ask: Called where somebody begins to wait for a revision.
    """

    __slots__ = ("_ask", "_changes", "_lowest", "_revisions", "end")

    def __init__(self, ask: Callable[[], object]) -> None:
        self._ask = ask
        self._revisions: list[tuple[int, Event]] = []
        # A lower bound of the revisions waited for, so that `reached` is cheap.
        self._lowest = 0
        self._changes: list[Event] = []
        self.end: Exception | None = None
        """The error that waiting raises once the cache has ended."""

    def __bool__(self) -> bool:
        """Tell whether any task waits for a revision."""
        return bool(self._revisions)

    async def for_revision(self, revision: int) -> None:
        """Wait until the cache has reached a revision, or has read everything again."""
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
        """Wait for the next change of any key."""
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
        """Wake the tasks that wait for this revision or an earlier one."""
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
        """Wake the tasks that wait for any change."""
        if self._changes:
            waiting, self._changes = self._changes, []
            for event in waiting:
                event.set()

    def wake_all(self) -> None:
        """Wake all tasks, so that they check their conditions again."""
        self.changed()
        waiting, self._revisions = self._revisions, []
        for _, event in waiting:
            event.set()
