"""Watches: what they yield, in which order, when they are ready and how they end."""

import asyncio
import pickle
import time
from collections.abc import AsyncIterator, Callable

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    CompactedError,
    CondVar,
    EtcdTimeoutError,
    KeyValue,
    Txn,
    TxnOp,
    Watch,
    WatchEvent,
    WatchEventType,
    WatchFilterType,
)
from tests.support.metrics import eventually_async
from tests.support.proxy import Proxy
from tests.support.server import EtcdServer

PUT, DELETE = WatchEventType.PUT, WatchEventType.DELETE


async def take(watch: AsyncIterator[WatchEvent], count: int) -> list[WatchEvent]:
    """Read that many events."""
    return [await asyncio.wait_for(anext(watch), 10) for _ in range(count)]


def told(events: list[WatchEvent]) -> list[tuple[WatchEventType, bytes, bytes]]:
    """Return what most programs look at."""
    return [(event.event, event.key, event.value) for event in events]


@pytest.mark.both_loops
async def test_yields_puts_and_deletes_in_order(communicator: Communicator) -> None:
    async with communicator.watch(b"key") as watch:
        await communicator.put(b"key", b"1")
        await communicator.put(b"other", b"x")
        await communicator.put(b"key", b"2")
        await communicator.delete(b"key")
        assert told(await take(watch, 3)) == [
            (PUT, b"key", b"1"),
            (PUT, b"key", b"2"),
            (DELETE, b"key", b""),
        ]


async def test_tells_the_whole_key_value_pair(communicator: Communicator) -> None:
    async with communicator.watch(b"key") as watch:
        put = await communicator.put(b"key", b"value")
        (event,) = await take(watch, 1)
    revision = put.header.revision
    assert event.kv == KeyValue(b"key", b"value", revision, revision, 1, 0)
    assert event.prev_kv is None
    assert event.prev_value is None


async def test_tells_what_was_there_before(communicator: Communicator) -> None:
    await communicator.put(b"key", b"old")
    async with communicator.watch(b"key", prev_kv=True) as watch:
        await communicator.put(b"key", b"new")
        await communicator.delete(b"key")
        put, deleted = await take(watch, 2)
    assert (put.value, put.prev_value) == (b"new", b"old")
    assert (deleted.value, deleted.prev_value) == (b"", b"new")
    assert deleted.prev_kv is not None
    assert deleted.prev_kv.version == 2


async def test_watches_a_prefix_and_no_sibling(communicator: Communicator) -> None:
    async with communicator.watch_prefix(b"/foo/") as watch:
        for key in (b"/foo", b"/foobar", b"/foo/a", b"/foo0", b"/foo/\xff"):
            await communicator.put(key, b"")
        assert [event.key for event in await take(watch, 2)] == [b"/foo/a", b"/foo/\xff"]


async def test_watches_every_key(communicator: Communicator) -> None:
    async with communicator.watch_prefix(b"") as watch:
        for key in (b"\x00", b"m", b"\xff\xff"):
            await communicator.put(key, b"")
        assert [event.key for event in await take(watch, 3)] == [b"\x00", b"m", b"\xff\xff"]


async def test_watches_a_range(communicator: Communicator) -> None:
    async with communicator.watch_range(b"b", b"d") as watch:
        for key in (b"a", b"b", b"c", b"d"):
            await communicator.put(key, b"")
        assert [event.key for event in await take(watch, 2)] == [b"b", b"c"]


async def test_begins_at_a_revision(communicator: Communicator) -> None:
    revisions = [(await communicator.put(b"key", b"%d" % i)).header.revision for i in range(5)]
    async with communicator.watch(b"key", start_revision=revisions[2]) as watch:
        assert [event.value for event in await take(watch, 3)] == [b"2", b"3", b"4"]


