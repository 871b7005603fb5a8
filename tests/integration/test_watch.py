"""Watches: what they yield, in which order, when they are ready and how they end."""

import pickle
from collections.abc import AsyncIterator, Callable

import pytest

from etcd_client import (
    Client,
    Communicator,
    CompactedError,
    KeyValue,
    Txn,
    TxnOp,
    Watch,
    WatchEvent,
    WatchEventType,
    WatchFilterType,
)
from etcd_client.testing import EtcdServer
from tests.support import tasks
from tests.support.waiting import eventually_async

PUT, DELETE = WatchEventType.PUT, WatchEventType.DELETE


async def take(watch: AsyncIterator[WatchEvent], count: int) -> list[WatchEvent]:
    """Read that many events."""
    return [await tasks.wait_for(anext(watch), 10) for _ in range(count)]


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
        lists = [await tasks.wait_for(anext(batches), 10) for _ in range(3)]
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


async def comes_to(watch: Watch, revision: int) -> None:
    """Wait without an event until the watch is at a revision, at least half a second."""

    async def reached() -> bool:
        with pytest.raises(tasks.TimeoutError):
            await tasks.wait_for(anext(watch), 0.5)
        return watch.revision == revision

    await eventually_async(reached)


async def test_progress_moves_the_revision(communicator: Communicator, etcd: EtcdServer) -> None:
    async with communicator.watch(b"key") as watch:
        with pytest.raises(tasks.TimeoutError):
            await tasks.wait_for(anext(watch), 0.1)
        before = watch.revision
        revision = (await communicator.put(b"other", b"")).header.revision
        watch.request_progress()
        await comes_to(watch, revision if answers_requests_for_progress(etcd) else before)


async def test_progress_can_be_asked_for_at_once(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    watch = communicator.watch(b"key")
    watch.request_progress()
    await watch.ready()
    revision = (await communicator.put(b"other", b"")).header.revision
    watch.request_progress()
    await comes_to(watch, revision - (not answers_requests_for_progress(etcd)))


async def test_progress_is_told_to_those_that_have_asked(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    """Though a server answers for all watches of a stream at once."""
    async with communicator.watch(b"key") as asking, communicator.watch(b"key") as silent:
        before = silent.revision
        revision = (await communicator.put(b"other", b"")).header.revision
        asking.request_progress()
        await comes_to(asking, revision if answers_requests_for_progress(etcd) else before)
        await comes_to(silent, before)


async def test_progress_beside_watches_that_wait_for_the_future(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    """A server does not answer while one watch of the stream begins beyond its revision."""
    async with communicator.watch(b"key") as watch:
        before = watch.revision
        now = (await communicator.put(b"other", b"")).header.revision
        future = [communicator.watch(b"key", start_revision=now + n) for n in (1, 2, 1000)]
        await tasks.gather(*(each.ready() for each in future))
        watch.request_progress()
        await comes_to(watch, now if answers_requests_for_progress(etcd) else before)


async def test_the_server_reports_progress(make_server: Callable[..., EtcdServer]) -> None:
    server = make_server(flags={"watch-progress-notify-interval": "200ms"})
    async with Client(server.endpoint).connect() as communicator:
        watch = communicator.watch(b"key", progress_notify=True)
        revision = (await communicator.put(b"other", b"")).header.revision
        # No other key changes.
        await comes_to(watch, revision)


async def test_several_tasks_share_a_watch(communicator: Communicator) -> None:
    shares: list[list[bytes]] = [[] for _ in range(4)]

    async def read(watch: Watch, share: list[bytes]) -> None:
        async for event in watch:
            share.append(event.value)  # noqa: PERF401 - it is counted meanwhile

    async with communicator.watch(b"key") as watch:
        readers = [tasks.create_task(read(watch, share)) for share in shares]
        for i in range(200):
            await communicator.put(b"key", b"%d" % i)
        await eventually_async(lambda: sum(map(len, shares)) == 200)
    await tasks.gather(*readers)
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
