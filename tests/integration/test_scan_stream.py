"""Scans whose keys the server streams, since etcd 3.7; earlier ones are asked for pages."""

import random
from collections.abc import Iterator

import pytest

from etcd_client import Client, ClosedError, Communicator, KeyValue, Scan
from etcd_client.testing import EtcdServer
from tests.support import tasks
from tests.support.front import Http2Front

RANGE = "/etcdserverpb.KV/Range"
STREAM = "/etcdserverpb.KV/RangeStream"


@pytest.fixture
def front(endpoint: str, etcd: EtcdServer) -> Iterator[Http2Front]:
    """Yield a front of the session's server that counts the requests."""
    assert endpoint
    with Http2Front(etcd.address) as counting:
        yield counting


async def fill(communicator: Communicator, count: int, value: bytes = b"value") -> list[bytes]:
    """Put that many keys under `k/` and return them in order."""
    keys = [b"k/%06d" % i for i in range(count)]
    for start in range(0, count, 200):
        await tasks.gather(*(communicator.put(key, value) for key in keys[start : start + 200]))
    return keys


async def keys_of(scan: Scan) -> list[bytes]:
    """Read to the end."""
    return [kv.key async for kv in scan]


async def pairs(communicator: Communicator, **options: bool) -> list[KeyValue]:
    """Scan everything."""
    return [kv async for kv in communicator.scan_prefix("", **options)]


@pytest.mark.both_loops
async def test_streams_where_the_server_can(front: Http2Front, etcd: EtcdServer) -> None:
    async with Client(front.endpoint).connect() as communicator:
        keys = await fill(communicator, 1500)
        for round_ in range(1, 4):
            assert [kv.key for kv in await pairs(communicator)] == keys
            if etcd.version >= (3, 7):
                assert front.streams_seen(STREAM) == round_
                assert front.streams_seen(RANGE) == round_, "the first page of each scan"
            else:
                assert front.streams_seen(STREAM) == 1, "it is not asked in vain again"
                assert front.streams_seen(RANGE) > 3 * round_


async def test_asks_again_on_another_connection(front: Http2Front) -> None:
    """By then the server may be a newer one."""
    async with Client(front.endpoint).connect() as communicator:
        keys = await fill(communicator, 100)
        assert [kv.key for kv in await pairs(communicator)] == keys
        seen = front.streams_seen(STREAM)
        await tasks.to_thread(front.drop)
        assert [kv.key for kv in await pairs(communicator)] == keys
        assert front.streams_seen(STREAM) == seen + 1


async def test_a_page_size_asks_for_pages(front: Http2Front) -> None:
    async with Client(front.endpoint).connect() as communicator:
        keys = await fill(communicator, 100)
        scan = communicator.scan_prefix("k/", page_size=20)
        assert await keys_of(scan) == keys
        assert front.streams_seen(STREAM) == 0
        assert front.streams_seen(RANGE) == 5


async def test_a_small_range_takes_one_request(front: Http2Front) -> None:
    async with Client(front.endpoint).connect() as communicator:
        keys = await fill(communicator, 32)
        assert [kv.key for kv in await pairs(communicator)] == keys
        assert front.streams_seen(STREAM) == 0
        assert front.streams_seen(RANGE) == 1


@pytest.mark.parametrize(
    "count", [33, 43, 3000, pytest.param(100_000, marks=pytest.mark.full_faults)]
)
async def test_equals_what_pages_have(communicator: Communicator, count: int) -> None:
    await fill(communicator, count)
    paged = [kv async for kv in communicator.scan_prefix("", page_size=1000)]
    assert len(paged) == count
    assert await pairs(communicator) == paged
    bare = [kv async for kv in communicator.scan_prefix("", page_size=1000, keys_only=True)]
    assert await pairs(communicator, keys_only=True) == bare
    assert {kv.value for kv in bare} == {b""}
    end = communicator.scan_range(b"k/000010", b"k/000042")
    assert [kv async for kv in end] == paged[10:42]
    assert [kv async for kv in communicator.scan_range(b"k/000010", b"\0")] == paged[10:]


@pytest.mark.parametrize("count", [33, 43, 3000])
async def test_reads_without_asking_the_leader(communicator: Communicator, count: int) -> None:
    keys = await fill(communicator, count)
    assert [kv.key for kv in await pairs(communicator, serializable=True)] == keys


