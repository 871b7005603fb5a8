"""Sessions live through what is shorter than their time, and tell of the rest in time."""

import asyncio
import contextlib
import random
import time

import pytest

from etcd_client import Client, Communicator, KeyExistsError, Session, SessionLostError
from etcd_client.testing import EtcdCluster, Proxy
from tests.support.front import Front
from tests.support.leftovers import nothing_left
from tests.support.mischief import mischief, process_faults
from tests.support.stalls import stalls
from tests.support.waiting import eventually_async

# More than an election and the notice of a silent member take.
TTL = 4
SHORT_TTL = 4


async def cut_off(front: Front) -> float:
    """Let nothing through any more; return since when."""
    for proxy in front.proxies:
        await asyncio.to_thread(proxy.blackhole)
    return time.monotonic()


@pytest.mark.timeout(120)
async def test_a_session_lives_through_members_that_fail(
    cluster: EtcdCluster, direct: Communicator, chance: random.Random
) -> None:
    faults = [fault for member in cluster.members for fault in process_faults(member)]
    async with direct.session(2 * TTL, cancel_on_loss=True) as session:
        locks = [session.lock(f"locks/{number}") for number in range(20)]
        await asyncio.gather(*(lock.acquire() for lock in locks))
        registration = await session.register("service", "here")
        async with mischief(faults, chance, lasting=(0.2, 1), each_once=True):
            pass
        assert all(lock.is_acquired for lock in locks)
        assert all(await asyncio.gather(*(lock.is_owner(timeout=20) for lock in locks)))
        assert registration.is_registered
    await nothing_left(cluster[0].endpoint, within=10)


async def test_a_session_lives_through_a_cut(
    through_front: Communicator, front: Front, cluster: EtcdCluster
) -> None:
    async with through_front.session(2 * TTL, cancel_on_loss=True) as session:
        lock = session.lock("lock")
        await lock.acquire()
        await cut_off(front)
        await asyncio.sleep(TTL / 2)
        await asyncio.to_thread(front.heal)
        await asyncio.sleep(2 * TTL)
        assert await lock.is_owner(timeout=5)
    await nothing_left(cluster[0].endpoint)


async def test_a_loss_is_told_in_time_and_before_anybody_else_has_the_lock(
    through_front: Communicator, front: Front, direct: Communicator
) -> None:
    """No later than the time to live after the last confirmed renewal was sent."""
    told: list[float] = []

    async def body() -> None:
        async with (
            through_front.session(SHORT_TTL, cancel_on_loss=True) as session,
            session.lock("lock"),
        ):
            waiting = asyncio.create_task(next_one(session))
            # Renewals have been going for a while.
            await asyncio.sleep(SHORT_TTL)
            cut.append(await cut_off(front))
            others.append(waiting)
            try:
                await asyncio.wait({waiting})
                await asyncio.sleep(SHORT_TTL)
            finally:
                told.append(time.monotonic())

    async def next_one(session: Session) -> bool:
        await other.lock("lock").acquire()
        return session.lost.is_set()

    cut: list[float] = []
    others: list[asyncio.Task[bool]] = []
    async with direct.session(30) as other:
        with stalls() as stalled, pytest.raises(SessionLostError):
            await body()
        # Whatever was confirmed was sent before the cut.
        assert told[0] - cut[0] < SHORT_TTL + 0.2 + stalled.seconds
        assert await asyncio.wait_for(others[0], 10)


async def test_a_loss_is_known_while_the_loop_is_blocked(
    through_front: Communicator, front: Front
) -> None:
    async with through_front.session(SHORT_TTL, on_loss=lambda _: None) as session:
        lock, election = session.lock("lock"), session.election("election")
        await asyncio.gather(lock.acquire(), election.campaign())
        await cut_off(front)
        time.sleep(SHORT_TTL + 0.1)  # noqa: ASYNC251 - that is the fault
        assert session.lost.is_set()
        assert session.remaining == 0
        assert lock.lost.is_set()
        assert not election.is_leader
        await asyncio.to_thread(front.heal)


async def until_lost(session: Session) -> None:
    """Wait for a loss that has to be told by then."""
    assert await asyncio.wait_for(session.lost.wait(), session.ttl + 5)


async def test_registrations_come_back_after_a_long_cut(
    through_front: Communicator, front: Front, direct: Communicator, cluster: EtcdCluster
) -> None:
    async def back() -> bool:
        return await direct.count_prefix("services/") == 50

    async def gone() -> bool:
        return await direct.count_prefix("services/") == 0

    async with through_front.session(SHORT_TTL, on_loss=lambda _: None) as session:
        registrations = await asyncio.gather(
            *(session.register(f"services/{number}", "here") for number in range(50))
        )
        await cut_off(front)
        await until_lost(session)
        assert not any(registration.is_registered for registration in registrations)
        await eventually_async(gone, within=10)
        await asyncio.to_thread(front.heal)
        await eventually_async(back, within=15)
        await eventually_async(lambda: all(r.is_registered for r in registrations))
    await nothing_left(cluster[0].endpoint)


async def test_a_registration_has_one_writer_at_a_time(
    through_front: Communicator, front: Front, direct: Communicator
) -> None:
    """Another has taken the key while this one was cut off: it keeps it."""
    told: list[KeyExistsError] = []
    async with (
        direct.session(30) as other,
        through_front.session(SHORT_TTL, on_loss=lambda _: None) as session,
    ):
        await session.register("service", "first", on_conflict=told.append)
        await cut_off(front)
        await until_lost(session)

        async def taken() -> bool:
            with contextlib.suppress(Exception):
                await other.register("service", "second")
                return True
            return False

        await eventually_async(taken, within=10)
        await asyncio.to_thread(front.heal)
        await eventually_async(lambda: bool(told), within=15)
        assert await direct.get("service") == b"second"


async def test_an_opening_whose_answers_are_lost_leaves_nothing(
    endpoint: str, proxy: Proxy, chance: random.Random
) -> None:
    async with Client(proxy.endpoint).connect() as communicator:
        for _ in range(20):
            await asyncio.to_thread(proxy.cut, chance.randrange(400))
            async with communicator.session() as session:
                await asyncio.to_thread(proxy.cut, chance.randrange(400))
                async with session.lock("lock"):
                    await asyncio.to_thread(proxy.cut, chance.randrange(400))
                    await session.register("service", "here")
                    await asyncio.to_thread(proxy.cut, chance.randrange(400))
            await asyncio.to_thread(proxy.heal)
    await nothing_left(endpoint, within=10)
