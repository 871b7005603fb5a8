"""Endpoints that lead somewhere else: to what is no etcd, and to members of another cluster."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import pytest

from etcd_client import Client, ClusterMismatchError, ConnectOptions, RpcError
from etcd_client.testing import EtcdServer, Proxy
from tests.faults.tools import fails_at_its_deadline
from tests.support import gateway
from tests.support.front import Http2Front
from tests.support.hostile.calls import GET, PUT
from tests.support.hostile.scenarios.frames import FRAMES
from tests.support.hostile.steps import Player


@pytest.fixture
def front(etcd: EtcdServer) -> Iterator[Http2Front]:
    gateway.wipe(etcd.endpoint)
    with Http2Front(etcd.address) as front:
        yield front


async def become_stranger(front: Http2Front, answer: str = "HTTP 404") -> Player:
    """Answer gets and puts like a server that knows nothing of etcd."""
    player = Player(FRAMES[answer].steps, GET.answer, {})
    for path in (GET.path, PUT.path):
        await asyncio.to_thread(front.answer, path, player)
    return player


@pytest.mark.parametrize("answer", ["HTTP 404", "HTTP 401", "a message with flag 1"])
async def test_the_error_says_which_endpoint_is_no_etcd(front: Http2Front, answer: str) -> None:
    async with Client(front.endpoint).connect() as client:
        await become_stranger(front, answer)
        with pytest.raises(RpcError) as refused:
            await client.get(b"key")
        assert f"{front.endpoint} is no etcd v3 server" in str(refused.value)


async def test_a_stranger_is_left_for_a_member(front: Http2Front, etcd: EtcdServer) -> None:
    """Also by changes, where it has refused them and so has certainly not made them."""
    with Proxy(etcd.address) as member:
        member.refuse()
        async with Client([front.endpoint, member.endpoint]).connect() as client:
            player = await become_stranger(front)
            member.heal()
            for number in range(50):
                await client.put(b"key", str(number).encode())
                assert await client.get(b"key") == str(number).encode()
            kv = await client.get_kv(b"key")
            assert kv is not None
            assert kv.version == 50
        assert player.played < 5


@dataclass
class Clusters:
    """Two clusters of a member each, with a proxy in front of both; the wrong one is away."""

    right: Proxy
    wrong: Proxy
    wrong_server: EtcdServer

    def fail_over(self) -> None:
        """Lose the right cluster where the wrong one can be reached."""
        self.right.refuse()
        self.right.drop()
        self.wrong.heal()


@pytest.fixture
def clusters(make_server: Callable[..., EtcdServer]) -> Iterator[Clusters]:
    right, wrong = make_server(), make_server()
    with Proxy(right.address) as way, Proxy(wrong.address) as detour:
        detour.refuse()
        yield Clusters(way, detour, wrong)


async def refused(call: Awaitable[object]) -> ClusterMismatchError:
    with pytest.raises(ClusterMismatchError) as mismatch:
        await call
    return mismatch.value


async def test_nothing_reaches_another_cluster(clusters: Clusters) -> None:
    client = Client([clusters.wrong.endpoint, clusters.right.endpoint], ConnectOptions(timeout=2))
    async with client.connect() as communicator, communicator.watch(b"key") as watch:
        await watch.ready()
        expected = (await communicator.put(b"key", b"right")).header.cluster_id
        assert (await anext(watch)).value == b"right"
        await asyncio.to_thread(clusters.fail_over)
        for error in (
            await fails_at_its_deadline(ClusterMismatchError, lambda: communicator.get(b"key")),
            await refused(communicator.put(b"key", b"lost")),
            await refused(communicator.lease_grant(60)),
        ):
            assert error.endpoint == clusters.wrong.endpoint
            assert error.expected_cluster_id == expected
            assert error.cluster_id not in {0, expected}
        await asyncio.to_thread(clusters.right.heal)
        await communicator.put(b"key", b"found", timeout=10)
        assert (await anext(watch)).value == b"found"
    async with Client(clusters.wrong_server.endpoint).connect() as other:
        assert await other.count_prefix(b"") == 0
        assert (await other.leases()).leases == ()


async def test_a_cluster_that_takes_the_place_of_another_is_noticed(clusters: Clusters) -> None:
    endpoint = clusters.right.endpoint
    async with Client(endpoint).connect() as communicator:
        await communicator.put(b"key", b"right")
        async with communicator.watch(b"key") as watch:
            await watch.ready()
            async with Client(clusters.wrong_server.endpoint).connect() as other:
                for _ in range(10):
                    await other.put(b"key", b"wrong")
                await asyncio.to_thread(clusters.right.lead_to, clusters.wrong_server.address)
                await asyncio.to_thread(clusters.right.drop)
                await other.put(b"key", b"wrong")
                await refused(asyncio.wait_for(anext(watch), 10))
                await refused(communicator.put(b"key", b"lost"))
        # Whoever comes now means the cluster that is there.
        async with Client(endpoint).connect() as another:
            assert await another.get(b"key") == b"wrong"


async def test_a_program_may_go_to_another_cluster_on_purpose(clusters: Clusters) -> None:
    async with Client(clusters.right.endpoint).connect() as communicator:
        await communicator.put(b"key", b"right")
        communicator.set_endpoints([clusters.wrong_server.endpoint])
        assert await communicator.get(b"key") is None
        await communicator.put(b"key", b"wrong")
        communicator.set_endpoints([clusters.right.endpoint])
        assert await communicator.get(b"key") == b"right"


async def test_others_stay_where_they_are_when_one_goes_to_other_endpoints(
    clusters: Clusters,
) -> None:
    """They share their connections, and have not asked to go anywhere."""
    client = Client(clusters.right.endpoint)
    async with (
        client.connect() as staying,
        client.connect() as leaving,
        staying.watch(b"key") as watch,
    ):
        await watch.ready()
        leaving.set_endpoints([clusters.wrong_server.endpoint])
        assert leaving.endpoints == [clusters.wrong_server.endpoint]
        assert staying.endpoints == [clusters.right.endpoint]
        await leaving.put(b"key", b"wrong")
        assert await staying.get(b"key") is None
        await staying.put(b"key", b"right")
        assert (await anext(watch)).value == b"right"
        assert await leaving.get(b"key") == b"wrong"
