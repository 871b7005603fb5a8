"""How partitions are shared out: evenly, and with as few moves as possible."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def quotas(
    partitions: Sequence[bytes], members: Sequence[bytes], owners: Mapping[bytes, bytes]
) -> dict[bytes, int]:
    """Return how many partitions each member is to own: the same number, or one more.

    One more is for those who own so many already, then for those who joined first.

    Args:
        partitions: All of them.
        members: In the order in which they joined.
        owners: The owners of those partitions that have one.
    """
    least, rest = divmod(len(partitions), len(members))
    owned = Counter(owners[partition] for partition in partitions if partition in owners)
    first = sorted(members, key=lambda member: owned[member] <= least)
    return {member: least + (number < rest) for number, member in enumerate(first)}


def dealt(
    partitions: Sequence[bytes], members: Sequence[bytes], owners: Mapping[bytes, bytes]
) -> dict[bytes, list[bytes]]:
    """Return which of the partitions without an owner each member is to take.

    All members compute the same, so that no two want the same partition.

    Args:
        partitions: All of them.
        members: In the order in which they joined.
        owners: The owners of those partitions that have one.
    """
    owned = Counter(owners[partition] for partition in partitions if partition in owners)
    free = iter([partition for partition in partitions if partition not in owners])
    wanted = quotas(partitions, members, owners)
    return {
        member: list(islice(free, max(0, wanted[member] - owned[member]))) for member in members
    }
