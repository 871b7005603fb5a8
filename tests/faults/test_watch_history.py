"""Watches on clusters that have lost what they had told of, and on members that are only late."""

import asyncio

import pytest

from etcd_client import Client, Communicator, FutureRevisionError
from etcd_client.testing import EtcdCluster, EtcdServer
from tests.faults.tools import steer, values
from tests.support.front import Front

OLD = 50
LARGE = bytes(20_000)


async def put_many(communicator: Communicator, count: int, value: bytes = b"") -> None:
    """Write one key that many times."""
    for _ in range(count):
        await communicator.put(b"key", value)


@pytest.mark.parametrize("several", [False, pytest.param(True, marks=pytest.mark.full_faults)])
async def test_a_cluster_that_begins_anew_ends_the_watch(
    caplog: pytest.LogCaptureFixture, *, several: bool
) -> None:
    """It would wait for the revision where it was, and pass over in silence all until then."""
    with EtcdServer() as server:
        async with Client(server.endpoint).connect() as communicator:
            await put_many(communicator, OLD)
            prefixes = [b"key", b"other"] if several else [b"key"]
            async with communicator.watch_many(prefixes=prefixes) as watch:
                told = (await communicator.put(b"key", b"before")).header.revision
                assert await values(watch, 1) == [b"before"]
                await asyncio.to_thread(server.stop)
                server.forget()
                await asyncio.to_thread(server.start)
                with pytest.raises(FutureRevisionError) as error:
                    await values(watch, 1)
                assert error.value.reason == "FutureRev"
                # It has ended, and says so to who asks again.
                with pytest.raises(FutureRevisionError):
                    await asyncio.wait_for(anext(watch), 5)
            async with communicator.watch(b"key") as watch:
                await communicator.put(b"key", b"anew")
                assert await values(watch, 1) == [b"anew"]
    assert f"the cluster is not at revision {told} yet" in caplog.text


async def test_a_watch_of_the_future_waits_for_it_after_a_restart(etcd: EtcdServer) -> None:
    """What was asked for is not what was told."""
    async with Client(etcd.endpoint).connect() as communicator:
        revision = (await communicator.put(b"key", b"")).header.revision
        async with communicator.watch(b"key", start_revision=revision + 3) as watch:
            await asyncio.to_thread(etcd.restart)
            for number in range(1, 4):
                await communicator.put(b"key", str(number))
            assert await values(watch, 1) == [b"3"]


async def test_a_member_that_is_late_does_not_end_the_watch(
    cluster: EtcdCluster, front: Front
) -> None:
    number = front.members.index(cluster.followers()[0])
    others = [proxy for place, proxy in enumerate(front.proxies) if place != number]
    async with (
        Client(cluster.leader().endpoint).connect() as direct,
        Client(front.endpoints).connect() as communicator,
    ):
        await steer(communicator, front, (number + 1) % len(front.members))
        async with communicator.watch(b"key") as watch:
            await asyncio.to_thread(cluster.isolate, front.members[number])
            await put_many(direct, 500, LARGE)
            assert await values(watch, 500) == [LARGE] * 500
            for proxy in others:
                await asyncio.to_thread(proxy.refuse)
                await asyncio.to_thread(proxy.drop)
            await asyncio.to_thread(cluster.heal)
            await direct.put(b"key", b"after")
            assert await values(watch, 1) == [b"after"]
