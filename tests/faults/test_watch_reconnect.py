"""Watches whose streams break: every event once, in order, whatever happens to the network."""

import asyncio
import contextlib
import random
import time
from collections import Counter

import pytest

from etcd_client import Client, Communicator, Watch
from etcd_client.testing import EtcdServer, Proxy
from tests.faults.tools import values
from tests.support.flags import QUICK_ELECTIONS
from tests.support.leftovers import settled_metrics
from tests.support.waiting import eventually_async


async def test_watch_reconn_request(endpoint: str, proxy: Proxy, chance: random.Random) -> None:
    """Port of TestWatchReconnRequest: connections drop while the watch is being created."""
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as client:
        for number in range(10):
            watch = client.watch(b"a")
            for _ in range(5):
                await asyncio.to_thread(proxy.drop)
                await asyncio.sleep(chance.uniform(0, 0.005))
            await watch.ready()
            await direct.put(b"a", str(number))
            assert await values(watch, 1) == [str(number).encode()]
            watch.cancel()


async def test_watch_reconn_init(endpoint: str, proxy: Proxy) -> None:
    """Port of TestWatchReconnInit: the connection drops before the first event."""
    async with (
        Client(endpoint).connect() as direct,
        Client(proxy.endpoint).connect() as client,
        client.watch(b"a") as watch,
    ):
        await asyncio.to_thread(proxy.drop)
        await direct.put(b"a", b"a")
        assert await values(watch, 1) == [b"a"]


async def test_watch_reconn_running(endpoint: str, proxy: Proxy) -> None:
    """Port of TestWatchReconnRunning: the connection drops after some events."""
    async with (
        Client(endpoint).connect() as direct,
        Client(proxy.endpoint).connect() as client,
        client.watch(b"a") as watch,
    ):
        await direct.put(b"a", b"a")
        assert await values(watch, 1) == [b"a"]
        await asyncio.to_thread(proxy.drop)
        await direct.put(b"a", b"b")
        assert await values(watch, 1) == [b"b"]
        assert client.stats().resumes == 1


async def test_watch_resume_after_disconnect(endpoint: str, proxy: Proxy) -> None:
    """Port of TestWatchResumeAfterDisconnect: exactly what came while there was no stream."""
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as client:
        await direct.put(b"b", b"2")
        await direct.put(b"a", b"3")
        async with client.watch(b"a") as watch:
            await asyncio.to_thread(proxy.refuse)
            await asyncio.to_thread(proxy.drop)
            await direct.put(b"a", b"4")
            await direct.put(b"a", b"5")
            await asyncio.sleep(0.1)
            await asyncio.to_thread(proxy.heal)
            assert await values(watch, 2) == [b"4", b"5"]
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(anext(watch), 0.3)


async def test_a_watch_that_was_never_confirmed_begins_when_it_can(
    endpoint: str, proxy: Proxy
) -> None:
    """Its revision is that of its confirmation: nothing before, and everything from then on."""
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as client:
        await asyncio.to_thread(proxy.stall)
        watch = client.watch(b"a")
        await asyncio.sleep(0.1)
        await asyncio.to_thread(proxy.drop)
        await direct.put(b"a", b"before")
        await asyncio.to_thread(proxy.heal)
        await watch.ready()
        await direct.put(b"a", b"after")
        found = await values(watch, 1)
        assert found in ([b"after"], [b"before"])
        if found == [b"before"]:
            assert await values(watch, 1) == [b"after"]


async def test_watch_overlap_drop_conn_context_cancel(
    endpoint: str, proxy: Proxy, chance: random.Random
) -> None:
    """Port of TestWatchOverlapDropConnContextCancel: cancelling one watch harms no other."""
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as client:
        over, written = asyncio.Event(), asyncio.Event()

        async def create_and_cancel() -> None:
            while not over.is_set():
                watch = client.watch_prefix(b"a")
                if chance.random() < 0.7:
                    await watch.ready()
                    await values(watch, 1)
                await asyncio.sleep(chance.uniform(0, 0.02))
                watch.cancel()

        async def write() -> None:
            while not written.is_set():
                await direct.put(b"a", b"")
                await asyncio.sleep(0.002)

        tasks = [asyncio.create_task(create_and_cancel()) for _ in range(100)]
        writing = asyncio.create_task(write())
        for _ in range(15):
            await asyncio.sleep(chance.uniform(0, 0.1))
            await asyncio.to_thread(proxy.drop)
        over.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 30)
        written.set()
        await writing


