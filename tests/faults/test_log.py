"""Faults are told: in the log of `etcd_client`, and in counts that a program can read."""

import asyncio
import logging

import pytest

from etcd_client import Client, Communicator, Stats
from etcd_client.testing import Proxy
from tests.faults.tools import in_use, values
from tests.support.front import Front
from tests.support.waiting import eventually_async


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings of the client so far."""
    return [record.getMessage() for record in caplog.records if record.name == "etcd_client"]


async def until_told(caplog: pytest.LogCaptureFixture, words: str) -> str:
    """Wait for a warning with certain words in it and return it."""
    matching: list[str] = []

    def found() -> list[str]:
        matching[:] = [message for message in told(caplog) if words in message]
        return matching

    await eventually_async(found)
    return matching[0]


async def test_a_lost_connection_is_told(
    endpoint: str, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    async with Client(proxy.endpoint).connect() as communicator:
        await communicator.put(b"key", b"")
        assert told(caplog) == []
        await asyncio.to_thread(proxy.drop)
        message = await until_told(caplog, "lost the connection")
        assert proxy.endpoint in message
        await communicator.get(b"key")
        await until_told(caplog, f"connected to {proxy.endpoint} again")
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert endpoint


async def test_a_failover_is_told(
    through_front: Communicator, front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    used = await in_use(through_front, front)
    await asyncio.to_thread(front.proxies[used].refuse)
    await asyncio.to_thread(front.proxies[used].drop)
    await through_front.get(b"key")
    now = await in_use(through_front, front)
    message = await until_told(caplog, "calls move")
    assert f"from {front.endpoints[used]} to {front.endpoints[now]}" in message
    assert through_front.stats().failovers == 1


async def test_a_resumed_watch_is_told(
    endpoint: str, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        Client(endpoint).connect() as direct,
        Client(proxy.endpoint).connect() as client,
        client.watch(b"key") as watch,
    ):
        put = await direct.put(b"key", b"1")
        assert await values(watch, 1) == [b"1"]
        await asyncio.to_thread(proxy.drop)
        message = await until_told(caplog, "a watch resumes")
        assert f"at revision {put.header.revision + 1}" in message
        assert client.stats().resumes == 1


async def test_many_equal_events_are_told_once(
    endpoint: str, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    async with Client(proxy.endpoint).connect() as client:
        watches = [client.watch(b"key") for _ in range(500)]
        await asyncio.gather(*(watch.ready() for watch in watches))
        await asyncio.to_thread(proxy.drop)
        await until_told(caplog, "500 watches resume")
        assert client.stats().resumes == 1
    assert len(told(caplog)) < 100
    assert endpoint


async def test_the_loop_that_is_there_tells(
    endpoint: str, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    """Connections are shared; when the loop of the first user is gone, another one tells."""

    def connect_and_go() -> None:
        async def use() -> None:
            context = Client(proxy.endpoint).connect()
            communicator = await context.__aenter__()
            await communicator.put(b"key", b"")
            kept.append((context, communicator))

        kept: list[object] = []
        asyncio.run(use())

    await asyncio.to_thread(connect_and_go)
    async with Client(proxy.endpoint).connect() as communicator:
        await communicator.get(b"key")
        await asyncio.to_thread(proxy.drop)
        await until_told(caplog, "lost the connection")
    assert endpoint


async def test_counts(endpoint: str, proxy: Proxy) -> None:
    async with Client(proxy.endpoint).connect() as client, client.watch(b"key"):
        before = client.stats()
        assert before in [Stats(0, 0, 0, 1, 0, 0, 0, 1, streams, 1, 1, 0, 0) for streams in (0, 1)]
        await asyncio.gather(*(client.put(b"key", b"") for _ in range(10)))
        assert client.stats().requests == 10
        await asyncio.to_thread(proxy.stall)
        waiting = asyncio.ensure_future(client.get(b"key"))
        await eventually_async(lambda: client.stats().in_flight == 1)
        await asyncio.to_thread(proxy.drop)
        await asyncio.to_thread(proxy.heal)
        await waiting
        await eventually_async(lambda: client.stats().resumes == 1)
        after = client.stats()
        assert (after.requests, after.in_flight, after.connects, after.reconnects) == (11, 0, 2, 1)
        assert after.retries >= 1
        assert after.failovers == 0
    assert endpoint
