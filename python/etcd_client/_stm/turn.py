"""`Turn`: the places of a function in the lines for the keys that it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._kv.waiting_line import Place, line_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etcd_client._etcd_client import Communicator


class Turn:
    """Places in the lines for keys, which others of this process want to write as well.

    Args:
        communicator: The connection to the cluster that has the keys.
    """

    __slots__ = ("_communicator", "places")

    def __init__(self, communicator: Communicator) -> None:
        self._communicator = communicator
        self.places: dict[bytes, Place] = {}
        """By the keys, where it is the first in each line."""

    async def take(self, keys: Iterable[bytes]) -> None:
        """Wait until it is the first in the lines for all of the keys."""
        if self.places.keys() >= set(keys):
            return
        self.leave()
        # In one order for all, so that no two wait for each other.
        for key in sorted(keys):
            place = Place(line_of(self._communicator, key))
            await place.turn()
            self.places[key] = place

    def asks(self) -> dict[bytes, int]:
        """Note that a request is sent now, and return when that is, by the keys."""
        return {key: place.asks() for key, place in self.places.items()}

    def leave(self) -> None:
        """Let those behind have their turn."""
        places, self.places = self.places, {}
        for place in places.values():
            place.leave()
