"""Calls whose connection or server goes away: reads are repeated, changes never are."""

import asyncio
import random
from collections import Counter

import pytest

from etcd_client import (
    Client,
    Communicator,
    ConnectOptions,
    EtcdTimeoutError,
    OutcomeUnknownError,
    RequestTooLargeError,
    RpcError,
)
from etcd_client.testing import EtcdServer, Proxy
from tests.faults.tools import in_use
from tests.support.flags import QUICK_ELECTIONS
from tests.support.front import Front
from tests.support.waiting import eventually_async

MEBIBYTE = 2**20


async def test_put_at_most_once(endpoint: str, proxy: Proxy, chance: random.Random) -> None:
    """Port of TestKVPutAtMostOnce."""
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as dropped:
        await direct.put(b"key", b"")
        outcomes: Counter[str] = Counter()
        for _ in range(10):
            put = asyncio.ensure_future(dropped.put(b"key", b"x"))
            await asyncio.sleep(chance.uniform(0, 0.002))
            await asyncio.to_thread(proxy.drop)
            try:
                await put
                outcomes["done"] += 1
            except OutcomeUnknownError:
                outcomes["unknown"] += 1
        pair = await direct.get_kv(b"key")
    assert pair is not None
    made = pair.version - 1
    assert outcomes["done"] <= made <= outcomes["done"] + outcomes["unknown"] <= 10


async def test_get_retry(through_front: Communicator, front: Front) -> None:
    """Port of TestKVGetRetry."""
    await through_front.put(b"foo", b"bar")
    member = front.members[await in_use(through_front, front)]
    member.kill()
    assert await through_front.get(b"foo") == b"bar"
    await asyncio.to_thread(member.start)
    assert await through_front.get(b"foo") == b"bar"


async def test_get_waits_for_a_lone_server(endpoint: str, proxy: Proxy) -> None:
    """A get that finds no server at all waits for one, within its deadline."""
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as client:
        await direct.put(b"foo", b"bar")
        await asyncio.to_thread(proxy.refuse)
        await asyncio.to_thread(proxy.drop)
        get = asyncio.ensure_future(client.get(b"foo"))
        await asyncio.sleep(0.5)
        assert not get.done()
        await asyncio.to_thread(proxy.heal)
        assert await get == b"bar"


async def test_put_fail_get_retry(endpoint: str, proxy: Proxy) -> None:
    """Port of TestKVPutFailGetRetry: what could not be sent is certainly not done."""
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as client:
        await asyncio.to_thread(proxy.refuse)
        await asyncio.to_thread(proxy.drop)
        await eventually_async(lambda: client.stats().connections == 0)
        with pytest.raises(EtcdTimeoutError) as error:
            await client.put(b"foo", b"bar", timeout=0.5)
        assert not isinstance(error.value, OutcomeUnknownError)
        await asyncio.to_thread(proxy.heal)
        assert await client.get(b"foo") is None
        assert await direct.get(b"foo") is None


async def test_an_idle_connection_that_was_lost_costs_no_error(proxy: Proxy) -> None:
    """A change that nothing was written of is sent on a new connection instead."""
    async with Client(proxy.endpoint).connect() as client:
        await client.delete(b"key")
        for number in range(20):
            await asyncio.to_thread(proxy.drop)
            await client.put(b"key", str(number))
        assert (await client.range(b"key")).kvs[0].version == 20
        assert proxy.connections_seen > 20


async def test_a_server_that_restarts_between_calls_costs_no_error() -> None:
    with EtcdServer(flags=QUICK_ELECTIONS) as server:
        async with Client(server.endpoint).connect() as client:
            for again in (server.stop, server.kill):
                await client.put(b"key", b"")
                again()
                await asyncio.to_thread(server.start)
                await client.put(b"key", b"")
            assert (await client.range(b"key")).kvs[0].version == 4
            assert client.stats().reconnects == 2


