"""Leases that are kept alive live through the faults of members, and their loss is told."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import time

import pytest

from etcd_client import Client, Communicator, Lease, LeaseLostError
from etcd_client.testing import EtcdCluster, EtcdServer, Proxy
from tests.faults.tools import in_use, steer
from tests.support.flags import QUICK_ELECTIONS
from tests.support.front import Front
from tests.support.leftovers import leases, nothing_left
from tests.support.stalls import stalls
from tests.support.waiting import eventually_async

# More than an election and the notice of a silent member take, on a slow machine, too.
TTL = 6
# Enough where nobody is elected.
SHORT_TTL = 2


async def lives_on(lease: Lease, direct: Communicator, seconds: float) -> None:
    """Wait, and make sure that the lease is not gone in the meantime."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert (await direct.lease_time_to_live(lease, timeout=5)).ttl >= 0
        assert not lease.lost.is_set(), lease.lost.reason
        await asyncio.sleep(0.2)


async def test_lives_through_a_leader_change(cluster: EtcdCluster, direct: Communicator) -> None:
    async with direct.lease(TTL) as lease:
        leader = await asyncio.to_thread(cluster.leader)
        await asyncio.to_thread(leader.kill)
        await asyncio.to_thread(lambda: cluster.leader(other_than=leader))
        await lives_on(lease, direct, TTL + 1)


async def test_a_grant_that_comes_late_is_not_taken_for_lost(endpoint: str, proxy: Proxy) -> None:
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as stalled:
        await asyncio.to_thread(proxy.stall)
        granting = asyncio.ensure_future(stalled.lease(4))
        await asyncio.sleep(5)
        await asyncio.to_thread(proxy.heal)
        async with await granting as lease:
            await lives_on(lease, direct, 5)


async def test_leases_that_were_renewed_end_with_the_communicator_on_a_slow_server() -> None:
    """Also those that were held for longer than they would have lasted without renewal."""
    with EtcdServer() as server:
        async with Client(server.endpoint).connect() as communicator:
            for _ in range(10):
                await communicator.session(TTL).__aenter__()
                await communicator.lease(TTL)
            await asyncio.sleep(TTL + 1)
            server.freeze()
        await asyncio.sleep(0.3)
        server.thaw()
        # They would last for longer.
        await nothing_left(server.endpoint, within=TTL / 2)


@pytest.mark.full_faults
@pytest.mark.timeout(120)
async def test_lease_keep_alive_client_switch_to_other_member(cluster: EtcdCluster) -> None:
    """Port of the test of that name: the member in use, which leads, stalls."""
    leader = await asyncio.to_thread(cluster.leader)
    others = [member.endpoint for member in cluster.members if member is not leader]
    async with (
        Client([leader.endpoint, *others]).connect() as communicator,
        Client(others).connect() as direct,
        communicator.lease(TTL) as lease,
    ):
        await asyncio.to_thread(leader.freeze)
        await asyncio.to_thread(lambda: cluster.leader(other_than=leader))
        await lives_on(lease, direct, 30)
        await asyncio.to_thread(leader.thaw)
        await lives_on(lease, direct, TTL)


async def test_lives_through_a_frozen_member(
    through_front: Communicator, front: Front, cluster: EtcdCluster, direct: Communicator
) -> None:
    follower = await asyncio.to_thread(lambda: cluster.followers()[0])
    number = front.members.index(follower)
    async with through_front.lease(TTL) as lease:
        await steer(through_front, front, number)
        await asyncio.to_thread(follower.freeze)
        rest = [member.endpoint for member in cluster.members if member is not follower]
        async with Client(rest).connect() as others:
            await lives_on(lease, others, TTL + 1)
        await asyncio.to_thread(follower.thaw)
        await lives_on(lease, direct, 1)


