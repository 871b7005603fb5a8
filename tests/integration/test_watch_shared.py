"""Watches that share streams: many on few, and none that suffers from another."""

import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from etcd_client import (
    Client,
    Communicator,
    CompactedError,
    ConnectOptions,
    RpcError,
    Watch,
    WatchBatch,
    WatchEvent,
)
from etcd_client.testing import EtcdServer, Proxy, ServerTls
from tests.support import tasks
from tests.support.front import Http2Front
from tests.support.leftovers import settled_metrics
from tests.support.stalls import stalls
from tests.support.tls import Certificates
from tests.support.waiting import eventually_async

MANY = 5000
LARGE = bytes(1_000_000)


async def values(watch: AsyncIterator[WatchEvent], count: int, within: float = 20) -> list[bytes]:
    """Read that many events and return their values."""
    return [(await tasks.wait_for(anext(watch), within)).value for _ in range(count)]


async def ready(watches: list[Watch]) -> list[Watch]:
    """Wait until the server has confirmed all of them."""
    await tasks.gather(*(watch.ready() for watch in watches))
    return watches


async def put_many(communicator: Communicator, count: int) -> None:
    """Put one numbered value for each key, 64 at a time."""
    for start in range(0, count, 64):
        numbers = range(start, min(start + 64, count))
        await tasks.gather(*(communicator.put(b"key/%d" % i, b"%d" % i) for i in numbers))


@pytest.fixture
def front(etcd: EtcdServer, endpoint: str) -> Iterator[Http2Front]:
    """Yield what can limit the streams of a connection."""
    assert endpoint
    with Http2Front(etcd.address) as front:
        yield front


async def five_thousand(communicator: Communicator, server: EtcdServer) -> None:
    """Open that many watches, see that each gets its event, and that nothing is left of them."""
    before = await settled_metrics(server)
    watches = await ready([communicator.watch(b"key/%d" % i) for i in range(MANY)])
    stats, metrics = communicator.stats(), server.metrics()
    assert (stats.watches, metrics.watchers - before.watchers) == (MANY, MANY)
    assert stats.watch_streams == metrics.watch_streams - before.watch_streams <= 3
    await put_many(communicator, MANY)
    told = await tasks.gather(*(values(watch, 1) for watch in watches))
    assert told == [[b"%d" % i] for i in range(MANY)]
    del watches
    await eventually_async(lambda: server.metrics().watchers == before.watchers, within=30)
    await eventually_async(lambda: communicator.stats().watch_streams == 0)
    assert communicator.stats().watches == 0


async def test_five_thousand_where_eight_streams_are_allowed(
    etcd: EtcdServer, front: Http2Front
) -> None:
    await tasks.to_thread(front.limit_streams, 8)
    async with Client(front.endpoint).connect() as communicator:
        await five_thousand(communicator, etcd)
    assert front.streams_refused() == 0


async def test_five_thousand_over_tls(
    make_server: Callable[..., EtcdServer], certificates: Certificates
) -> None:
    """Go's servers allow 250 streams there."""
    server = make_server(tls=ServerTls(certificates.server()))
    options = ConnectOptions().with_tls(ca=certificates.authority)
    async with Client(server.endpoint, options).connect() as communicator:
        await five_thousand(communicator, server)


