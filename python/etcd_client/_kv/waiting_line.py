"""`WaitingLine`: those of one process who want to change the same key, one after the other.

Without it each of them would read, and all but one would find at writing that the key has changed:
fifty would take over a thousand requests. In a line each knows from the one before what the key is.
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
    """A place in a line, from when somebody came until they leave.

    Args:
        line: The line to stand in, at its end.
    """

    __slots__ = ("_came", "_line")

    def __init__(self, line: WaitingLine) -> None:
        self._line = line
        self._came = line.time

    async def turn(self) -> None:
        """Wait until all who came before have left."""
        await self._line.enter()

    @property
    def knows(self) -> bool:
        """Whether what the key was at some time since this one came is known."""
        return self._line.known_at > self._came

    @property
    def kv(self) -> KeyValue | None:
        """What the key was found or made to be last; None where there is no such key."""
        return self._line.kv

    @property
    def revision(self) -> int:
        """The revision at which the key was so; 0 where nothing is known."""
        return self._line.revision

    def asks(self) -> int:
        """Note that a request is sent now, and return when that is."""
        self._line.time += 1
        return self._line.time

    def learns(self, kv: KeyValue | None, asked: int, revision: int) -> None:
        """Note what the key is, for those behind.

        Args:
            kv: What it is; None where there is no such key.
            asked: When the request was sent whose answer says so.
            revision: A revision at which it was so; 0 where none is known.
        """
        self._line.kv, self._line.known_at, self._line.revision = kv, asked, revision

    def forgets(self) -> None:
        """Note that the key has been changed into something that is not known."""
        self.learns(None, 0, 0)

    def leave(self) -> None:
        """Let the next one have its turn."""
        self._line.leave()


class WaitingLine:
    """The line for one key. What is known of it holds no longer than there is somebody in it."""

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
        # A count of the requests: who came after one was sent cannot rely on its answer, as the
        # key may have been changed between the two.
        self.time = 0
        self.known_at = 0
        self.revision = 0
        self.kv: KeyValue | None = None
        self._busy = False
        self._holder: object | None = None
        self._waiting: deque[Event] = deque()

    async def enter(self) -> None:
        """Wait for the turn, in the order of arrival.

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
        """Give the turn to the next one."""
        self._holder = None
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._busy = False


_lines: WeakValueDictionary[Hashable, WaitingLine] = WeakValueDictionary()


def line_of(communicator: Communicator, key: bytes) -> WaitingLine:
    """Return the line of all on the running loop who mean this key of this cluster."""
    name = (current_loop(), *communicator.endpoints, communicator._prefix + key)  # noqa: SLF001 - ours
    line = _lines.get(name)
    if line is None:
        line = _lines[name] = WaitingLine()
    return line
