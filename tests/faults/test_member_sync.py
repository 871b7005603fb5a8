"""`ConnectOptions(sync_interval=...)`: a client follows the members of its cluster."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from etcd_client import Client, Communicator, ConnectOptions, InvalidArgsError
from etcd_client.testing import EtcdCluster, EtcdServer, ServerTls, free_port
from tests.faults.tools import PASSING, values
from tests.support.front.http2_front import Http2Front
from tests.support.tls import Certificates
from tests.support.waiting import eventually_async

SYNCED = ConnectOptions(sync_interval=0.3)
SELDOM = ConnectOptions(sync_interval=600)


async def until(communicator: Communicator, endpoints: set[str]) -> None:
    """Wait until these are the endpoints of a communicator."""

    async def reached() -> bool:
        await asyncio.sleep(0)
        return set(communicator.endpoints) == endpoints

    await eventually_async(reached, within=30)


def nobody() -> str:
    """Return an endpoint where nothing listens."""
    return f"http://127.0.0.1:{free_port()}"


async def lead(communicator: Communicator, member: EtcdServer) -> None:
    """Have that member lead the cluster."""
    async with Client(member.endpoint).connect() as direct:

        async def leads() -> bool:
            status = await direct.maintenance.status()
            if status.leader == status.header.member_id:
                return True
            # A transfer is given up where the successor is held up for an election timeout.
            with contextlib.suppress(*PASSING):
                await communicator.maintenance.move_leader(status.header.member_id)
            return False

        await eventually_async(leads, within=20)


@pytest.mark.parametrize("rounds", [1, pytest.param(3, marks=pytest.mark.full_faults)])
async def test_all_members_are_replaced_one_by_one(
    make_cluster: Callable[..., EtcdCluster], rounds: int
) -> None:
    cluster = make_cluster(1)
    given = cluster[0]
    async with Client(given.endpoint, SYNCED).connect() as communicator:
        watch = communicator.watch("key")
        for number in range(rounds):
            before = cluster[0]
            successor = await asyncio.to_thread(cluster.add)
            await until(communicator, {given.endpoint, *cluster.endpoints})
            await lead(communicator, successor)
            await asyncio.to_thread(cluster.remove, before)
            await communicator.put("key", str(number), timeout=30)
            await until(communicator, {given.endpoint, successor.endpoint})
        assert await values(watch, rounds) == [b"%d" % number for number in range(rounds)]
        assert not given.alive


async def test_the_members_are_read_at_once_and_after_a_loss(etcd: EtcdServer) -> None:
    with Http2Front(etcd.address) as front:
        async with Client(front.endpoint, SELDOM).connect() as communicator:
            await until(communicator, {etcd.endpoint, front.endpoint})
            communicator.set_endpoints([front.endpoint])
            await communicator.get("key")
            before = front.streams_seen("MemberList")
            front.drop()
            await until(communicator, {etcd.endpoint, front.endpoint})
            assert front.streams_seen("MemberList") > before


async def test_the_given_endpoints_are_the_last_resort(
    make_server: Callable[..., EtcdServer],
) -> None:
    advertised = nobody()
    server = make_server(flags={"advertise-client-urls": advertised})
    async with Client(server.endpoint, SYNCED).connect() as communicator:
        await until(communicator, {advertised, server.endpoint})
        for again in (server.kill, server.stop):
            again()
            await asyncio.to_thread(server.start)
            await communicator.put("key", "value", timeout=30)
        other = nobody()
        communicator.set_endpoints([server.endpoint, other])
        await until(communicator, {advertised, server.endpoint, other})


async def test_learners_and_members_that_have_not_started_are_left_out(
    make_cluster: Callable[..., EtcdCluster],
) -> None:
    cluster = make_cluster(3)
    voters = cluster.endpoints
    await asyncio.to_thread(lambda: cluster.add(learner=True))
    async with Client(voters[0], SYNCED).connect() as communicator:
        await communicator.cluster.member_add([nobody()])
        await until(communicator, set(voters))
        assert len((await communicator.cluster.member_list()).members) == 5


async def test_tls_is_not_left(
    make_server: Callable[..., EtcdServer], certificates: Certificates
) -> None:
    port = free_port()
    urls = f"http://127.0.0.1:{port},https://127.0.0.1:{port}"
    server = make_server(
        tls=ServerTls(certificates.server()), flags={"advertise-client-urls": urls}
    )
    options = SYNCED.with_tls(ca=certificates.authority)
    async with Client(server.endpoint, options).connect() as communicator:
        await until(communicator, {f"https://127.0.0.1:{port}", server.endpoint})
        await communicator.get("key")


async def test_it_ends_with_the_context(etcd: EtcdServer) -> None:
    with Http2Front(etcd.address) as front:
        # Another context keeps the engine running.
        async with Client(etcd.endpoint).connect():
            async with Client(front.endpoint, ConnectOptions(sync_interval=0.05)).connect() as one:
                await until(one, {etcd.endpoint, front.endpoint})
            await eventually_async(lambda: front.connections_open == 0)
            seen = front.streams_seen("MemberList")
            await asyncio.sleep(0.3)
            assert front.streams_seen("MemberList") == seen > 0


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), "1", True])
def test_an_interval_is_a_number_above_0(wrong: Any) -> None:
    with pytest.raises((InvalidArgsError, TypeError), match="sync_interval: expected a number"):
        ConnectOptions(sync_interval=wrong)
    with pytest.raises((InvalidArgsError, TypeError), match="sync_interval: expected a number"):
        ConnectOptions().with_sync_interval(wrong)
    assert ConnectOptions(sync_interval=3).with_sync_interval(None) == ConnectOptions()
