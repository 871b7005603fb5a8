"""The markers by which a change that was made can be told from one that was not."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from etcd_client._coordination.session import Session
    from etcd_client._etcd_client import Communicator

_FOLDER = b"__once/"


class Marker:
    """A key on a session's lease that one change after the other writes, with its number.

    Each change is made on the condition that the marker has not been written since `revision`. So
    when the marker has been written by anybody else, the change cannot be made any more, however
    long its request is still on its way.

    Args:
        key: The key, which is used for no other marker as long as the lease lives.
    """

    __slots__ = ("key", "revision")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.revision = 0
        """When it was last seen to be written; 0 before."""


class Markers:
    """The markers of a session: as many as changes were ever under way at once.

    Args:
        lease: The session's lease.
    """

    __slots__ = ("_folder", "_free", "_made", "numbers")

    def __init__(self, lease: int) -> None:
        self._folder = _FOLDER + f"{lease:016x}/".encode()
        self._free: list[Marker] = []
        self._made = 0
        self.numbers = itertools.count(1)
        """Of the changes: each has one of its own."""

    def take(self) -> Marker:
        """Return a marker that no change under way has."""
        return self._free.pop() if self._free else self.make()

    def make(self) -> Marker:
        """Return a new marker."""
        self._made += 1
        return Marker(self._folder + str(self._made).encode())

    def give_back(self, marker: Marker) -> None:
        """Let another change have a marker."""
        self._free.append(marker)


_markers: WeakKeyDictionary[Session, WeakKeyDictionary[Communicator, Markers]] = WeakKeyDictionary()


def markers_of(session: Session, communicator: Communicator) -> Markers:
    """Return the markers of a session for the changes by a communicator.

    A view of a namespace has markers of its own, inside of it.
    """
    by_communicator = _markers.setdefault(session, WeakKeyDictionary())
    found = by_communicator.get(communicator)
    if found is None:
        found = by_communicator[communicator] = Markers(session.id)
    return found
