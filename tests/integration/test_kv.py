"""Getting, putting, deleting and compacting, and what the responses look like."""

import array
import copy
import pickle

import pytest

from etcd_client import (
    Communicator,
    CompactedError,
    CompactResponse,
    DeleteResponse,
    FutureRevisionError,
    KeyNotFoundError,
    KeyValue,
    LeaseNotFoundError,
    PutResponse,
    RangeResponse,
    ResponseHeader,
    RpcError,
)
from tests.support import gateway


@pytest.fixture
def lease(endpoint: str) -> int:
    """Return the id of a lease that outlives the test."""
    return int(gateway.call(endpoint, "lease/grant", {"TTL": "60"})["ID"])


async def put_all(communicator: Communicator, *keys: bytes) -> None:
    """Put each key with itself as its value."""
    for key in keys:
        await communicator.put(key, key)


@pytest.mark.both_loops
async def test_reads_back_what_was_put(communicator: Communicator) -> None:
    await communicator.put(b"key", b"value")
    assert await communicator.get(b"key") == b"value"


async def test_a_missing_key_is_none(communicator: Communicator) -> None:
    assert await communicator.get(b"missing") is None
    assert await communicator.get_kv(b"missing") is None


async def test_an_empty_value_is_not_none(communicator: Communicator) -> None:
    await communicator.put(b"key", b"")
    assert await communicator.get(b"key") == b""


@pytest.mark.parametrize(
    "given",
    [
        b"\x00k\xff",
        bytearray(b"\x00k\xff"),
        memoryview(b"\x00k\xff"),
        memoryview(b"_\xff_k_\x00")[-1::-2],
        memoryview(b"\x00k\xff").cast("c"),
        array.array("b", [0, 107, -1]),
    ],
    ids=["bytes", "bytearray", "memoryview", "strided", "characters", "signed"],
)
async def test_takes_every_kind_of_bytes(communicator: Communicator, given: bytes) -> None:
    await communicator.put(given, given)
    assert await communicator.get_prefix(b"") == [(b"\x00k\xff", b"\x00k\xff")]
    assert await communicator.get(given) == b"\x00k\xff"


async def test_takes_text_as_utf_8(communicator: Communicator) -> None:
    await communicator.put("Schlüssel", "ümlaut")
    assert await communicator.get("Schlüssel".encode()) == "ümlaut".encode()


async def test_takes_numbers_as_their_memory(communicator: Communicator) -> None:
    numbers = array.array("I", [1, 2, 3])
    await communicator.put(b"numbers", numbers)
    assert await communicator.get(b"numbers") == numbers.tobytes()


async def test_describes_a_key(communicator: Communicator) -> None:
    first = await communicator.put(b"key", b"one")
    second = await communicator.put(b"key", b"two")
    assert await communicator.get_kv(b"key") == KeyValue(
        key=b"key",
        value=b"two",
        create_revision=first.header.revision,
        mod_revision=second.header.revision,
        version=2,
        lease=0,
    )


async def test_reads_an_older_revision(communicator: Communicator) -> None:
    put = await communicator.put(b"key", b"old")
    await communicator.put(b"key", b"new")
    assert await communicator.get(b"key", revision=put.header.revision) == b"old"


async def test_refuses_a_revision_that_is_yet_to_come(communicator: Communicator) -> None:
    put = await communicator.put(b"key", b"value")
    with pytest.raises(FutureRevisionError):
        await communicator.get(b"key", revision=put.header.revision + 1)


async def test_a_prefix_ends_at_its_true_successor(communicator: Communicator) -> None:
    await put_all(communicator, b"/foo", b"/foo/", b"/foo/bar", b"/foobar", b"/foo0")
    assert await communicator.get_prefix(b"/foo/") == [
        (b"/foo/", b"/foo/"),
        (b"/foo/bar", b"/foo/bar"),
    ]


@pytest.mark.parametrize("prefix", [b"a\xff", b"a\xff\xff", b"\xff", b"\xff\xff"])
async def test_a_prefix_of_high_bytes_carries(communicator: Communicator, prefix: bytes) -> None:
    inside = [prefix, prefix + b"\x00", prefix + b"\xff"]
    outside = [b"a", b"a\xfe", b"a\xff", b"b", b"\xfe", b"\xff"]
    await put_all(communicator, *inside, *outside)
    expected = sorted({key for key in inside + outside if key.startswith(prefix)})
    assert await communicator.keys_prefix(prefix) == expected
    assert await communicator.count_prefix(prefix) == len(expected)


async def test_an_empty_prefix_means_all_keys(communicator: Communicator) -> None:
    keys = [b"\x00", b"a", b"\xff\xff"]
    await put_all(communicator, *keys)
    assert [key for key, _ in await communicator.get_prefix(b"")] == keys
    assert await communicator.keys_prefix(b"") == keys
    assert await communicator.count_prefix(b"") == len(keys)


async def test_a_range_has_its_first_key_and_not_its_end(communicator: Communicator) -> None:
    await put_all(communicator, b"a", b"b", b"c", b"d")
    assert await communicator.get_range(b"b", b"d") == [(b"b", b"b"), (b"c", b"c")]
    assert await communicator.keys_range(b"b", b"d") == [b"b", b"c"]


async def test_a_range_may_begin_at_the_first_key_and_have_no_end(
    communicator: Communicator,
) -> None:
    await put_all(communicator, b"\x00", b"a", b"\xff")
    assert await communicator.keys_range(b"", b"\x00") == [b"\x00", b"a", b"\xff"]


