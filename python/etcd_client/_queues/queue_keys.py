"""`QueueKeys`: the keys of a queue, and the order of its items."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from etcd_client._etcd_client import KeyValue

Rank: TypeAlias = tuple[bytes, int, bytes]
"""What items are sorted by: priority, create revision, key."""

# Priorities are signed 64-bit numbers, written so that their text sorts as they do.
SMALLEST, LARGEST = -(2**63), 2**63 - 1
_DIGITS = 16


class QueueKeys:
    """The keys below the name of a queue.

    An item is one key. While a consumer works on it, a claim of the same name exists, which is
    attached to the consumer's session. Consumers that wait for items have a key in the line.

    Args:
        name: The name of the queue.
        has_priorities: Whether the names of items begin with a priority.
    """

    __slots__ = ("claims", "has_priorities", "items", "line", "prefix")

    def __init__(self, name: bytes, *, has_priorities: bool) -> None:
        self.has_priorities = has_priorities
        self.prefix = name + b"/"
        self.items = self.prefix + b"items/"
        self.claims = self.prefix + b"claims/"
        self.line = self.prefix + b"line/"

    def new_items(self, count: int, priority: int | None = None) -> list[bytes]:
        """Return keys for new items; those that are written at one revision sort in this order.

        Args:
            count: How many.
            priority: Their priority, if the queue has priorities.
        """
        before = b"" if priority is None else f"{priority - SMALLEST:0{_DIGITS}x}-".encode()
        begin = self.items + before + secrets.token_hex(8).encode()
        return [begin + f"-{number:08x}".encode() for number in range(count)]

    def claim(self, item: bytes) -> bytes:
        """Return the key of the claim of an item."""
        return self.claims + item[len(self.items) :]

    def item(self, claim: bytes) -> bytes:
        """Return the key of the item that a claim is for."""
        return self.items + claim[len(self.claims) :]

    def priority(self, item: bytes) -> int | None:
        """Return the priority of an item; None if the queue has none."""
        if not self.has_priorities:
            return None
        return int(item[len(self.items) :][:_DIGITS], 16) + SMALLEST

    def rank(self, item: KeyValue) -> Rank:
        """Return what an item is sorted by."""
        key = item.key
        digits = _DIGITS if self.has_priorities else 0
        return key[len(self.items) :][:digits], item.create_revision, key