async def test_begins_at_a_revision_that_is_yet_to_come(communicator: Communicator) -> None:
    now = (await communicator.put(b"key", b"now")).header.revision
    async with communicator.watch(b"key", start_revision=now + 2) as watch:
        await communicator.put(b"key", b"too early")
        await communicator.put(b"key", b"expected")
        assert [event.value for event in await take(watch, 1)] == [b"expected"]


async def test_says_which_revision_is_gone(communicator: Communicator) -> None:
    first = (await communicator.put(b"key", b"1")).header.revision
    last = (await communicator.put(b"key", b"2")).header.revision
    await communicator.compact(last)
    watch = communicator.watch(b"key", start_revision=first)
    with pytest.raises(CompactedError) as compacted:
        await anext(watch)
    assert compacted.value.compact_revision == last
    with pytest.raises(CompactedError):
        await anext(watch)


async def test_yields_one_list_per_revision(communicator: Communicator) -> None:
    async with communicator.watch_prefix(b"k/") as watch:
        await communicator.put(b"k/0", b"")
        operations = [TxnOp.put(b"k/1", b""), TxnOp.put(b"k/2", b""), TxnOp.delete(b"k/0")]
        await communicator.txn(Txn().and_then(operations))
        await communicator.delete_prefix(b"k/")
        batches = watch.batches()
        lists = [await asyncio.wait_for(anext(batches), 10) for _ in range(3)]
    assert [[event.key for event in batch] for batch in lists] == [
        [b"k/0"],
        [b"k/1", b"k/2", b"k/0"],
        [b"k/1", b"k/2"],
    ]


async def test_knows_how_far_it_was_read(communicator: Communicator) -> None:
    async with communicator.watch_prefix(b"k/") as watch:
        await communicator.put(b"k/0", b"")
        txn = Txn().and_then([TxnOp.put(b"k/1", b""), TxnOp.put(b"k/2", b"")])
        revision = (await communicator.txn(txn)).header.revision
        await take(watch, 2)
        assert watch.revision == revision - 1, "the revision has not been read to its end"
        await take(watch, 1)
        assert watch.revision == revision


async def test_filters(communicator: Communicator) -> None:
    no_puts = communicator.watch(b"key", filters=[WatchFilterType.NOPUT])
    no_deletes = communicator.watch(b"key", filters=[WatchFilterType.NODELETE])
    async with no_puts, no_deletes:
        await communicator.put(b"key", b"1")
        await communicator.delete(b"key")
        await communicator.put(b"key", b"2")
        await communicator.delete(b"key")
        assert [event.event for event in await take(no_puts, 2)] == [DELETE, DELETE]
        assert [event.value for event in await take(no_deletes, 2)] == [b"1", b"2"]


def answers_requests_for_progress(server: EtcdServer) -> bool:
    """Tell whether the server's answers can be trusted; the client ignores those of the others."""
    return server.version >= ((3, 5, 8) if server.version >= (3, 5) else (3, 4, 25))


async def test_progress_moves_the_revision(communicator: Communicator, etcd: EtcdServer) -> None:
    async with communicator.watch(b"key") as watch:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(anext(watch), 0.1)
        before = watch.revision
        revision = (await communicator.put(b"other", b"")).header.revision
        watch.request_progress()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(anext(watch), 0.5)
        assert watch.revision == (revision if answers_requests_for_progress(etcd) else before)


