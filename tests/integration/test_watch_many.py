"""Watches of several keys, prefixes and ranges on one stream."""

from collections.abc import AsyncIterator, Callable

import pytest

from etcd_client import (
    Client,
    Communicator,
    CompactedError,
    Txn,
    TxnOp,
    WatchEvent,
    WatchFilterType,
)
from etcd_client.testing import EtcdServer, Proxy
from tests.support import tasks
from tests.support.leftovers import settled_metrics
from tests.support.waiting import eventually_async


async def take(watch: AsyncIterator[WatchEvent], count: int) -> list[bytes]:
    """Read that many events, and return their keys."""
    return [(await tasks.wait_for(anext(watch), 10)).key for _ in range(count)]


@pytest.mark.both_loops
async def test_reports_what_any_of_them_reports(communicator: Communicator) -> None:
    watch = communicator.watch_many(
        keys=[b"a", "b"], prefixes=["/p/"], ranges=[(b"x", b"y")], prev_kv=True
    )
    async with watch:
        for key in (b"a", b"aa", b"b", b"/p", b"/p/1", b"x5", b"y", b"a"):
            await communicator.put(key, b"value")
        assert await take(watch, 5) == [b"a", b"b", b"/p/1", b"x5", b"a"]


async def test_is_one_stream_with_a_watcher_for_each(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    before = await settled_metrics(etcd)
    async with communicator.watch_many(keys=[b"%d" % number for number in range(100)]) as watch:
        now = etcd.metrics()
        assert now.watch_streams - before.watch_streams == 1
        assert now.watchers - before.watchers == 100
        await communicator.put(b"99", b"")
        assert await take(watch, 1) == [b"99"]
    await eventually_async(lambda: etcd.metrics().watchers == before.watchers)


async def test_reports_a_key_for_each_that_it_is_in(communicator: Communicator) -> None:
    async with communicator.watch_many(keys=[b"ab"], prefixes=[b"a"]) as watch:
        await communicator.put(b"ab", b"")
        await communicator.put(b"ac", b"")
        assert sorted(await take(watch, 3)) == [b"ab", b"ab", b"ac"]


async def test_gives_a_batch_for_each_of_them(communicator: Communicator) -> None:
    async with communicator.watch_many(prefixes=[b"a", b"b"]) as watch:
        puts = [TxnOp.put(key, b"") for key in (b"a1", b"b1", b"a2", b"b2")]
        await communicator.txn(Txn().and_then(puts))
        batches = watch.batches()
        found = [await tasks.wait_for(anext(batches), 10) for _ in range(2)]
        keys = sorted([event.key for event in batch] for batch in found)
        assert keys == [[b"a1", b"a2"], [b"b1", b"b2"]]


async def test_its_revision_is_what_all_have_come_to(communicator: Communicator) -> None:
    async with communicator.watch_many(keys=[b"a", b"b"]) as watch:
        revision = (await communicator.put(b"a", b"")).header.revision
        await take(watch, 1)
        # Whether there is something to tell of the other is not known.
        assert watch.revision < revision


async def test_progress_of_all_moves_the_revision(make_server: Callable[..., EtcdServer]) -> None:
    server = make_server(flags={"watch-progress-notify-interval": "200ms"})
    async with Client(server.endpoint).connect() as communicator:
        watch = communicator.watch_many(keys=[b"a"], prefixes=[b"b"], progress_notify=True)
        await watch.ready()
        revision = (await communicator.put(b"a", b"")).header.revision
        await take(watch, 1)

        async def reported() -> bool:
            with pytest.raises(tasks.TimeoutError):
                await tasks.wait_for(anext(watch), 0.5)
            return watch.revision >= revision

        await eventually_async(reported)


async def test_takes_the_options_of_the_others(communicator: Communicator) -> None:
    revision = (await communicator.put(b"a", b"1")).header.revision
    await communicator.delete(b"a")
    await communicator.put(b"b", b"2")
    ready = tasks.Event()
    watch = communicator.watch_many(
        keys=[b"a", b"b"],
        start_revision=revision,
        filters=[WatchFilterType.NODELETE],
        ready_event=ready,
    )
    await tasks.wait_for(ready.wait(), 5)
    assert sorted(await take(watch, 2)) == [b"a", b"b"]
    watch.cancel()
    once = communicator.watch_many(keys=[b"a", b"b"], start_revision=revision, once=True)
    assert len([event async for event in once]) == 1


async def test_ends_where_history_is_gone(communicator: Communicator) -> None:
    await communicator.put(b"a", b"1")
    last = (await communicator.put(b"a", b"2")).header.revision
    await communicator.compact(last)
    watch = communicator.watch_many(keys=[b"a", b"b"], start_revision=last - 1)
    with pytest.raises(CompactedError) as raised:
        await take(watch, 1)
    assert raised.value.compact_revision == last


async def test_each_resumes_where_it_was(endpoint: str, proxy: Proxy) -> None:
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as watching:
        async with watching.watch_many(keys=[b"a"], prefixes=[b"b"]) as watch:
            found: dict[bytes, list[bytes]] = {b"a": [], b"b": []}
            for number in range(30):
                await direct.put(b"a", b"%d" % number)
                await direct.put(b"b", b"%d" % number)
                if number % 5 == 2:
                    proxy.drop()
                await tasks.sleep(0.02)
            while any(len(values) < 30 for values in found.values()):
                event = await tasks.wait_for(anext(watch), 10)
                found[event.key].append(event.value)
        expected = [b"%d" % number for number in range(30)]
        assert found == {b"a": expected, b"b": expected}
        assert watching.stats().resumes > 0
