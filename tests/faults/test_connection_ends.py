"""Connections that a server or a proxy winds up while it goes on: GOAWAY, and few streams."""

import asyncio
from collections.abc import Iterator

import pytest

from etcd_client import Client, ConnectOptions, Lock
from tests.support.front import Http2Front
from tests.support.waiting import eventually_async

# As many as etcd's own TLS port would be generous to have.
FEW_STREAMS = 8
# How many connections there are to one member at most.
MOST_CONNECTIONS = 16


@pytest.fixture
def front(endpoint: str) -> Iterator[Http2Front]:
    host, _, port = endpoint.removeprefix("http://").rpartition(":")
    with Http2Front((host, int(port))) as front:
        yield front


async def test_calls_go_on_after_goaway_while_a_stream_stays(front: Http2Front) -> None:
    """The old connection lives for as long as what is open on it, and takes nothing new."""
    async with Client(front.endpoint).connect() as client, client.watch(b"key") as watch:
        await watch.ready()
        assert await asyncio.to_thread(front.go_away) == 1
        # A call that crosses the farewell is made again.
        await eventually_async(lambda: front.connections_seen == 2)
        for number in range(20):
            await client.put(b"key", str(number).encode(), timeout=10)
        values = [(await anext(watch)).value for _ in range(20)]
        assert values == [str(number).encode() for number in range(20)]
        assert client.stats().retries == 0


async def test_what_can_move_leaves_a_connection_that_goes_away(front: Http2Front) -> None:
    async with Client(front.endpoint).connect() as client, client.watch(b"key") as watch:
        await watch.ready()
        await asyncio.to_thread(front.go_away)
        # The front closes what has no stream any more.
        await eventually_async(lambda: front.connections_seen == 2 and front.connections_open == 1)
        await client.put(b"key", b"moved")
        assert (await anext(watch)).value == b"moved"


async def test_a_lock_is_kept_where_a_proxy_says_goaway_all_the_time(front: Http2Front) -> None:
    await asyncio.to_thread(front.go_away_after, 3)
    async with Client(front.endpoint).connect() as client, Lock(client, "name") as lock:
        for number in range(200):
            await client.put(b"key", str(number).encode(), timeout=10)
            assert await client.get(b"key", timeout=10) == str(number).encode()
        assert not lock.lost.is_set()
    assert front.connections_seen > 50


async def test_a_thousand_calls_where_few_streams_are_allowed(front: Http2Front) -> None:
    await asyncio.to_thread(front.limit_streams, FEW_STREAMS)
    await asyncio.to_thread(front.delay_answers, 0.01)
    async with Client(front.endpoint).connect() as client:
        await asyncio.gather(*(client.put(f"key{number}", b"") for number in range(1000)))
        assert await client.count_prefix("key") == 1000
        stats = client.stats()
        assert 1 < stats.connections <= MOST_CONNECTIONS
        assert stats.streams == 0
    assert front.most_streams_at_once <= FEW_STREAMS
    assert front.streams_refused() == 0


@pytest.mark.timeout(120)
async def test_connections_that_are_not_needed_any_more_are_closed(front: Http2Front) -> None:
    """Those that were opened for a peak of calls, half a minute after it."""
    await asyncio.to_thread(front.limit_streams, FEW_STREAMS)
    async with Client(front.endpoint).connect() as client:
        await asyncio.gather(*(client.put(f"key{number}", b"") for number in range(100)))
        # The calls may have ended before another connection was made.
        await eventually_async(lambda: client.stats().connections > 1)
        await eventually_async(lambda: client.stats().connections == 1, within=45)
        assert await client.get(b"key1", timeout=10) == b""
        assert client.stats().retries == 0


async def test_a_limit_that_is_known_by_refusals_only(front: Http2Front) -> None:
    """No change is made twice, and none is called unknown."""
    await asyncio.to_thread(lambda: front.limit_streams(FEW_STREAMS, told=False))
    async with Client(front.endpoint, ConnectOptions(timeout=30)).connect() as client:
        await asyncio.gather(*(client.put(b"key", b"") for _ in range(100)))
        kv = await client.get_kv(b"key")
        assert kv is not None
        assert kv.version == 100


@pytest.mark.timeout(120)
async def test_pings_become_rarer_where_a_server_finds_them_too_many(
    front: Http2Front, caplog: pytest.LogCaptureFixture
) -> None:
    """The interval doubles until it suits the server, and the watch misses nothing meanwhile."""
    await asyncio.to_thread(front.allow_pings_every, 3)
    options = ConnectOptions(keep_alive_interval=1, keep_alive_timeout=10)
    async with Client(front.endpoint, options).connect() as client, client.watch(b"key") as watch:
        await watch.ready()
        await eventually_async(lambda: front.connections_seen >= 3, within=40)
        await asyncio.sleep(15)
        pings, connections = front.pings_seen, front.connections_seen
        await asyncio.sleep(15)
        assert front.connections_seen == connections
        assert front.pings_seen > pings
        await client.put(b"key", b"value")
        assert (await anext(watch)).value == b"value"
    assert "wants fewer pings" in caplog.text