async def _stress(proxy: Proxy, etcd: EtcdServer, watchers: int) -> None:
    before = (await settled_metrics(etcd)).watchers
    async with Client(proxy.endpoint).connect() as client:
        watches = [client.watch_prefix(b"") for _ in range(watchers)]
        await asyncio.gather(*(watch.ready() for watch in watches))
        await asyncio.to_thread(proxy.drop)
        began = time.monotonic()
    assert time.monotonic() - began < 4
    for watch in watches:
        with pytest.raises(Exception, match="closed"):
            await asyncio.wait_for(anext(watch), 10)
    await eventually_async(lambda: etcd.metrics().watchers == before, 10)


async def test_watch_stress_resume_close(endpoint: str, proxy: Proxy, etcd: EtcdServer) -> None:
    """Port of TestWatchStressResumeClose: 2,000 watches lose their connection and are closed."""
    assert endpoint
    await _stress(proxy, etcd, 2000)


async def test_two_thousand_watches_lose_nothing(endpoint: str, proxy: Proxy) -> None:
    """All of them resume at once and get what they have missed, and nothing twice."""
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as client:
        watches = [client.watch_prefix(b"a/") for _ in range(2000)]
        await asyncio.gather(*(watch.ready() for watch in watches))
        await direct.put(b"a/1", b"1")
        await asyncio.to_thread(proxy.drop)
        await direct.put(b"a/2", b"2")
        await direct.put(b"a/1", b"3")
        found = await asyncio.gather(*(values(watch, 3, 40) for watch in watches))
        assert Counter(map(tuple, found)) == {(b"1", b"2", b"3"): 2000}
        assert client.stats().resumes == 1, "they share a stream"


async def test_watch_cancel_disconnected(endpoint: str, proxy: Proxy) -> None:
    """Port of TestWatchCancelDisconnected: cancelling needs no server."""
    async with Client(proxy.endpoint).connect() as client, client.watch(b"a") as watch:
        step = asyncio.ensure_future(anext(watch))
        await asyncio.to_thread(proxy.refuse)
        await asyncio.to_thread(proxy.drop)
        await asyncio.sleep(0.2)
        watch.cancel()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(step, 5)
    assert endpoint


async def test_watch_cancel_on_server(endpoint: str, etcd: EtcdServer) -> None:
    """Port of TestWatchCancelOnServer: the server lets go of cancelled watches."""
    before = (await settled_metrics(etcd)).watchers
    async with Client(endpoint).connect() as client:
        watches: list[Watch] = [client.watch(b"a") for _ in range(10)]
        await asyncio.gather(*(watch.ready() for watch in watches))
        assert etcd.metrics().watchers == before + 10
        for watch in watches[:6]:
            watch.cancel()
        await eventually_async(lambda: etcd.metrics().watchers == before + 4)
        del watch, watches
        await eventually_async(lambda: etcd.metrics().watchers == before)


async def test_v3_watch_progress_on_member_restart() -> None:
    """Port of TestV3WatchProgressOnMemberRestart: what was told before is not told again."""
    flags = {**QUICK_ELECTIONS, "watch-progress-notify-interval": "200ms"}
    with EtcdServer(flags=flags) as server:
        async with (
            Client(server.endpoint).connect() as client,
            client.watch_prefix(b"", progress_notify=True) as watch,
        ):
            for number in range(2):
                put = await client.put(b"key", str(number))
                assert await values(watch, 1) == [str(number).encode()]
                await asyncio.sleep(0.5)
                assert watch.revision == put.header.revision
                await asyncio.to_thread(server.restart)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(anext(watch), 1)


async def test_cancelled_steps_lose_nothing_over_reconnects(
    endpoint: str, proxy: Proxy, chance: random.Random
) -> None:
    """A reader that gives up every half millisecond, on a stream that breaks every 50."""
    async with (
        Client(endpoint).connect() as direct,
        Client(proxy.endpoint).connect() as client,
        client.watch(b"key") as watch,
    ):
        writing = asyncio.create_task(_count(direct, 1000))
        dropping = asyncio.create_task(_keep_dropping(proxy, chance))
        found: list[bytes] = []
        deadline = time.monotonic() + 40
        while len(found) < 1000 and time.monotonic() < deadline:
            with contextlib.suppress(asyncio.TimeoutError):
                found.append((await asyncio.wait_for(anext(watch), 0.0005)).value)
        dropping.cancel()
        await writing
    assert found == [str(number).encode() for number in range(1000)]


async def _count(communicator: Communicator, numbers: int) -> None:
    for number in range(numbers):
        await communicator.put(b"key", str(number))


async def _keep_dropping(proxy: Proxy, chance: random.Random) -> None:
    while True:
        await asyncio.sleep(chance.uniform(0, 0.1))
        await asyncio.to_thread(proxy.drop)