async def test_large_requests() -> None:
    """Port of TestKVLargeRequests."""
    with EtcdServer(flags={"max-request-bytes": 1 * MEBIBYTE}) as small:
        async with Client(small.endpoint).connect() as client:
            with pytest.raises(RequestTooLargeError):
                await client.put(b"foo", bytes(MEBIBYTE + 512))
            with pytest.raises(RequestTooLargeError):
                await client.put(b"foo", bytes(10 * MEBIBYTE))
            assert await client.get(b"foo") is None
    with EtcdServer(flags={"max-request-bytes": 10 * MEBIBYTE}) as large:
        async with Client(large.endpoint).connect() as client:
            await client.put(b"foo", bytes(5 * MEBIBYTE))
            assert await client.get(b"foo") == bytes(5 * MEBIBYTE)


async def test_an_answer_that_is_too_large_does_not_hide_the_change(
    communicator: Communicator, endpoint: str
) -> None:
    """The keys are gone although the response that says so could not be taken."""
    for number in range(10):
        await communicator.put(f"key-{number}", bytes(1000))
    options = ConnectOptions(max_response_size=5000)
    async with Client(endpoint, options).connect() as client:
        with pytest.raises(RpcError, match="max_response_size") as read:
            await client.get_prefix(b"key-")
        assert not isinstance(read.value, OutcomeUnknownError)
        with pytest.raises(OutcomeUnknownError, match="max_response_size"):
            await client.delete_prefix(b"key-", prev_kv=True)
    assert await communicator.get_prefix(b"key-") == []


async def test_one_dead_endpoint_of_two_costs_no_error(endpoint: str, proxy: Proxy) -> None:
    """Every call of many clients succeeds, whichever endpoint they begin with."""
    await asyncio.to_thread(proxy.refuse)
    for _ in range(20):
        async with Client([proxy.endpoint, endpoint]).connect() as client:
            await asyncio.gather(*(client.put(f"key-{number}", b"") for number in range(10)))
            await asyncio.gather(*(client.get(f"key-{number}") for number in range(10)))


async def test_an_endpoint_that_dies_costs_no_read(endpoint: str, proxy: Proxy) -> None:
    """Reads that are under way move to the other endpoint."""
    async with Client([proxy.endpoint, endpoint]).connect() as client:
        await client.put(b"key", b"value")
        for _ in range(20):
            reads = [asyncio.ensure_future(client.get(b"key")) for _ in range(20)]
            await asyncio.to_thread(proxy.drop)
            assert set(await asyncio.gather(*reads)) == {b"value"}


@pytest.mark.parametrize("tasks", [64, 512, 1000])
async def test_many_small_replies_keep_the_connection(proxy: Proxy, tasks: int) -> None:
    """HTTP/2 libraries have taken bursts of small frames for an attack."""
    async with Client(proxy.endpoint).connect() as client:
        await client.put(b"key", b"v")
        for _ in range(5):
            found = await asyncio.gather(*(client.get(b"key") for _ in range(tasks)))
            assert set(found) == {b"v"}
    assert proxy.connections_seen == 1


async def test_many_cancelled_calls_keep_the_connection(proxy: Proxy) -> None:
    """Answers to calls that nobody waits for any more are no reason to give up the others."""
    async with Client(proxy.endpoint).connect() as client:
        await client.put(b"key", bytes(100))
        await asyncio.to_thread(proxy.delay, 0.05)
        for _ in range(6):
            gets = [asyncio.ensure_future(client.get(b"key")) for _ in range(500)]
            await asyncio.sleep(0.02)
            for get in gets:
                get.cancel()
            await asyncio.gather(*gets, return_exceptions=True)
            await asyncio.sleep(0.1)
        await asyncio.to_thread(proxy.heal)
        assert await client.get(b"key") == bytes(100)
        assert client.stats().reconnects == 0
    assert proxy.connections_seen == 1
