"""Networks that are bad without being broken: slow, narrow, interrupted, cut in mid-frame."""

import asyncio
import random
import time

import pytest

from etcd_client import Client, ConnectOptions, OutcomeUnknownError
from etcd_client.testing import Direction, Proxy
from tests.faults.tools import values

SLOW_LINK = 350_000
LARGE = bytes(1_400_000)
# Pings that a slow link holds up for longer than their limit.
IMPATIENT = ConnectOptions(keep_alive_interval=1, keep_alive_timeout=3)


async def test_a_slow_link_is_not_taken_for_a_dead_one(proxy: Proxy) -> None:
    """Pings stand in a queue behind megabytes; what arrives is a sign of life as well."""
    async with Client(proxy.endpoint, IMPATIENT).connect() as communicator:
        await communicator.put(b"large", LARGE)
        await asyncio.to_thread(proxy.limit_bandwidth, SLOW_LINK)
        began = time.monotonic()
        found = await asyncio.gather(*(communicator.get(b"large", timeout=60) for _ in range(2)))
        assert found == [LARGE, LARGE]
        assert time.monotonic() - began > 6
        assert communicator.stats().reconnects == 0
        assert communicator.stats().retries == 0


async def test_latency_is_no_fault(endpoint: str, proxy: Proxy) -> None:
    """Half a second each way costs that time, and no connection."""
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as far:
        async with far.watch(b"key") as watch:
            await asyncio.to_thread(proxy.delay, 0.5)
            began = time.monotonic()
            await asyncio.gather(*(far.put(f"key-{number}", b"") for number in range(100)))
            assert 1 <= time.monotonic() - began < 5
            await direct.put(b"key", b"value")
            assert await values(watch, 1) == [b"value"]
        assert far.stats().reconnects == 0
    assert proxy.connections_seen == 1


async def test_a_short_outage_costs_no_connection(proxy: Proxy) -> None:
    async with Client(proxy.endpoint).connect() as communicator:
        await communicator.put(b"key", b"1")
        for _ in range(3):
            await asyncio.to_thread(proxy.stall)
            put = asyncio.ensure_future(communicator.put(b"key", b"2"))
            await asyncio.sleep(0.7)
            await asyncio.to_thread(proxy.heal)
            await put
    assert proxy.connections_seen == 1


@pytest.mark.parametrize(
    ("direction", "most"), [(Direction.TO_CLIENT, 200_000), (Direction.TO_SERVER, 300)]
)
async def test_a_connection_cut_in_mid_frame(
    endpoint: str, proxy: Proxy, chance: random.Random, direction: Direction, most: int
) -> None:
    """Wherever it is cut: reads succeed, changes are made at most once, watches go on."""
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as client:
        await direct.put(b"large", bytes(100_000))
        done = unknown = 0
        async with client.watch(b"counter") as watch:
            for _ in range(30):
                await asyncio.to_thread(proxy.cut, chance.randrange(1, most), direction)
                assert await client.get(b"large") == bytes(100_000)
                # A put and its answer are small: this one cuts off either.
                await asyncio.to_thread(proxy.cut, chance.randrange(1, 100), direction)
                try:
                    await client.put(b"counter", b"")
                    done += 1
                except OutcomeUnknownError:
                    unknown += 1
            pair = await direct.get_kv(b"counter")
            assert pair is not None
            assert done <= pair.version <= done + unknown
            assert len(await values(watch, pair.version)) == pair.version
        assert client.stats().reconnects > 5
