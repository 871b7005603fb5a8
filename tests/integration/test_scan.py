"""Reading ranges of any size in pages, at one revision and in bounded memory."""

import random
from collections.abc import AsyncIterator

import pytest

from etcd_client import Client, Communicator, CompactedError, EtcdTimeoutError, KeyValue, Scan
from etcd_client.testing import Direction, Proxy
from tests.support import tasks


async def fill(communicator: Communicator, count: int, value: bytes = b"value") -> list[bytes]:
    """Put that many keys under `k/` and return them in order."""
    keys = [b"k/%05d" % i for i in range(count)]
    for start in range(0, count, 200):
        await tasks.gather(*(communicator.put(key, value) for key in keys[start : start + 200]))
    return keys


async def keys_of(scan: AsyncIterator[KeyValue]) -> list[bytes]:
    """Read to the end."""
    return [kv.key async for kv in scan]


@pytest.mark.both_loops
async def test_reads_a_prefix_in_order(communicator: Communicator) -> None:
    keys = await fill(communicator, 2500)
    await communicator.put(b"k", b"")
    await communicator.put(b"k0", b"")
    scan = communicator.scan_prefix(b"k/")
    assert isinstance(scan, Scan)
    assert await keys_of(scan) == keys


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 20, 21, 22])
async def test_pages_of_any_size_come_to_the_same(communicator: Communicator, count: int) -> None:
    keys = await fill(communicator, count)
    for page_size in (1, 7, 1000):
        assert await keys_of(communicator.scan_prefix(b"k/", page_size=page_size)) == keys


async def test_yields_whole_pairs(communicator: Communicator) -> None:
    await communicator.put(b"key", b"value")
    assert [kv async for kv in communicator.scan_prefix(b"")] == [await communicator.get_kv(b"key")]
    assert [kv.value async for kv in communicator.scan_prefix(b"", keys_only=True)] == [b""]


async def test_reads_without_asking_the_leader(communicator: Communicator) -> None:
    await communicator.put(b"key", b"value")
    assert await keys_of(communicator.scan_prefix(b"", serializable=True)) == [b"key"]


@pytest.mark.parametrize("prefix", [b"", b"\xff", b"\xff\xff", b"a\xff", b"\x00", "a"])
async def test_finds_every_key_there_can_be(
    communicator: Communicator, prefix: bytes | str
) -> None:
    chance = random.Random(20251121)
    alphabet = b"\x00a\xfe\xff"
    keys = {bytes(chance.choices(alphabet, k=chance.randint(1, 5))) for _ in range(300)}
    await tasks.gather(*(communicator.put(key, b"") for key in keys))
    stem = prefix.encode() if isinstance(prefix, str) else prefix
    expected = sorted(key for key in keys if key.startswith(stem))
    assert await keys_of(communicator.scan_prefix(prefix, page_size=3)) == expected


async def test_reads_a_range(communicator: Communicator) -> None:
    keys = await fill(communicator, 50)
    scan = communicator.scan_range(b"k/00010", "k/00020", page_size=3)
    assert await keys_of(scan) == keys[10:20]
    assert await keys_of(communicator.scan_range(b"k/00045", b"\x00")) == keys[45:]
    assert await keys_of(communicator.scan_range(b"", b"k/00002")) == keys[:2]


