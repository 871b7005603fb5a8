"""`Claim`: the right of one consumer to work on an item and to remove it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from etcd_client._kv.keys import Key

if TYPE_CHECKING:
    from etcd_client._etcd_client import Compare, KeyValue


class Claim(NamedTuple):
    """A claim that the server has confirmed.

    The transaction that makes it also writes the item, with the value that it has: so the item's
    version counts the claims, and its revision tells whether anybody has claimed it since.

    Attributes:
        item: The item before.
        key: The key of the claim.
        revision: Its revision.
    """

    item: KeyValue
    key: bytes
    revision: int

    @property
    def fence(self) -> Compare:
        """The condition that the claim exists."""
        return Key(self.key).create_revision == self.revision

    @property
    def is_present(self) -> Compare:
        """The condition that the item is there, as it was claimed."""
        return Key(self.item.key).mod_revision == self.revision
