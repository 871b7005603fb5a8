"""Watches under load: nothing lost, and nothing twice."""

import random
import time

import pytest

from etcd_client import Communicator, Txn, TxnOp
from etcd_client.testing import EtcdServer
from tests.support import tasks
from tests.support.leftovers import settled_metrics
from tests.support.waiting import eventually_async


async def write(communicator: Communicator, count: int) -> None:
    """Put that many numbered values, 64 at a time."""
    for start in range(0, count, 64):
        numbers = range(start, min(start + 64, count))
        await tasks.gather(*(communicator.put(b"key/%d" % i, b"%d" % i) for i in numbers))


@pytest.mark.both_loops
async def test_cancelled_steps_lose_nothing(communicator: Communicator) -> None:
    total, cancelled = 1500, 0
    values: list[int] = []
    chance = random.Random(20251121)

    async def write_now_and_then() -> None:
        for i in range(total):
            await communicator.put(b"key/%d" % i, b"%d" % i)
            await tasks.sleep(chance.uniform(0, 0.001))

    async with communicator.watch_prefix(b"key/") as watch:
        writing = tasks.create_task(write_now_and_then())
        while len(values) < total:
            try:
                event = await tasks.wait_for(anext(watch), 0.0005)
            except tasks.TimeoutError:
                cancelled += 1
                assert not writing.done() or cancelled < 100_000, "events are missing"
                continue
            values.append(int(event.value))
        await writing
        with pytest.raises(tasks.TimeoutError):
            await tasks.wait_for(anext(watch), 0.1)
    assert values == list(range(total))
    assert cancelled > 100, "no step was cancelled, so nothing was tested"


async def test_a_thousand_watches(communicator: Communicator, etcd: EtcdServer) -> None:
    before = (await settled_metrics(etcd)).watchers

    async def first(number: int) -> bytes:
        async with communicator.watch(b"key/%d" % number) as watch:
            opened.append(number)
            return (await anext(watch)).value

    opened: list[int] = []
    readers = [tasks.create_task(first(number)) for number in range(1000)]
    await eventually_async(lambda: len(opened) == 1000, within=30)
    await write(communicator, 1000)
    assert await tasks.gather(*readers) == [b"%d" % number for number in range(1000)]
    await eventually_async(lambda: etcd.metrics().watchers == before, within=30)


async def test_a_thousand_readers_get_every_event_once(communicator: Communicator) -> None:
    seen: list[int] = []

    async def read() -> None:
        async for event in watch:
            seen.append(int(event.value))  # noqa: PERF401 - others look at it meanwhile

    async with communicator.watch_prefix(b"key/") as watch:
        readers = [tasks.create_task(read()) for _ in range(1000)]
        await write(communicator, 2000)
        await eventually_async(lambda: len(seen) >= 2000, within=30)
    await tasks.gather(*readers)
    assert sorted(seen) == list(range(2000))


async def test_a_slow_reader_slows_nobody_else(communicator: Communicator) -> None:
    async with communicator.watch_prefix(b"big/") as slow, communicator.watch(b"key") as quick:
        for i in range(10):
            await communicator.put(b"big/%d" % i, bytes(1_000_000))
        started = time.monotonic()
        for i in range(100):
            await communicator.put(b"key", b"%d" % i)
            assert (await anext(quick)).value == b"%d" % i
        assert time.monotonic() - started < 20
        assert [(await anext(slow)).key[:4] for _ in range(10)] == [b"big/"] * 10


async def test_fragments_carry_revisions_beyond_the_message_limit(
    communicator: Communicator,
) -> None:
    # The server splits what is larger than its request limit (1.5 MiB) and 512 KiB.
    values = [bytes([i]) * 1_000_000 for i in range(6)]
    async with communicator.watch_prefix(b"key/", fragment=True, prev_kv=True) as watch:
        for _ in range(2):
            for i, value in enumerate(values):
                await communicator.put(b"key/%d" % i, value)
        revision = (await communicator.delete_prefix(b"key/")).header.revision
        batches = watch.batches()
        lists = [await tasks.wait_for(anext(batches), 20) for _ in range(13)]
    assert [len(batch) for batch in lists] == [1] * 12 + [6]
    deleted = lists[-1]
    assert [event.prev_value for event in deleted] == values
    assert {event.kv.mod_revision for event in deleted if event.kv} == {revision}


async def test_catches_up_over_more_than_any_message(communicator: Communicator) -> None:
    first = (await communicator.put(b"key/0", b"")).header.revision
    for i in range(1, 9):
        await communicator.put(b"key/%d" % i, bytes([i]) * 1_000_000)
    watch = communicator.watch_prefix(b"key/", start_revision=first)
    events = [await tasks.wait_for(anext(watch), 20) for _ in range(9)]
    assert [event.key for event in events] == [b"key/%d" % i for i in range(9)]
    assert [len(event.value) for event in events[1:]] == [1_000_000] * 8


async def test_a_revision_of_many_events_comes_whole(communicator: Communicator) -> None:
    async with communicator.watch_prefix(b"key/") as watch:
        operations = [TxnOp.put(b"key/%03d" % i, b"") for i in range(128)]
        await communicator.txn(Txn().and_then(operations))
        batch = await tasks.wait_for(anext(watch.batches()), 10)
    assert [event.key for event in batch] == [b"key/%03d" % i for i in range(128)]
