"""Watches through etcd's own `grpc-proxy`, which ignores the ids that a client chooses."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from etcd_client import Client, Communicator
from etcd_client.testing import EtcdServer
from tests.faults.tools import values
from tests.support.grpc_proxy import GrpcProxy


@pytest.fixture
def grpc_proxy(endpoint: str, etcd: EtcdServer) -> Iterator[GrpcProxy]:
    """Yield a proxy in front of the session's server."""
    assert endpoint
    with GrpcProxy(etcd) as proxy:
        yield proxy


@pytest.fixture
async def proxied(grpc_proxy: GrpcProxy) -> AsyncIterator[Communicator]:
    """Yield a connection through the proxy."""
    async with Client(grpc_proxy.endpoint).connect() as communicator:
        yield communicator


async def test_watches_of_many_keys_are_confirmed(
    proxied: Communicator, communicator: Communicator
) -> None:
    """Each with its own events: ids are never taken for those of another."""
    watches = [proxied.watch(b"key/%d" % number) for number in range(100)]
    many = proxied.watch_many(keys=[b"key/3", b"key/5"], prefixes=[b"key/9"])
    await asyncio.wait_for(asyncio.gather(many.ready(), *(w.ready() for w in watches)), 20)
    for number in range(100):
        await communicator.put(b"key/%d" % number, b"%d" % number)
    told = await asyncio.gather(*(values(watch, 1) for watch in watches))
    assert told == [[b"%d" % number] for number in range(100)]
    found = await values(many, 13)
    assert sorted(found) == sorted([b"3", b"5", b"9", *(b"9%d" % n for n in range(10))])
    for watch in watches[::2]:
        watch.cancel()
    await communicator.put(b"key/1", b"again")
    assert await values(watches[1], 1) == [b"again"]


async def test_a_watch_lives_through_restarts_of_the_proxy(
    grpc_proxy: GrpcProxy, proxied: Communicator, communicator: Communicator
) -> None:
    """The proxy makes up what it says of a watch that it merges with another one."""
    first = (await communicator.put(b"key", b"0")).header.revision
    watches = []
    for number in (0, 0, 2, 5, 5):
        watches.append(proxied.watch(b"key", start_revision=first + 1 + number))
        await asyncio.wait_for(watches[-1].ready(), 20)
    for number in range(1, 4):
        await asyncio.to_thread(grpc_proxy.restart)
        await communicator.put(b"key", b"%d" % number)
        assert await values(watches[0], 1) == [b"%d" % number]
        assert await values(watches[1], 1) == [b"%d" % number]
    assert await values(watches[2], 1) == [b"3"]
    for number in range(4, 7):
        await communicator.put(b"key", b"%d" % number)
    assert await values(watches[3], 1) == await values(watches[4], 1) == [b"6"]
