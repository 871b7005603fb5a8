"""`Backlog`: the unclaimed items of a queue, and how they are dealt to waiting consumers."""

from __future__ import annotations

import sys
from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from etcd_client._concurrency import current_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etcd_client._cache.cache import Cache
    from etcd_client._etcd_client import KeyValue

    from .queue_keys import QueueKeys, Rank

# A consumer that does not take the item that it is dealt within so many seconds may be dead or
# frozen: then the next one in the line may take it, and after as many more the one behind that.
_PATIENCE = 0.25


class Backlog:
    """The unclaimed items in order, and the line of consumers, as a cache shows them.

    Items are dealt to the line like cards, the oldest item to the first in the line. All consumers
    deal in the same way, so that each item has one taker although nobody assigns it.

    Args:
        keys: The keys of the queue.
        view: The cache of all of them.
    """

    __slots__ = ("_dealt", "_free", "_keys", "_line", "_ranks", "_view")

    def __init__(self, keys: QueueKeys, view: Cache[bytes]) -> None:
        self._keys = keys
        self._view = view
        self._free: list[Rank] = []
        self._ranks: dict[bytes, Rank] = {}
        # To whom an item was dealt, and since when that is so.
        self._dealt: dict[bytes, tuple[bytes, float]] = {}
        self._line: dict[bytes, int] = {}
        self.update(view)

    def update(self, changed: Iterable[bytes]) -> None:
        """Follow changes.

        Args:
            changed: The keys that have changed in the cache.
        """
        keys = self._keys
        items = set()
        for key in changed:
            if key.startswith(keys.items):
                items.add(key)
            elif key.startswith(keys.claims):
                items.add(keys.item(key))
            elif key.startswith(keys.line):
                self._update_line(key)
        for key in items:
            self._update_item(key)

    def _update_line(self, key: bytes) -> None:
        kv = self._view.kv(key)
        if kv is None:
            self._line.pop(key, None)
        else:
            self._line[key] = kv.create_revision

    def _update_item(self, key: bytes) -> None:
        kv = self._unclaimed(key)
        rank = None if kv is None else self._keys.rank(kv)
        before = self._ranks.get(key)
        if rank == before:
            return
        if before is not None:
            del self._free[bisect_left(self._free, before)]
            del self._ranks[key]
        if rank is not None:
            insort(self._free, rank)
            self._ranks[key] = rank

    def _unclaimed(self, key: bytes) -> KeyValue | None:
        return None if self._keys.claim(key) in self._view else self._view.kv(key)

    def deal(self, own: bytes, count: int) -> tuple[list[KeyValue], float | None]:
        """Return the items to be claimed now, and the seconds until there may be others.

        Args:
            own: What the caller's keys in the line begin with. Without one, it counts as the last.
            count: How many items the caller wants.

        Returns:
            The items; and if there are none, the seconds after which an item counts as left by the
            consumer that it was dealt to, or None if that cannot happen.
        """
        line = self._dealt_to(own)
        place, size = line.index(own), len(line)
        before, self._dealt = self._dealt, {}
        now = current_time()
        found: list[KeyValue] = []
        wait: float | None = None
        for index, (_, _, key) in enumerate(self._free[: size * count]):
            kv = self._unclaimed(key)
            if kv is None:
                continue  # the cache is ahead of what was reported here
            taker = line[index % size]
            since = before[key][1] if key in before and before[key][0] == taker else now
            self._dealt[key] = taker, since
            left = since + (place - index) % size * _PATIENCE - now
            if left <= 0:
                found.append(kv)
            elif wait is None or left < wait:
                wait = left
        return found[:count], wait

    def _dealt_to(self, own: bytes) -> list[bytes]:
        """Return the line, in which `own` stands for the caller."""
        others = [(created, key) for key, created in self._line.items() if not key.startswith(own)]
        mine = [created for key, created in self._line.items() if key.startswith(own)]
        # A place that was left may still be shown.
        others.append((max(mine, default=sys.maxsize), own))
        return [key for _, key in sorted(others)]
