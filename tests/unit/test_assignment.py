"""Partitions are shared out evenly, by all members alike, with as few moves as possible."""

import random

import pytest

from etcd_client._groups.assignment import dealt, quotas

PARTITIONS = [b"%d" % number for number in range(60)]


class Group:
    """Members that recall what is too much for them and take what is dealt to them."""

    def __init__(self, count: int) -> None:
        self.partitions = PARTITIONS[:count]
        self.members: list[bytes] = []
        self.owners: dict[bytes, bytes] = {}

    def settle(self) -> int:
        """Move partitions until nothing changes any more; return how many got a new owner."""
        moved = 0
        for _ in range(3):
            if not self.members:
                break
            wanted = quotas(self.partitions, self.members, self.owners)
            assert sum(wanted.values()) == len(self.partitions)
            for member in self.members:
                own = [each for each in self.partitions if self.owners.get(each) == member]
                for partition in own[wanted[member] :]:
                    del self.owners[partition]
            taken = dealt(self.partitions, self.members, self.owners)
            for member, partitions in taken.items():
                assert not self.owners.keys() & {*partitions}
                self.owners.update(dict.fromkeys(partitions, member))
                moved += len(partitions)
        return moved

    def leave(self, member: bytes) -> int:
        """Remove a member; return how many partitions have no owner now."""
        self.members.remove(member)
        left = [each for each, owner in self.owners.items() if owner == member]
        for partition in left:
            del self.owners[partition]
        return len(left)

    def check(self) -> None:
        """Each partition has an owner, and the members have the same number or one more."""
        assert self.owners.keys() == {*self.partitions}
        counts = [[*self.owners.values()].count(member) for member in self.members]
        assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("count", [1, 7, 16, 60])
@pytest.mark.parametrize("seed", range(5))
def test_few_moves(count: int, seed: int) -> None:
    """A member that comes gets its share, and no more moves than that."""
    chance = random.Random(seed)
    group = Group(count)
    for number in range(60):
        if group.members and chance.random() < 0.45:
            least = group.leave(chance.choice(group.members))
        else:
            group.members.append(b"m%d" % number)
            least = count if len(group.members) == 1 else count // len(group.members)
        moved = group.settle()
        if group.members:
            group.check()
            assert moved == least
            assert group.settle() == 0


def test_more_members_than_partitions() -> None:
    group = Group(2)
    group.members = [b"a", b"b", b"c"]
    assert group.settle() == 2
    assert group.owners == {b"0": b"a", b"1": b"b"}
    group.leave(b"a")
    assert group.settle() == 1
    assert group.owners == {b"0": b"c", b"1": b"b"}


def test_owners_that_are_no_members_keep_their_partitions() -> None:
    """Until their session ends, which deletes their keys."""
    owners = {b"0": b"gone"}
    assert dealt(PARTITIONS[:3], [b"a", b"b"], owners) == {b"a": [b"1", b"2"], b"b": []}