async def test_progress_can_be_asked_for_at_once(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    watch = communicator.watch(b"key")
    watch.request_progress()
    await watch.ready()
    revision = (await communicator.put(b"other", b"")).header.revision
    watch.request_progress()
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(anext(watch), 0.5)
    assert watch.revision == revision - (not answers_requests_for_progress(etcd))


async def test_the_server_reports_progress(make_server: Callable[..., EtcdServer]) -> None:
    server = make_server(flags={"watch-progress-notify-interval": "200ms"})
    async with Client(server.endpoint).connect() as communicator:
        watch = communicator.watch(b"key", progress_notify=True)
        revision = (await communicator.put(b"other", b"")).header.revision
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(anext(watch), 1)
        assert watch.revision >= revision


@pytest.mark.both_loops
async def test_tells_an_event_that_it_is_ready(communicator: Communicator) -> None:
    ready = asyncio.Event()
    watch = communicator.watch(b"key", ready_event=ready)
    await asyncio.wait_for(ready.wait(), 5)
    await communicator.put(b"key", b"value")
    assert told(await take(watch, 1)) == [(PUT, b"key", b"value")]


async def test_tells_a_condition_that_it_is_ready(communicator: Communicator) -> None:
    ready = CondVar()
    watch = communicator.watch_prefix(b"k", ready_event=ready)
    await asyncio.wait_for(ready.wait(), 5)
    await communicator.put(b"key", b"value")
    assert told(await take(watch, 1)) == [(PUT, b"key", b"value")]


async def test_is_not_ready_before_the_server_says_so(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    ready = asyncio.Event()
    async with Client(proxy.endpoint).connect() as communicator:
        proxy.stall()
        watch = communicator.watch(b"key", ready_event=ready)
        await asyncio.sleep(0.3)
        assert not ready.is_set()
        proxy.heal()
        await asyncio.wait_for(ready.wait(), 5)
        watch.cancel()


async def test_a_watch_that_was_confirmed_was_ready_though_it_has_ended(
    communicator: Communicator,
) -> None:
    ready, ended = asyncio.Event(), asyncio.Event()
    watch = communicator.watch(b"key", ready_event=ready, cleanup_event=ended)
    # The loop is blocked from before the confirmation until after the end.
    time.sleep(0.3)  # noqa: ASYNC251
    watch.cancel()
    time.sleep(0.1)  # noqa: ASYNC251
    await asyncio.wait_for(ready.wait(), 5)
    await asyncio.wait_for(ended.wait(), 5)


async def test_waiting_for_a_watch_that_fails_raises(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        proxy.blackhole()
        ready = asyncio.Event()
        watch = communicator.watch(b"key", timeout=0.2, ready_event=ready)
        with pytest.raises(EtcdTimeoutError):
            await watch.ready()
        with pytest.raises(EtcdTimeoutError):
            async with watch:
                pytest.fail("the watch was entered")
        with pytest.raises(EtcdTimeoutError):
            await anext(watch)
        assert not ready.is_set()


async def test_waiting_for_a_watch_that_is_cancelled_ends(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        proxy.blackhole()
        watch = communicator.watch(b"key")
        waiting = asyncio.ensure_future(watch.ready())
        await asyncio.sleep(0.05)
        watch.cancel()
        await asyncio.wait_for(waiting, 5)


async def test_tells_an_event_that_it_has_ended(communicator: Communicator) -> None:
    ended = asyncio.Event()
    watch = communicator.watch(b"key", cleanup_event=ended)
    await watch.ready()
    assert not ended.is_set()
    watch.cancel()
    await asyncio.wait_for(ended.wait(), 5)


async def test_ends_after_one_event_if_told_so(communicator: Communicator) -> None:
    async with communicator.watch_prefix(b"k", once=True) as watch:
        await communicator.txn(Txn().and_then([TxnOp.put(b"k1", b""), TxnOp.put(b"k2", b"")]))
        assert [event.key async for event in watch] == [b"k1"]


async def test_the_deadline_covers_the_confirmation(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        proxy.blackhole()
        watch = communicator.watch(b"key", timeout=0.3)
        with pytest.raises(EtcdTimeoutError):
            await asyncio.wait_for(anext(watch), 5)


async def test_a_confirmed_watch_has_no_deadline(communicator: Communicator) -> None:
    async with communicator.watch(b"key", timeout=0.3) as watch:
        await asyncio.sleep(0.6)
        await communicator.put(b"key", b"late")
        assert told(await take(watch, 1)) == [(PUT, b"key", b"late")]


@pytest.mark.both_loops
async def test_cancel_ends_the_iteration(communicator: Communicator) -> None:
    watch = communicator.watch(b"key")
    waiting = asyncio.create_task(anext(watch, None))
    await watch.ready()
    watch.cancel()
    assert await asyncio.wait_for(waiting, 5) is None
    assert [event async for event in watch] == []
    watch.cancel()


async def test_leaving_the_context_ends_the_watch_on_the_server(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    before = etcd.metrics().watchers
    watches = [communicator.watch(b"key%d" % i) for i in range(10)]
    for watch in watches:
        await watch.ready()
    await eventually_async(lambda: etcd.metrics().watchers == before + 10)
    for watch in watches[:9]:
        async with watch:
            pass
    await eventually_async(lambda: etcd.metrics().watchers == before + 1)
    await communicator.put(b"key9", b"")
    assert await take(watches[9], 1), "the others' end does not concern it"


async def test_a_forgotten_watch_ends_on_the_server(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    before = etcd.metrics().watchers
    await communicator.watch(b"key").ready()
    await eventually_async(lambda: etcd.metrics().watchers == before)


async def test_breaking_out_of_the_loop_ends_the_watch(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    before = etcd.metrics().watchers
    await communicator.put(b"key", b"1")
    revision = (await communicator.put(b"key", b"2")).header.revision
    async for event in communicator.watch(b"key", start_revision=revision):
        assert event.value == b"2"
        break
    await eventually_async(lambda: etcd.metrics().watchers == before)


async def test_closing_the_communicator_ends_its_watches(client: Client, etcd: EtcdServer) -> None:
    before = etcd.metrics().watchers
    async with client.connect() as communicator:
        watch = communicator.watch(b"key")
        waiting = asyncio.create_task(anext(watch, None))
        await watch.ready()
    with pytest.raises(ClosedError):
        await asyncio.wait_for(waiting, 5)
    await eventually_async(lambda: etcd.metrics().watchers == before)


async def test_closing_the_communicator_ends_a_watch_that_nobody_reads(
    client: Client, etcd: EtcdServer
) -> None:
    before = etcd.metrics().watch_streams
    async with client.connect() as stays_open, client.connect() as communicator:
        watch = communicator.watch_prefix(b"k")
        await watch.ready()
        for i in range(6):
            await stays_open.put(b"k%d" % i, bytes(1_000_000))
        await asyncio.sleep(0.2)
        communicator.close()
        await eventually_async(lambda: etcd.metrics().watch_streams == before)
        assert await stays_open.count_prefix(b"k") == 6
        del watch


async def test_several_tasks_share_a_watch(communicator: Communicator) -> None:
    async def read(watch: Watch) -> list[bytes]:
        return [event.value async for event in watch]

    async with communicator.watch(b"key") as watch:
        readers = [asyncio.create_task(read(watch)) for _ in range(4)]
        for i in range(200):
            await communicator.put(b"key", b"%d" % i)
        await asyncio.sleep(0.2)
    shares = await asyncio.gather(*readers)
    assert sorted(int(value) for share in shares for value in share) == list(range(200))
    for share in shares:
        assert [int(value) for value in share] == sorted(int(value) for value in share)


async def test_takes_an_id(communicator: Communicator) -> None:
    async with communicator.watch(b"key", watch_id=7) as watch:
        await communicator.put(b"key", b"value")
        assert told(await take(watch, 1)) == [(PUT, b"key", b"value")]


def test_events_are_values() -> None:
    event = WatchEvent(b"key", b"value", PUT, b"old")
    assert event == WatchEvent(key=b"key", value=b"value", event=PUT, prev_value=b"old")
    assert event != WatchEvent(b"key", b"value", DELETE, b"old")
    assert pickle.loads(pickle.dumps(event)) == event  # noqa: S301 - our own
    assert hash(event) == hash(pickle.loads(pickle.dumps(event)))  # noqa: S301 - our own
    assert repr(event) == (
        "WatchEvent(key=b'key', value=b'value', event=WatchEventType.PUT, prev_value=b'old')"
    )