async def test_finds_every_key_there_can_be(communicator: Communicator) -> None:
    chance = random.Random(20251126)
    keys = {bytes(chance.choices(b"\x00a\xfe\xff", k=chance.randint(1, 6))) for _ in range(600)}
    await tasks.gather(*(communicator.put(key, b"") for key in keys))
    for prefix in (b"", b"\xff", b"\xff\xff", b"a\xff", b"\x00"):
        expected = sorted(key for key in keys if key.startswith(prefix))
        assert [kv.key async for kv in communicator.scan_prefix(prefix)] == expected
        view = communicator.namespace(prefix)
        inside = [key[len(prefix) :] for key in expected if key != prefix]
        found = [kv.key async for kv in view.scan_prefix(b"") if kv.key]
        assert found == inside


async def test_stays_at_its_revision(communicator: Communicator) -> None:
    keys = await fill(communicator, 500)
    old = (await communicator.get_kv(keys[0])).mod_revision  # type: ignore[union-attr]
    scan = communicator.scan_prefix("k/")
    seen = [await anext(scan) for _ in range(40)]
    await communicator.delete_prefix("k/")
    await fill(communicator, 600, b"changed")
    seen += [kv async for kv in scan]
    assert [(kv.key, kv.value) for kv in seen] == [(key, b"value") for key in keys]
    assert scan.revision >= old
    again = communicator.scan_prefix("k/", revision=scan.revision)
    assert [kv async for kv in again] == seen


async def test_large_values(communicator: Communicator) -> None:
    values = {b"k/%06d" % i: random.Random(i).randbytes(2**20) for i in range(40)}
    for key, value in values.items():
        await communicator.put(key, value)
    assert {kv.key: kv.value for kv in await pairs(communicator)} == values


async def test_a_slow_reader_holds_the_server_back(front: Http2Front) -> None:
    async with Client(front.endpoint).connect() as communicator:
        await fill(communicator, 60, bytes(500_000))
        scan = communicator.scan_prefix("k/")
        for _ in range(33):
            await anext(scan)
        # What is on its way has settled; other calls go on beside it.
        for _ in range(20):
            await communicator.get("k/000000")
        assert front.streams_open(STREAM) <= 1
        assert len([kv async for kv in scan]) == 27


async def test_what_is_left_unread_is_cancelled(front: Http2Front) -> None:
    async with Client(front.endpoint).connect() as communicator:
        await fill(communicator, 60, bytes(500_000))
        scan = communicator.scan_prefix("k/")
        for _ in range(33):
            await anext(scan)
        del scan
        for _ in range(200):
            if front.streams_open(STREAM) == 0:
                return
            await tasks.sleep(0.05)
        raise AssertionError


async def test_a_cancelled_step_loses_nothing(front: Http2Front) -> None:
    async with Client(front.endpoint).connect() as communicator:
        keys = await fill(communicator, 400, bytes(20_000))
        front.delay_answers(0.02, STREAM)
        scan = communicator.scan_prefix(b"k/")
        read: list[bytes] = []
        patience = 0.001
        while len(read) < len(keys):
            try:
                read.append((await tasks.wait_for(anext(scan), patience)).key)
                patience = 0.001
            except tasks.TimeoutError:  # noqa: PERF203 - this is the test
                patience *= 3
    assert read == keys


async def test_only_one_task_at_a_time(communicator: Communicator) -> None:
    await fill(communicator, 100)
    scan = communicator.scan_prefix("k/")
    for _ in range(32):
        await anext(scan)
    outcomes = await tasks.gather(anext(scan), anext(scan), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["KeyValue", "RuntimeError"]
    assert len([kv async for kv in scan]) == 67


async def test_many_at_once(communicator: Communicator) -> None:
    keys = await fill(communicator, 300)
    found = await tasks.gather(*(pairs(communicator) for _ in range(50)))
    assert all([kv.key for kv in one] == keys for one in found)


async def test_ends_with_the_communicator(client: Client) -> None:
    async with client.connect() as communicator:
        await fill(communicator, 60, bytes(500_000))
        scan = communicator.scan_prefix("k/")
        for _ in range(33):
            await anext(scan)
    with pytest.raises(ClosedError):
        await keys_of(scan)
