"""HTTP/2 pings: often enough to notice what has died, seldom enough for etcd's servers."""

import asyncio
import time

import pytest

from etcd_client import Client, Communicator
from etcd_client.testing import EtcdServer, Proxy
from tests.faults.tools import values

# A server ends a connection after the third ping that comes less than 5 s after the last one.
# What it sends in between makes it forget: only quiet connections are in danger.
LONG_ENOUGH = 35.0


async def quiet_watch(communicator: Communicator) -> None:
    """Wait on a watch for longer than a server that is pinged too often would bear."""
    async with communicator.watch(b"quiet") as watch:
        await asyncio.sleep(LONG_ENOUGH)
        await communicator.put(b"quiet", b"")
        assert await values(watch, 1) == [b""]


async def waiting_for_a_lock(communicator: Communicator) -> None:
    """Wait for a lock: a call that is not answered for as long as it takes."""
    holder = await communicator.lock(b"lock")
    waiting = asyncio.ensure_future(communicator.lock(b"lock", timeout=120))
    await asyncio.sleep(LONG_ENOUGH)
    await communicator.unlock(holder.key)
    await communicator.unlock((await waiting).key)


async def idle(communicator: Communicator) -> None:
    """Do nothing at all between two calls."""
    await communicator.put(b"idle", b"")
    await asyncio.sleep(LONG_ENOUGH)
    await communicator.put(b"idle", b"")


@pytest.mark.full_faults
@pytest.mark.timeout(120)
async def test_servers_are_not_pinged_too_often(etcd: EtcdServer) -> None:
    """A connection for each: none is lost."""

    async def alone(use: object) -> None:
        with Proxy(etcd.address) as proxy:
            async with Client(proxy.endpoint).connect() as communicator:
                await use(communicator)  # type: ignore[operator]
                assert communicator.stats().reconnects == 0
            assert proxy.connections_seen == 1

    await asyncio.gather(alone(quiet_watch), alone(waiting_for_a_lock), alone(idle))


async def test_a_watch_on_a_dead_link_is_noticed(endpoint: str, proxy: Proxy) -> None:
    """By default within ten seconds, though nobody asks for anything."""
    async with (
        Client(endpoint).connect() as direct,
        Client(proxy.endpoint).connect() as client,
        client.watch(b"key") as watch,
    ):
        began = time.monotonic()
        await asyncio.to_thread(proxy.blackhole)
        await direct.put(b"key", b"value")
        while client.stats().connects == 1 and proxy.connections_seen == 1:
            await asyncio.sleep(0.1)
            assert time.monotonic() - began < 15
        await asyncio.to_thread(proxy.heal)
        assert await values(watch, 1) == [b"value"]