async def test_sees_nothing_of_what_is_written_meanwhile(communicator: Communicator) -> None:
    keys = await fill(communicator, 300)
    scan = communicator.scan_prefix(b"k/", page_size=10)
    seen = []
    async for kv in scan:
        seen.append((kv.key, kv.value))
        if len(seen) % 10 == 0:
            await communicator.delete(keys[-len(seen) // 2])
            await communicator.put(b"k/%05d" % (len(seen) + 5), b"changed")
            await communicator.put(kv.key + b"/new", b"")
    assert seen == [(key, b"value") for key in keys]


async def test_reads_an_older_revision(communicator: Communicator) -> None:
    keys = await fill(communicator, 20)
    old = (await communicator.put(b"k/00000", b"old")).header.revision
    await communicator.delete_prefix(b"k/")
    scan = communicator.scan_prefix(b"k/", page_size=3, revision=old)
    assert scan.revision == old
    assert await keys_of(scan) == keys
    assert await keys_of(communicator.scan_prefix(b"k/", page_size=3)) == []


async def test_a_watch_goes_on_where_a_scan_ends(communicator: Communicator) -> None:
    await fill(communicator, 20)
    scan = communicator.scan_prefix(b"k/", page_size=3)
    await anext(scan)
    await communicator.put(b"k/meanwhile", b"")
    assert len(await keys_of(scan)) == 19
    watch = communicator.watch_prefix(b"k/", start_revision=scan.revision + 1)
    assert (await tasks.wait_for(anext(watch), 5)).key == b"k/meanwhile"


async def test_says_when_its_revision_is_gone(communicator: Communicator) -> None:
    keys = await fill(communicator, 50)
    scan = communicator.scan_prefix(b"k/", page_size=10)
    read = [await anext(scan) for _ in range(5)]
    revision = (await communicator.put(b"k/new", b"")).header.revision
    await communicator.compact(revision)
    read += [await anext(scan) for _ in range(5)]
    for _ in range(2):
        with pytest.raises(CompactedError):
            await anext(scan)
    assert [kv.key for kv in read] == keys[:10], "the page that was there can be read"


async def test_pages_of_large_values_have_fewer_keys(endpoint: str, proxy: Proxy) -> None:
    """60 MB are never on their way, or in memory, at once."""
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        keys = await fill(communicator, 60, bytes(1_000_000))
        scan = communicator.scan_prefix(b"k/")
        assert (await anext(scan)).key == keys[0]
        before = proxy.forwarded(Direction.TO_CLIENT)
        count = 1
        async for kv in scan:
            assert len(kv.value) == 1_000_000
            count += 1
            ahead = proxy.forwarded(Direction.TO_CLIENT) - before - count * 1_000_000
            assert ahead < 40_000_000
    assert count == 60


async def test_a_cancelled_step_loses_nothing(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        keys = await fill(communicator, 100)
        proxy.delay(0.02)
        scan = communicator.scan_prefix(b"k/", page_size=20)
        read: list[bytes] = []
        cancelled, patience = 0, 0.001
        while len(read) < len(keys):
            try:
                read.append((await tasks.wait_for(anext(scan), patience)).key)
                patience = 0.001
            except tasks.TimeoutError:  # noqa: PERF203 - this is the test
                cancelled += 1
                patience *= 3
    assert read == keys
    assert cancelled > 5


async def test_each_page_has_the_deadline(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        await fill(communicator, 5)
        scan = communicator.scan_prefix(b"k/", page_size=2, timeout=3)
        await anext(scan)
        await anext(scan)
        proxy.blackhole()
        with pytest.raises(EtcdTimeoutError):
            await tasks.wait_for(anext(scan), 20)


async def test_one_task_iterates_at_a_time(communicator: Communicator) -> None:
    await fill(communicator, 10)
    scan = communicator.scan_prefix(b"k/")
    steps = await tasks.gather(anext(scan), anext(scan), return_exceptions=True)
    # Which of the tasks begins is up to the event loop.
    assert {type(step) for step in steps} == {KeyValue, RuntimeError}
    assert len(await keys_of(scan)) == 9


async def test_refuses_wrong_pages(communicator: Communicator) -> None:
    with pytest.raises(ValueError, match=r"^page_size: expected an int of at least 1, got 0"):
        communicator.scan_prefix(b"", page_size=0)
    with pytest.raises(TypeError, match=r"^page_size: expected int, got str"):
        communicator.scan_prefix(b"", page_size="10")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^prefix: expected a bytes-like object or str, got int"):
        communicator.scan_prefix(1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^range_end: expected"):
        communicator.scan_range(b"a", b"")
    with pytest.raises(ValueError, match=r"^revision: expected an int of at least 0"):
        communicator.scan_prefix(b"", revision=-1)
