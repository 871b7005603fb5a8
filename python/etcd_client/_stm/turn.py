"""`Turn`: the places of a function in the waiting lines of the keys that it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._kv.waiting_line import Place, line_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etcd_client._etcd_client import Communicator


class Turn:
    """Places in the waiting lines of keys that other tasks of this process also want to write.

    Args:
        communicator: The connection to the cluster that has the keys.
    """

    __slots__ = ("_communicator", "places")

    def __init__(self, communicator: Communicator) -> None:
        self._communicator = communicator
        self.places: dict[bytes, Place] = {}
        """The places by key, each the first of its line."""

    async def take(self, keys: Iterable[bytes]) -> None:
        """Wait until it is first in the lines of all the keys."""
        if self.places.keys() >= set(keys):
            return
        self.leave()
        # Sorted, so that no two functions deadlock.
        for key in sorted(keys):
            place = Place(line_of(self._communicator, key))
            await place.turn()
            self.places[key] = place

    def asks(self) -> dict[bytes, int]:
        """Record that a request is sent now, and return its logical time by key."""
        return {key: place.asks() for key, place in self.places.items()}

    def leave(self) -> None:
        """Leave all lines, so that the next in each has its turn."""
        places, self.places = self.places, {}
        for place in places.values():
            place.leave()
