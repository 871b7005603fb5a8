"""Every option of `range`, and those of the calls that are built on it."""

import pytest

from etcd_client import Communicator, SortOrder, SortTarget


@pytest.fixture
async def revisions(communicator: Communicator) -> dict[bytes, int]:
    """Put b, c, a and b again, and return the revision of the last put of each.

    By key the order is a b c, by creation b c a, by modification c a b, by version a c b (or c a)
    and by value c a b.
    """
    put = {}
    for key, value in [(b"b", b"0"), (b"c", b"1"), (b"a", b"2"), (b"b", b"3")]:
        put[key] = (await communicator.put(key, value)).header.revision
    return put


ORDERS = [
    (SortOrder.ASCEND, SortTarget.KEY, b"abc"),
    (SortOrder.DESCEND, SortTarget.KEY, b"cba"),
    (SortOrder.ASCEND, SortTarget.CREATE, b"bca"),
    (SortOrder.DESCEND, SortTarget.CREATE, b"acb"),
    (SortOrder.ASCEND, SortTarget.MOD, b"cab"),
    (SortOrder.DESCEND, SortTarget.MOD, b"bac"),
    (SortOrder.ASCEND, SortTarget.VALUE, b"cab"),
    (SortOrder.DESCEND, SortTarget.VALUE, b"bac"),
]


@pytest.mark.usefixtures("revisions")
@pytest.mark.parametrize(("order", "target", "keys"), ORDERS)
async def test_sorts(
    communicator: Communicator, order: SortOrder, target: SortTarget, keys: bytes
) -> None:
    response = await communicator.range(b"", prefix=True, sort_order=order, sort_target=target)
    assert b"".join(kv.key for kv in response.kvs) == keys
    listed = await communicator.keys_prefix(b"", sort_order=order, sort_target=target)
    assert b"".join(listed) == keys
    pairs = await communicator.get_range(b"a", b"z", sort_order=order, sort_target=target)
    assert b"".join(key for key, _ in pairs) == keys


@pytest.mark.usefixtures("revisions")
async def test_sorts_by_version(communicator: Communicator) -> None:
    response = await communicator.range(
        b"", prefix=True, sort_order=SortOrder.DESCEND, sort_target=SortTarget.VERSION
    )
    assert [kv.version for kv in response.kvs] == [2, 1, 1]


@pytest.mark.usefixtures("revisions")
@pytest.mark.parametrize(("order", "target", "keys"), ORDERS)
async def test_finds_the_first_by_any_order(
    communicator: Communicator, order: SortOrder, target: SortTarget, keys: bytes
) -> None:
    response = await communicator.range(
        b"", prefix=True, limit=1, sort_order=order, sort_target=target
    )
    assert [kv.key for kv in response.kvs] == [keys[:1]]


@pytest.mark.usefixtures("revisions")
async def test_limits(communicator: Communicator) -> None:
    response = await communicator.range(b"", prefix=True, limit=2)
    assert [kv.key for kv in response.kvs] == [b"a", b"b"]
    assert response.more
    assert response.count == 3
    whole = await communicator.range(b"", prefix=True, limit=3)
    assert (len(whole.kvs), whole.more) == (3, False)
    assert await communicator.get_prefix(b"", limit=1) == [(b"a", b"2")]
    assert await communicator.keys_range(b"a", b"z", limit=1) == [b"a"]


@pytest.mark.usefixtures("revisions")
async def test_leaves_out_values(communicator: Communicator) -> None:
    response = await communicator.range(b"", prefix=True, keys_only=True)
    assert [(kv.key, kv.value) for kv in response.kvs] == [(b"a", b""), (b"b", b""), (b"c", b"")]
    assert response.kvs[1].version == 2


@pytest.mark.usefixtures("revisions")
async def test_counts(communicator: Communicator) -> None:
    response = await communicator.range(b"", prefix=True, count_only=True)
    assert (response.kvs, response.count) == ((), 3)
    assert await communicator.count_prefix(b"") == 3
    assert await communicator.count_prefix(b"b") == 1
    assert await communicator.count_prefix(b"x") == 0


async def test_filters_by_modification(
    communicator: Communicator, revisions: dict[bytes, int]
) -> None:
    new = await communicator.range(b"", prefix=True, min_mod_revision=revisions[b"a"])
    assert [kv.key for kv in new.kvs] == [b"a", b"b"]
    old = await communicator.range(b"", prefix=True, max_mod_revision=revisions[b"a"])
    assert [kv.key for kv in old.kvs] == [b"a", b"c"]
    assert await communicator.keys_prefix(b"", min_mod_revision=revisions[b"b"]) == [b"b"]


async def test_filters_by_creation(communicator: Communicator, revisions: dict[bytes, int]) -> None:
    new = await communicator.range(b"", prefix=True, min_create_revision=revisions[b"c"])
    assert [kv.key for kv in new.kvs] == [b"a", b"c"]
    old = await communicator.range(b"", prefix=True, max_create_revision=revisions[b"c"])
    assert [kv.key for kv in old.kvs] == [b"b", b"c"]


async def test_reads_an_older_revision(
    communicator: Communicator, revisions: dict[bytes, int]
) -> None:
    before_a = revisions[b"c"]
    assert await communicator.get_prefix(b"", revision=before_a) == [(b"b", b"0"), (b"c", b"1")]
    assert await communicator.count_prefix(b"", revision=before_a) == 2
    assert (await communicator.range(b"b", revision=before_a)).kvs[0].value == b"0"


@pytest.mark.usefixtures("revisions")
async def test_reads_without_asking_the_leader(communicator: Communicator) -> None:
    assert await communicator.get(b"a", serializable=True) == b"2"
    assert await communicator.count_prefix(b"", serializable=True) == 3
    assert len(await communicator.get_prefix(b"", serializable=True)) == 3


@pytest.mark.usefixtures("revisions")
async def test_chooses_keys(communicator: Communicator) -> None:
    async def keys(key: bytes, **choice: object) -> list[bytes]:
        response = await communicator.range(key, **choice)  # type: ignore[arg-type]
        return [kv.key for kv in response.kvs]

    assert await keys(b"b") == [b"b"]
    assert await keys(b"b", from_key=True) == [b"b", b"c"]
    assert await keys(b"", from_key=True) == [b"a", b"b", b"c"]
    assert await keys(b"a", range_end=b"c") == [b"a", b"b"]
    assert await keys(b"b", range_end=b"\x00") == [b"b", b"c"]
    assert await keys(b"b", prefix=True) == [b"b"]


@pytest.mark.parametrize(
    "choice",
    [
        {"prefix": True, "from_key": True},
        {"prefix": True, "range_end": b"z"},
        {"from_key": True, "range_end": b"z"},
        {"range_end": b""},
    ],
    ids="+".join,
)
async def test_keys_are_chosen_in_one_way(
    communicator: Communicator, choice: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=r"^range_end: expected .*, got "):
        await communicator.range(b"key", **choice)  # type: ignore[arg-type]
