"""Members that are cut off from the others while clients still reach them."""

import asyncio
import time

import pytest

from etcd_client import (
    Communicator,
    EtcdTimeoutError,
    LeaderChangedError,
    OutcomeUnknownError,
    RpcError,
)
from etcd_client.testing import EtcdCluster
from tests.faults.test_frozen import ANY_CHANGE, CHANGES, READS
from tests.faults.tools import in_use, steer, succeeds, values
from tests.support.front import Front
from tests.support.waiting import eventually_async

LEADER, FOLLOWER = "leader", "follower"
LEADER_AT_LEAST = [LEADER, pytest.param(FOLLOWER, marks=pytest.mark.full_faults)]


async def isolate(communicator: Communicator, front: Front, cluster: EtcdCluster, role: str) -> int:
    """Have the calls go to a member of that role and cut it off from the others."""
    leader = cluster.leader()
    member = leader if role == LEADER else cluster.followers()[0]
    number = front.members.index(member)
    await steer(communicator, front, number)
    await asyncio.to_thread(cluster.isolate, member)
    return number


@pytest.mark.parametrize("role", [LEADER, FOLLOWER])
@pytest.mark.parametrize("name", ANY_CHANGE)
async def test_balancer_under_network_partition(
    through_front: Communicator, front: Front, cluster: EtcdCluster, name: str, role: str
) -> None:
    """Port of TestBalancerUnderNetworkPartition{Put,Delete,Txn}: timeouts, then success.

    Where the leader was cut off, that takes as long as the others need to elect another one.
    """
    number = await isolate(through_front, front, cluster, role)
    attempts = 5 if role == FOLLOWER else 20
    await succeeds(
        lambda: CHANGES[name](through_front, 1), attempts, (EtcdTimeoutError, OutcomeUnknownError)
    )
    assert await in_use(through_front, front) != number


@pytest.mark.parametrize("role", LEADER_AT_LEAST)
async def test_balancer_under_network_partition_linearizable_get(
    through_front: Communicator, front: Front, cluster: EtcdCluster, role: str
) -> None:
    """Port of TestBalancerUnderNetworkPartitionLinearizableGetWithLongTimeout.

    Behind it, the member itself gives up only after seven seconds.
    """
    member = front.members[await isolate(through_front, front, cluster, role)]
    # Nobody could answer before there is a leader.
    await asyncio.to_thread(lambda: cluster.leader(other_than=member))
    began = time.monotonic()
    await through_front.get(b"key")
    assert time.monotonic() - began < 6


async def test_balancer_under_network_partition_serializable_get(
    through_front: Communicator, front: Front, cluster: EtcdCluster
) -> None:
    """Port of TestBalancerUnderNetworkPartitionSerializableGet: any member will do."""
    await isolate(through_front, front, cluster, FOLLOWER)
    assert await succeeds(lambda: READS["SerializableGet"](through_front, 5)) == 0


@pytest.mark.parametrize("role", LEADER_AT_LEAST)
async def test_balancer_under_network_partition_watch(
    through_front: Communicator, front: Front, cluster: EtcdCluster, direct: Communicator, role: str
) -> None:
    """Port of TestBalancerUnderNetworkPartitionWatch{Leader,Follower}.

    Go's client ends the watch with "no leader"; this one moves it.
    """
    async with through_front.watch(b"key") as watch:
        await direct.put(b"key", b"before")
        assert await values(watch, 1) == [b"before"]
        await isolate(through_front, front, cluster, role)
        await succeeds(lambda: direct.put(b"key", b"after", timeout=3))
        assert (await values(watch, 1))[0] == b"after"


async def test_drop_read_under_network_partition(
    through_front: Communicator, front: Front, cluster: EtcdCluster
) -> None:
    """Port of TestDropReadUnderNetworkPartition: cut the leader off, then read from it."""
    number = front.members.index(cluster.leader())
    await steer(through_front, front, number)
    await asyncio.to_thread(cluster.isolate, front.members[number])
    await asyncio.to_thread(lambda: cluster.leader(other_than=front.members[number]))
    await succeeds(lambda: through_front.get(b"key"), 2, (LeaderChangedError, EtcdTimeoutError))


async def test_without_a_quorum_every_call_ends_at_its_deadline(
    through_front: Communicator, cluster: EtcdCluster
) -> None:
    await through_front.put(b"key", b"value")
    for member in cluster.members[1:]:
        member.kill()
    began = time.monotonic()
    outcomes = await asyncio.gather(
        *(through_front.get(b"key", timeout=2) for _ in range(10)),
        *(through_front.put(b"key", b"other", timeout=2) for _ in range(10)),
        return_exceptions=True,
    )
    assert time.monotonic() - began < 6
    for outcome in outcomes:
        assert isinstance(outcome, (EtcdTimeoutError, OutcomeUnknownError)), outcome
    await asyncio.to_thread(cluster.heal)
    assert await through_front.get(b"key") in (b"value", b"other")


async def test_a_watch_that_needs_a_leader_waits_for_one(
    through_front: Communicator, cluster: EtcdCluster
) -> None:
    """Without a quorum there is nothing to tell, and afterwards nothing is missing."""
    async with through_front.watch(b"key") as watch:
        await through_front.put(b"key", b"1")
        for member in cluster.members[1:]:
            member.kill()
        step = asyncio.ensure_future(values(watch, 2, 60))
        await asyncio.sleep(2.5)
        await asyncio.to_thread(cluster.heal)
        await succeeds(lambda: through_front.put(b"key", b"2"), 5, (RpcError, OutcomeUnknownError))
        assert await step == [b"1", b"2"]


async def test_switch_set_endpoints(
    through_front: Communicator, front: Front, cluster: EtcdCluster, direct: Communicator
) -> None:
    """Port of TestSwitchSetEndpoints: from a member that is cut off to the others."""
    isolated = front.members[await isolate(through_front, front, cluster, LEADER)]
    await asyncio.to_thread(lambda: cluster.leader(other_than=isolated))
    others = [member.endpoint for member in front.members if member is not isolated]
    through_front.set_endpoints(others)
    await through_front.get(b"key", timeout=5)
    async with through_front.watch(b"key") as watch:
        await succeeds(lambda: direct.put(b"key", b"1", timeout=3))
        assert (await values(watch, 1))[0] == b"1"


async def test_a_watch_leaves_an_endpoint_that_is_not_to_be_used(
    through_front: Communicator, front: Front
) -> None:
    """Nothing is wrong with the old endpoint, and still nothing stays there."""
    async with through_front.watch(b"key") as watch:
        old = await in_use(through_front, front)
        others = [endpoint for i, endpoint in enumerate(front.endpoints) if i != old]
        through_front.set_endpoints(others)
        await through_front.put(b"key", b"1")
        assert await values(watch, 1) == [b"1"]
        await eventually_async(lambda: front.proxies[old].connections_open == 0)
        await through_front.put(b"key", b"2")
        assert await values(watch, 1) == [b"2"]