async def test_those_that_are_cancelled_end_on_the_server(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    before = await settled_metrics(etcd)
    watches = await ready([communicator.watch(b"key/%d" % i) for i in range(2000)])
    assert etcd.metrics().watchers == before.watchers + 2000
    for watch in watches[::2]:
        watch.cancel()
    await eventually_async(lambda: etcd.metrics().watchers == before.watchers + 1000)
    assert etcd.metrics().watch_streams == before.watch_streams + 1
    await put_many(communicator, 2000)
    told = await tasks.gather(*(values(watch, 1) for watch in watches[1::2]))
    assert told == [[b"%d" % i] for i in range(1, 2000, 2)]


async def test_one_that_cannot_begin_ends_alone(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    before = (await settled_metrics(etcd)).watchers
    first = (await communicator.put(b"key", b"1")).header.revision
    last = (await communicator.put(b"key", b"2")).header.revision
    await communicator.compact(last)
    watches = [communicator.watch(b"key") for _ in range(10)]
    compacted = [communicator.watch(b"key", start_revision=first) for _ in range(10)]
    watches += [communicator.watch(b"key") for _ in range(10)]
    for watch in compacted:
        with pytest.raises(CompactedError):
            await values(watch, 1)
    await ready(watches)
    await eventually_async(lambda: communicator.stats().watches == 20)
    await communicator.put(b"key", b"3")
    assert await tasks.gather(*(values(watch, 1) for watch in watches)) == [[b"3"]] * 20
    await eventually_async(lambda: etcd.metrics().watchers == before + 20)


async def test_ids_may_be_chosen_twice(communicator: Communicator) -> None:
    watches = [communicator.watch(b"key", watch_id=number % 3) for number in range(9)]
    await ready(watches)
    # One of each id on a stream, and the rest with one of them.
    assert communicator.stats().watch_streams == 3
    await communicator.put(b"key", b"value")
    assert await tasks.gather(*(values(watch, 1) for watch in watches)) == [[b"value"]] * 9


async def test_a_slow_reader_gets_a_stream_of_its_own(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    before = (await settled_metrics(etcd)).watch_streams
    slow, *others = await ready([communicator.watch_prefix(b"key/") for _ in range(10)])
    for number in range(30):
        await communicator.put(b"key/%d" % number, LARGE)
        assert await tasks.gather(*(values(watch, 1) for watch in others)) == [[LARGE]] * 9
    await eventually_async(lambda: communicator.stats().watch_streams == 2)
    assert await values(slow, 30) == [LARGE] * 30
    # It keeps up again: it shares a stream once more.
    await eventually_async(lambda: communicator.stats().watch_streams == 1, within=10)
    await eventually_async(lambda: etcd.metrics().watch_streams == before + 1)
    await communicator.put(b"key/x", b"last")
    told = await tasks.gather(*(values(watch, 1) for watch in (slow, *others)))
    assert told == [[b"last"]] * 10


async def test_more_slow_readers_than_streams_lose_nothing(front: Http2Front) -> None:
    """With four streams allowed only one reader has its own; the others wait for themselves."""
    await tasks.to_thread(front.limit_streams, 4)
    async with Client(front.endpoint).connect() as communicator:
        watches = await ready([communicator.watch_prefix(b"key/") for _ in range(8)])
        for number in range(12):
            await communicator.put(b"key/%d" % number, bytes([number]) * 500_000)
        assert await communicator.get(b"key/0") == bytes(500_000)
        assert communicator.stats().watch_streams <= 3
        for watch in watches:
            found = await values(watch, 12)
            assert [value[0] for value in found] == list(range(12))


async def test_what_one_has_to_catch_up_with_does_not_delay_the_others(
    communicator: Communicator, proxy: Proxy
) -> None:
    """A server sends all of it at once: what shares its stream would wait for eight seconds."""
    first = (await communicator.put(b"old/0", LARGE)).header.revision
    for number in range(1, 150):
        # So many revisions that it counts as far behind, and 40 of them large.
        await communicator.put(b"old/%d" % number, LARGE if number < 40 else b"")
    await tasks.to_thread(proxy.limit_bandwidth, 5_000_000)
    async with Client(proxy.endpoint).connect() as client, client.watch(b"key") as live:
        behind = client.watch_prefix(b"old/", start_revision=first)
        catching_up = tasks.create_task(values(behind, 150, 60))
        slowest = 0.0
        with stalls() as stalled:
            while not catching_up.done():
                began = time.monotonic()
                await communicator.put(b"key", b"value")
                assert await values(live, 1) == [b"value"]
                slowest = max(slowest, time.monotonic() - began)
                await tasks.sleep(0.01)
        assert [len(value) for value in await catching_up] == [len(LARGE)] * 40 + [0] * 110
        assert slowest - stalled.seconds < 4


async def test_the_revision_is_known_from_the_confirmation_on(communicator: Communicator) -> None:
    now = (await communicator.put(b"key", b"value")).header.revision
    for start, expected in ((0, now), (now, now - 1), (now + 1, now), (now + 9, now + 8)):
        async with communicator.watch(b"key", start_revision=start) as watch:
            assert watch.revision == expected


async def test_batches_carry_their_header(communicator: Communicator) -> None:
    async with communicator.watch(b"key") as watch:
        put = await communicator.put(b"key", b"value")
        batch = await tasks.wait_for(anext(watch.batches()), 5)
    assert isinstance(batch, WatchBatch)
    assert batch.revision == put.header.revision
    assert batch.header == put.header
    assert batch == list(batch)


async def test_a_revision_beyond_the_limit_ends_its_watch_alone(endpoint: str) -> None:
    options = ConnectOptions(max_response_size=2_500_000)
    async with (
        Client(endpoint).connect() as direct,
        Client(endpoint, options).connect() as communicator,
    ):
        prefix = await ready([communicator.watch_prefix(b"key/", prev_kv=True)])
        others = await ready([communicator.watch(b"key/%d" % i) for i in range(20)])
        for number in range(9):
            await direct.put(b"key/%d" % number, LARGE)
        await direct.delete_prefix(b"key/")
        for watch in others[:9]:
            assert await values(watch, 2) == [LARGE, b""]
        await values(prefix[0], 9)
        with pytest.raises(RpcError, match="max_response_size"):
            await values(prefix[0], 1)
        await direct.put(b"key/19", b"value")
        assert await values(others[19], 1) == [b"value"]


async def test_catches_up_with_more_than_the_limit(endpoint: str) -> None:
    """Servers send all that they have in one message where no fragments are asked for."""
    options = ConnectOptions(max_response_size=4_000_000)
    async with Client(endpoint, options).connect() as communicator:
        first = (await communicator.put(b"key", LARGE)).header.revision
        for _ in range(30):
            await communicator.put(b"key", LARGE)
        watch = communicator.watch(b"key", start_revision=first)
        assert await values(watch, 31) == [LARGE] * 31