@pytest.mark.full_faults
async def test_lives_through_a_blackhole(
    through_front: Communicator, front: Front, direct: Communicator
) -> None:
    async with through_front.lease(TTL) as lease:
        for _ in range(2):
            used = await in_use(through_front, front)
            await asyncio.to_thread(front.proxies[used].blackhole)
            await lives_on(lease, direct, TTL + 1)
            await asyncio.to_thread(front.heal)


@pytest.mark.full_faults
async def test_lives_through_a_partition(
    cluster: EtcdCluster, through_front: Communicator, front: Front
) -> None:
    used = await in_use(through_front, front)
    rest = [member.endpoint for place, member in enumerate(front.members) if place != used]
    async with Client(rest).connect() as others, through_front.lease(TTL) as lease:
        await asyncio.to_thread(cluster.isolate, front.members[used])
        await lives_on(lease, others, 2 * TTL)


@pytest.mark.full_faults
async def test_lease_renew_lost_quorum(cluster: EtcdCluster, direct: Communicator) -> None:
    """Port of the test of that name: there is no quorum for half of the TTL."""
    async with direct.lease(TTL) as lease:
        followers = await asyncio.to_thread(cluster.followers)
        for member in followers:
            await asyncio.to_thread(member.freeze)
        await asyncio.sleep(TTL / 2)
        for member in followers:
            await asyncio.to_thread(member.thaw)
        await asyncio.to_thread(cluster.leader)
        await lives_on(lease, direct, TTL + 1)


async def test_lease_keep_alive_not_found(direct: Communicator) -> None:
    """Port of the test of that name: one of three is revoked, the others live."""
    first, second, third = [await direct.lease(TTL) for _ in range(3)]
    await direct.lease_revoke(second.id)
    assert await asyncio.wait_for(second.lost.wait(), TTL)
    assert "revoked" in (second.lost.reason or "")
    await lives_on(first, direct, TTL + 1)
    assert not third.lost.is_set()
    await first.revoke()
    await third.revoke()


async def test_the_loss_of_the_whole_cluster_is_told(
    through_front: Communicator, front: Front
) -> None:
    asked = time.monotonic()
    lease = await through_front.lease(SHORT_TTL)

    async def told() -> float:
        await lease.lost.wait()
        return time.monotonic()

    waiting = asyncio.create_task(told())
    for proxy in front.proxies:
        await asyncio.to_thread(proxy.blackhole)
    await asyncio.sleep(SHORT_TTL)
    # Never later than the servers let it end: from then on another may have what hung on it.
    assert lease.lost.is_set()
    assert await asyncio.wait_for(waiting, SHORT_TTL) - asked >= SHORT_TTL
    with pytest.raises(LeaseLostError):
        await lease.revoke()


async def test_lease_keep_alive_close_after_disconnect_revoke(
    cluster: EtcdCluster, front: Front, through_front: Communicator, direct: Communicator
) -> None:
    """Port of the test of that name: revoked by another while there is no connection."""
    lease = await through_front.lease(TTL)
    for proxy in front.proxies:
        await asyncio.to_thread(proxy.refuse)
        await asyncio.to_thread(proxy.drop)
    await direct.lease_revoke(lease.id)
    await asyncio.to_thread(front.heal)
    assert await asyncio.wait_for(lease.lost.wait(), TTL)
    assert "revoked" in (lease.lost.reason or "")
    assert cluster


async def test_a_stream_of_renewals_lives_through_dropped_connections(
    front: Front, through_front: Communicator, direct: Communicator
) -> None:
    """Each renewal loses its connection with the answer on the way, on one member after another."""
    lease = await direct.lease_grant(TTL)
    async with through_front.lease_keep_alive_stream(lease) as renewals:
        await anext(renewals)
        for _ in range(4):
            # The answer to the first ping of a new connection has come by then.
            await asyncio.sleep(1.1)
            for proxy in front.proxies:
                await asyncio.to_thread(proxy.cut, 1)
            assert (await asyncio.wait_for(anext(renewals), TTL)).ttl == TTL
    assert through_front.stats().retries > 0