async def test_a_put_returns_what_it_replaced(communicator: Communicator) -> None:
    first = await communicator.put(b"key", b"old", prev_kv=True)
    assert first.prev_kv is None
    second = await communicator.put(b"key", b"new", prev_kv=True)
    assert second.prev_kv is not None
    assert (second.prev_kv.value, second.prev_kv.version) == (b"old", 1)
    assert (await communicator.put(b"key", b"newer")).prev_kv is None


async def test_a_put_keeps_the_value_or_the_lease(communicator: Communicator, lease: int) -> None:
    await communicator.put(b"key", b"value", lease=lease)
    await communicator.put(b"key", b"other", ignore_lease=True)
    kept = await communicator.get_kv(b"key")
    assert kept is not None
    assert (kept.value, kept.lease) == (b"other", lease)
    await communicator.put(b"key", b"", ignore_value=True)
    kept = await communicator.get_kv(b"key")
    assert kept is not None
    assert (kept.value, kept.lease) == (b"other", 0)


async def test_there_must_be_a_value_to_keep(communicator: Communicator) -> None:
    with pytest.raises(KeyNotFoundError):
        await communicator.put(b"missing", b"", ignore_value=True)


async def test_a_value_cannot_be_given_and_kept(communicator: Communicator) -> None:
    with pytest.raises(RpcError) as refused:
        await communicator.put(b"key", b"value", ignore_value=True)
    assert refused.value.reason == "ValueProvided"


async def test_a_put_needs_a_living_lease(communicator: Communicator) -> None:
    with pytest.raises(LeaseNotFoundError):
        await communicator.put(b"key", b"value", lease=12345)


async def test_deletes_one_key_and_tells(communicator: Communicator) -> None:
    await put_all(communicator, b"key", b"key2")
    assert (await communicator.delete(b"missing")).deleted == 0
    deleted = await communicator.delete(b"key", prev_kv=True)
    assert deleted.deleted == 1
    assert [kv.value for kv in deleted.prev_kvs] == [b"key"]
    assert await communicator.keys_prefix(b"") == [b"key2"]


async def test_deletes_a_prefix_and_no_sibling(communicator: Communicator) -> None:
    await put_all(communicator, b"/foo/a", b"/foo/b", b"/foobar", b"/foo0")
    deleted = await communicator.delete_prefix(b"/foo/", prev_kv=True)
    assert deleted.deleted == 2
    assert [kv.key for kv in deleted.prev_kvs] == [b"/foo/a", b"/foo/b"]
    assert await communicator.keys_prefix(b"") == [b"/foo0", b"/foobar"]


async def test_deletes_a_range(communicator: Communicator) -> None:
    await put_all(communicator, b"a", b"b", b"c")
    assert (await communicator.delete_range(b"a", b"c")).deleted == 2
    assert (await communicator.delete(b"c", from_key=True)).deleted == 1


async def test_deletes_everything(communicator: Communicator) -> None:
    await put_all(communicator, b"\x00", b"a", b"\xff\xff")
    assert (await communicator.delete_prefix(b"")).deleted == 3


@pytest.mark.parametrize("physical", [False, True])
async def test_compacts(communicator: Communicator, *, physical: bool) -> None:
    old = (await communicator.put(b"key", b"old")).header.revision
    new = (await communicator.put(b"key", b"new")).header.revision
    compacted = await communicator.compact(new, physical=physical)
    assert isinstance(compacted, CompactResponse)
    with pytest.raises(CompactedError):
        await communicator.get(b"key", revision=old)
    assert await communicator.get(b"key", revision=new) == b"new"
    with pytest.raises(CompactedError):
        await communicator.compact(old)


async def test_compacts_no_future_revision(communicator: Communicator) -> None:
    put = await communicator.put(b"key", b"value")
    with pytest.raises(FutureRevisionError):
        await communicator.compact(put.header.revision + 100)


async def test_every_response_says_where_it_is_from(communicator: Communicator) -> None:
    put = await communicator.put(b"key", b"value")
    assert isinstance(put, PutResponse)
    assert isinstance(put.header, ResponseHeader)
    assert put.header.cluster_id > 0
    assert put.header.member_id > 0
    assert put.header.raft_term > 0
    read = await communicator.range(b"key")
    assert isinstance(read, RangeResponse)
    assert read.header == put.header
    deleted = await communicator.delete(b"key")
    assert isinstance(deleted, DeleteResponse)
    assert deleted.header.revision == put.header.revision + 1


async def test_responses_are_values(communicator: Communicator) -> None:
    await communicator.put(b"key", b"value")
    response = await communicator.range(b"key")
    again = await communicator.range(b"key")
    assert response == again
    assert hash(response) == hash(again)
    assert pickle.loads(pickle.dumps(response)) == response  # noqa: S301 - our own
    assert copy.deepcopy(response) == response
    assert response != await communicator.range(b"missing")


async def test_responses_are_frozen_and_readable(communicator: Communicator) -> None:
    await communicator.put(b"key", b"value")
    kv = await communicator.get_kv(b"key")
    assert kv is not None
    with pytest.raises(AttributeError):
        kv.value = b"other"  # type: ignore[misc]
    assert repr(kv) == (
        f"KeyValue(key=b'key', value=b'value', create_revision={kv.create_revision}, "
        f"mod_revision={kv.mod_revision}, version=1, lease=0)"
    )
    match kv:
        case KeyValue(key, value):
            assert (key, value) == (b"key", b"value")
