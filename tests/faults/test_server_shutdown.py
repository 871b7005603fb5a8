"""Members that go down while they are used, and come back."""

import asyncio
import random
import time

import pytest

from etcd_client import (
    Client,
    Communicator,
    EtcdTimeoutError,
    OutcomeUnknownError,
)
from etcd_client.testing import EtcdCluster
from tests.faults.test_frozen import ANY_CHANGE, CHANGES, READS
from tests.faults.tools import in_use, succeeds, values
from tests.support.front import Front


async def test_balancer_under_server_shutdown_watch(
    through_front: Communicator, front: Front, direct: Communicator
) -> None:
    """Port of TestBalancerUnderServerShutdownWatch."""
    async with through_front.watch(b"foo") as watch:
        member = front.members[await in_use(through_front, front)]
        member.kill()
        await succeeds(lambda: direct.put(b"foo", b"bar", timeout=3))
        assert (await values(watch, 1))[0] == b"bar"


@pytest.mark.parametrize("name", ANY_CHANGE)
async def test_balancer_under_server_shutdown_changes(
    through_front: Communicator, front: Front, name: str
) -> None:
    """Port of TestBalancerUnderServerShutdown{Put,Delete,Txn}.

    The first change succeeds at once where the leader lives, else after an election.
    """
    member = front.members[await in_use(through_front, front)]
    member.kill()
    passing = (EtcdTimeoutError, OutcomeUnknownError)
    await succeeds(lambda: CHANGES[name](through_front, 1), 10, passing)


@pytest.mark.parametrize("name", READS)
async def test_balancer_under_server_shutdown_reads(
    through_front: Communicator, front: Front, name: str
) -> None:
    """Port of TestBalancerUnderServerShutdownGet{Linearizable,Serializable}."""
    member = front.members[await in_use(through_front, front)]
    member.kill()
    if name == "Get":
        await through_front.get(b"key")  # within the default deadline, an election included
    else:
        assert await succeeds(lambda: READS[name](through_front, 5)) == 0


async def test_balancer_under_server_stop_inflight_get_on_restart(
    through_front: Communicator, front: Front, cluster: EtcdCluster
) -> None:
    """Port of TestBalancerUnderServerStopInflightLinearizableGetOnRestart."""
    used = await in_use(through_front, front)
    other = front.members[used - 1]
    for member in (front.members[used], other):
        await asyncio.to_thread(member.stop)
    get = asyncio.ensure_future(through_front.get(b"key", timeout=30))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await asyncio.to_thread(front.members[used].start)
    await get
    assert time.monotonic() - began < 15
    assert cluster.leader()


@pytest.mark.parametrize("fault", ["kill", pytest.param("stop", marks=pytest.mark.full_faults)])
async def test_rolling_restarts_cost_no_read(
    cluster: EtcdCluster, chance: random.Random, fault: str
) -> None:
    """Each member goes down and comes back, under load, and not one read fails."""
    async with Client(cluster.endpoints).connect() as communicator:
        await communicator.put(b"key", b"value")
        over = asyncio.Event()
        found: list[bytes | None] = []

        async def read() -> None:
            while not over.is_set():
                found.append(await communicator.get(b"key"))
                found.extend(pair[1] for pair in await communicator.get_prefix(b"ke"))

        readers = [asyncio.create_task(read()) for _ in range(16)]
        for member in chance.sample(cluster.members, 3):
            await asyncio.to_thread(member.stop if fault == "stop" else member.kill)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(member.start)
        over.set()
        await asyncio.gather(*readers)
        assert set(found) == {b"value"}
        assert communicator.stats().in_flight == 0
        print(communicator.stats())


async def test_every_member_gone_is_told_at_the_deadline(cluster: EtcdCluster) -> None:
    async with Client(cluster.endpoints).connect() as communicator:
        await communicator.put(b"key", b"value")
        for member in cluster.members:
            member.kill()
        began = time.monotonic()
        with pytest.raises(EtcdTimeoutError, match="refused"):
            await communicator.get(b"key", timeout=2)
        with pytest.raises(EtcdTimeoutError, match="refused") as error:
            await communicator.put(b"key", b"other", timeout=2)
        assert not isinstance(error.value, OutcomeUnknownError)
        assert 4 <= time.monotonic() - began < 9
        await asyncio.to_thread(cluster.heal)
        assert await communicator.get(b"key") == b"value"


@pytest.mark.full_faults
async def test_a_call_without_a_deadline_has_the_default_one(cluster: EtcdCluster) -> None:
    async with Client(cluster.endpoints).connect() as communicator:
        await communicator.put(b"key", b"value")
        for member in cluster.members:
            member.kill()
        began = time.monotonic()
        with pytest.raises(EtcdTimeoutError):
            await communicator.get(b"key")
        assert 9.5 <= time.monotonic() - began < 15
