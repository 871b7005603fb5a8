"""`WaitingLine`: tasks of one process that change the same key, one after the other.

Without it, each task would read the key, and the writes of all but one would conflict: fifty tasks
would send over a thousand requests. In a line, each learns the key's state from the one before.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from etcd_client._concurrency import Event, current_loop, current_task
from etcd_client.errors import InvalidArgsError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from etcd_client._etcd_client import Communicator, KeyValue


class Place:
    """The place of one task in a line.

    Args:
        line: The line to stand in, at its end.
    """

    __slots__ = ("_came", "_line")

    def __init__(self, line: WaitingLine) -> None:
        self._line = line
        self._came = line.time

    async def turn(self) -> None:
        """Wait until all tasks ahead have left."""
        await self._line.enter()

    @property
    def knows(self) -> bool:
        """Whether the known state of the key is from after this task joined the line."""
        return self._line.known_at > self._came

    @property
    def kv(self) -> KeyValue | None:
        """The last known state of the key; None if there is no such key."""
        return self._line.kv

    @property
    def revision(self) -> int:
        """A revision at which the key had this state; 0 if none is known."""
        return self._line.revision

    def asks(self) -> int:
        """Record that a request is sent now, and return its logical time."""
        self._line.time += 1
        return self._line.time

    def learns(self, kv: KeyValue | None, asked: int, revision: int) -> None:
        """Record the state of the key for the tasks behind.

        Args:
            kv: What it is; None where there is no such key.
            asked: When the request was sent whose answer says so.
            revision: A revision at which it was so; 0 where none is known.
        """
        self._line.kv, self._line.known_at, self._line.revision = kv, asked, revision

    def forgets(self) -> None:
        """Record that the key was changed and its state is unknown."""
        self.learns(None, 0, 0)

    def leave(self) -> None:
        """Leave the line, so that the next task has its turn."""
        self._line.leave()


class WaitingLine:
    """The line of one key; it and what it knows are dropped once no task is in it."""

    __slots__ = (
        "__weakref__",
        "_busy",
        "_holder",
        "_waiting",
        "known_at",
        "kv",
        "revision",
        "time",
    )

    def __init__(self) -> None:
        # A logical clock that counts requests. A task that joins after a request was sent cannot
        # rely on its response, as the key may have changed in between.
        self.time = 0
        self.known_at = 0
        self.revision = 0
        self.kv: KeyValue | None = None
        self._busy = False
        self._holder: object | None = None
        self._waiting: deque[Event] = deque()

    async def enter(self) -> None:
        """Wait for the turn, first come, first served.

        Raises:
            InvalidArgsError: It is the turn of the running task, which would wait for itself.
        """
        task = current_task()
        if not self._busy:
            self._busy, self._holder = True, task
            return
        if task is not None and task is self._holder:
            message = (
                "function: expected one that changes its keys by what it returns or puts alone"
            )
            raise InvalidArgsError(message)
        event = Event()
        self._waiting.append(event)
        try:
            await event.wait()
        except BaseException:
            if event.is_set():
                self.leave()
            else:
                self._waiting.remove(event)
            raise
        self._holder = task

    def leave(self) -> None:
        """Pass the turn to the next task."""
        self._holder = None
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._busy = False


_lines: WeakValueDictionary[Hashable, WaitingLine] = WeakValueDictionary()


def line_of(communicator: Communicator, key: bytes) -> WaitingLine:
    """Return the line of a key, shared by all tasks of the running loop that use this cluster."""
    name = (current_loop(), *communicator.endpoints, communicator._prefix + key)  # noqa: SLF001 - ours
    line = _lines.get(name)
    if line is None:
        line = _lines[name] = WaitingLine()
    return line
