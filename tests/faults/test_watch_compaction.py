"""Watches and compaction: what is gone is told, never skipped in silence."""

import asyncio
from functools import partial

import pytest

from etcd_client import Client, Communicator, CompactedError, Watch
from etcd_client.testing import EtcdServer, Proxy
from tests.faults.tools import all_caught_up, in_use, steer, take, values
from tests.support.front import Front
from tests.support.waiting import eventually_async


async def test_watch_resume_compacted(
    through_front: Communicator, front: Front, direct: Communicator
) -> None:
    """Port of TestWatchResumeCompacted: events in order, or the word that some are gone."""
    async with through_front.watch(b"k") as watch:
        # The member in use goes away, and so does every other way for as long as it takes.
        for proxy in front.proxies:
            await asyncio.to_thread(proxy.refuse)
            await asyncio.to_thread(proxy.drop)
        for number in range(5):
            last = (await direct.put(b"k", str(number))).header.revision
        await direct.compact(last)
        await all_caught_up(front)
        await asyncio.to_thread(front.heal)
        with pytest.raises(CompactedError) as error:
            await values(watch, 6)
        assert error.value.compact_revision == last
        # It is told again to who asks again: the watch has ended.
        with pytest.raises(CompactedError):
            await asyncio.wait_for(anext(watch), 5)


async def test_what_was_read_before_a_compaction_does_not_matter(
    endpoint: str, proxy: Proxy
) -> None:
    """A watch that has read up to a compaction resumes behind it."""
    async with (
        Client(endpoint).connect() as direct,
        Client(proxy.endpoint).connect() as client,
        client.watch(b"k") as watch,
    ):
        last = (await direct.put(b"k", b"1")).header.revision
        assert await values(watch, 1) == [b"1"]
        await direct.compact(last)
        await asyncio.to_thread(proxy.drop)
        await direct.put(b"k", b"2")
        assert await values(watch, 1) == [b"2"]


async def has_reached(watch: Watch, revision: int) -> bool:
    """Whether a watch was told that nothing up to that revision is missing."""
    return watch.revision >= revision


async def test_an_idle_watch_survives_a_compaction_that_it_was_told_to_be_past() -> None:
    """The server's progress reports move the revision at which a watch would resume.

    Without them, the writes of others let an idle watch fall behind every compaction.
    """
    with (
        EtcdServer(flags={"watch-progress-notify-interval": "200ms"}) as server,
        Proxy(server.address) as proxy,
    ):
        async with (
            Client(server.endpoint).connect() as direct,
            Client(proxy.endpoint).connect() as client,
            client.watch(b"idle") as watch,
            client.watch(b"told", progress_notify=True) as told,
        ):
            reading = asyncio.create_task(take(told, 1, within=60))
            revisions = []
            # The server reports to all watches of a stream each time: `watch` was told of the first
            # of these before the last report to `told`.
            for number in range(3):
                put = await direct.put(b"busy", str(number))
                revisions.append(put.header.revision)
                await eventually_async(partial(has_reached, told, revisions[-1]), within=20)
            reading.cancel()
            await direct.compact(revisions[0])
            await asyncio.to_thread(proxy.drop)
            await asyncio.sleep(0.5)
            await direct.put(b"idle", b"1")
            assert await values(watch, 1) == [b"1"]


async def test_v3_no_events_lost_on_compact(endpoint: str, proxy: Proxy) -> None:
    """Port of TestV3NoEventsLostOnCompact: a slow stream falls behind a compaction."""
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as client:
        watch = client.watch(b"k")
        await watch.ready()
        await asyncio.to_thread(proxy.limit_bandwidth, 100_000)
        written = 0
        for number in range(300):
            written = (await direct.put(b"k", str(number).encode() + bytes(5000))).header.revision
        await direct.compact(written)
        await asyncio.to_thread(proxy.drop)
        await asyncio.to_thread(proxy.heal)
        await direct.put(b"k", b"300")
        found: list[int] = []
        try:
            while not found or found[-1] < 300:
                value = (await asyncio.wait_for(anext(watch), 20)).value
                found.append(int(value.rstrip(b"\0")))
        except CompactedError as error:
            compacted = error.compact_revision
        else:
            compacted = written
        assert found == list(range(len(found))), "a gap"
        assert compacted == written


async def test_a_compaction_during_a_catch_up_is_told(
    through_front: Communicator, front: Front, direct: Communicator
) -> None:
    await steer(through_front, front, 0)
    first = (await direct.put(b"k", b"0")).header.revision
    for number in range(1, 50):
        last = (await direct.put(b"k", str(number))).header.revision
    await direct.compact(last)
    await all_caught_up(front)
    watch = through_front.watch(b"k", start_revision=first)
    with pytest.raises(CompactedError) as error:
        await asyncio.wait_for(anext(watch), 10)
    assert error.value.compact_revision == last
    watch = through_front.watch(b"k", start_revision=error.value.compact_revision)
    assert await values(watch, 1) == [b"49"]
    assert await in_use(through_front, front) == 0