async def test_a_stream_of_renewals_moves_to_another_member(
    front: Front, through_front: Communicator, direct: Communicator
) -> None:
    lease = await direct.lease_grant(TTL)
    async with through_front.lease_keep_alive_stream(lease) as renewals:
        answered = front.number((await anext(renewals)).header.member_id)
        await asyncio.to_thread(front.proxies[answered].blackhole)
        renewal = await asyncio.wait_for(anext(renewals), TTL)
        assert front.number(renewal.header.member_id) != answered


async def test_the_loss_of_the_whole_cluster_ends_a_stream_of_renewals(
    through_front: Communicator, front: Front, direct: Communicator
) -> None:
    lease = await direct.lease_grant(SHORT_TTL)
    asked = time.monotonic()
    async with through_front.lease_keep_alive_stream(lease) as renewals:
        await anext(renewals)
        with stalls() as stalled:
            for proxy in front.proxies:
                await asyncio.to_thread(proxy.blackhole)
            cut = time.monotonic()
            with pytest.raises(LeaseLostError, match="could not be renewed"):
                await asyncio.wait_for(anext(renewals), 3 * SHORT_TTL)
            told = time.monotonic()
        assert told - asked >= SHORT_TTL
        # Never later than the servers let it end.
        assert told - cut <= SHORT_TTL + 0.2 + stalled.seconds


async def test_nothing_is_left_after_faults(
    front: Front, cluster: EtcdCluster, direct: Communicator
) -> None:
    endpoint = cluster[0].endpoint
    async with Client(front.endpoints).connect() as communicator:
        for _ in range(30):
            granting = asyncio.create_task(communicator.lease(60, timeout=5))
            await asyncio.sleep(0.002)
            for proxy in front.proxies:
                await asyncio.to_thread(proxy.drop)
            granting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await (await granting).revoke()
    await nothing_left(endpoint, within=10)
    assert direct


async def test_a_restarted_server_still_has_the_lease(make_server: object) -> None:
    server = make_server(flags=QUICK_ELECTIONS)  # type: ignore[operator]
    assert isinstance(server, EtcdServer)
    async with Client(server.endpoint).connect() as communicator:
        async with communicator.lease(12) as lease:
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            await eventually_async(lambda: leases(server.endpoint) == [lease.id])
            await asyncio.sleep(4.5)
            assert not lease.lost.is_set()
        assert leases(server.endpoint) == []


STOPPED = """
import asyncio, os, signal, sys, threading
from etcd_client import Client, Lock

def let_the_engine_wait():
    cpus = {min(os.sched_getaffinity(0))}
    for thread in map(int, os.listdir("/proc/self/task")):
        os.sched_setaffinity(thread, cpus)
        if thread != threading.get_native_id():
            os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))

async def main():
    async with Client(sys.argv[1]).connect() as communicator:
        lease = await communicator.lease(2)
        lock = Lock(communicator, "lock", ttl=2)
        await lock.acquire()
        let_the_engine_wait()
        print("held", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
        lost = (lease.lost.is_set(), lock.lost.is_set(), lock.is_acquired)
        # As long as the engine has not had its turn, it counts both.
        print(*lost, communicator.stats().leases_kept, flush=True)
        os._exit(0)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="lets a thread wait as Linux can")
@pytest.mark.timeout(120)
async def test_a_process_that_was_stopped_knows_at_once(endpoint: str) -> None:
    for _ in range(10):
        process = await asyncio.to_thread(
            subprocess.Popen,
            [sys.executable, "-c", STOPPED, endpoint],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "held\n"
        await asyncio.sleep(3)
        process.send_signal(signal.SIGCONT)
        rest, _ = await asyncio.to_thread(process.communicate)
        *lost, kept = rest.split()
        assert lost == ["True", "True", "False"]
        if kept == "2":
            return
    pytest.fail("the engine has always been the first to notice")
