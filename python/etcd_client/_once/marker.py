"""The markers that show whether a change was applied."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from etcd_client._coordination.open_session import Session
    from etcd_client._etcd_client import Communicator

_FOLDER = b"__once/"


class Marker:
    """A key on a session's lease; each change that uses it writes its number there.

    A change is applied only if the marker has not been written since `revision`. Once anything else
    has written the marker, the change can no longer be applied, even if its request is still in
    flight.

    Args:
        key: The key, which is used for no other marker as long as the lease lives.
    """

    __slots__ = ("key", "revision")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.revision = 0
        """The revision of its last known write; 0 if it has never been written."""


class Markers:
    """The markers of a session: as many as there were ever changes in flight at once.

    Args:
        lease: The session's lease.
    """

    __slots__ = ("_folder", "_free", "_made", "numbers")

    def __init__(self, lease: int) -> None:
        self._folder = _FOLDER + f"{lease:016x}/".encode()
        self._free: list[Marker] = []
        self._made = 0
        self.numbers = itertools.count(1)
        """The numbers of the changes, unique within the session."""

    def take(self) -> Marker:
        """Return a marker that no change in flight uses."""
        return self._free.pop() if self._free else self.make()

    def make(self) -> Marker:
        """Return a new marker."""
        self._made += 1
        return Marker(self._folder + str(self._made).encode())

    def give_back(self, marker: Marker) -> None:
        """Make a marker available to other changes."""
        self._free.append(marker)


_markers: WeakKeyDictionary[Session, WeakKeyDictionary[Communicator, Markers]] = WeakKeyDictionary()


def markers_of(session: Session, communicator: Communicator) -> Markers:
    """Return the markers of a session for the changes of one communicator.

    A communicator for a namespace has its own markers, inside the namespace.
    """
    by_communicator = _markers.setdefault(session, WeakKeyDictionary())
    found = by_communicator.get(communicator)
    if found is None:
        found = by_communicator[communicator] = Markers(session.id)
    return found
