"""`Lease`: kept alive in the background, revoked in the end, and never lost in silence."""

import asyncio
import contextlib
import threading
import time

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    EtcdTimeoutError,
    Lease,
    LeaseExistError,
    LeaseLostError,
    LeaseNotFoundError,
)
from etcd_client.testing import Proxy
from tests.support import tasks
from tests.support.leftovers import leases, nothing_left
from tests.support.stalls import stalls
from tests.support.waiting import eventually_async

# A machine that is held up for a second or two must not let it expire.
TTL = 4


@pytest.mark.both_loops
async def test_outlives_its_ttl_and_ends_with_its_context(
    communicator: Communicator, endpoint: str
) -> None:
    async with communicator.lease(TTL) as lease:
        assert isinstance(lease, Lease)
        assert lease.ttl == TTL
        await communicator.put(b"key", b"value", lease=lease)
        for _ in range(2 * TTL + 2):
            await tasks.sleep(0.5)
            assert (await communicator.lease_time_to_live(lease)).ttl >= 0
        assert await communicator.get(b"key") == b"value"
        assert not lease.lost.is_set()
    assert leases(endpoint) == []
    assert await communicator.get(b"key") is None


async def test_is_granted_to_one_who_awaits_it(communicator: Communicator, endpoint: str) -> None:
    lease = await communicator.lease(TTL)
    in_task = await tasks.create_task(communicator.lease(TTL, 7))
    assert sorted(leases(endpoint)) == sorted([lease.id, 7])
    await tasks.sleep(TTL + 1.5)
    assert sorted(leases(endpoint)) == sorted([lease.id, in_task.id])
    await lease.revoke()
    async with in_task:
        assert leases(endpoint) == [7]
    assert leases(endpoint) == []


async def test_starts_at_once(communicator: Communicator, endpoint: str) -> None:
    granting = communicator.lease(TTL)
    await eventually_async(lambda: len(leases(endpoint)) == 1)
    await (await granting).revoke()


async def test_can_be_revoked_twice(communicator: Communicator) -> None:
    async with communicator.lease(TTL) as lease:
        await lease.revoke()
        await lease.revoke()
        assert not lease.lost.is_set()


async def test_a_grant_that_is_refused_raises(communicator: Communicator, endpoint: str) -> None:
    async with communicator.lease(TTL, id=7):
        with pytest.raises(LeaseExistError):
            await communicator.lease(TTL, id=7)
        # It was that of another.
        assert leases(endpoint) == [7]


async def test_a_revoked_lease_is_told_within_its_ttl(communicator: Communicator) -> None:
    started = time.monotonic()
    with pytest.raises(LeaseLostError, match="revoked") as raised:  # noqa: PT012 - at its end
        async with communicator.lease(TTL) as lease:
            await communicator.lease_revoke(lease.id)
            assert await tasks.wait_for(lease.lost.wait(), TTL)
            assert lease.lost.is_set()
            assert lease.lost.reason is not None
    assert isinstance(raised.value, LeaseNotFoundError)
    assert time.monotonic() - started < TTL


async def test_a_loss_that_was_not_told_yet_is_told_in_the_end(communicator: Communicator) -> None:
    with pytest.raises(LeaseLostError):
        async with communicator.lease(60) as lease:
            await communicator.lease_revoke(lease.id)
    assert lease.lost.is_set()


async def test_the_error_of_the_body_wins(communicator: Communicator) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - passes through the context
        async with communicator.lease(60) as lease:
            await communicator.lease_revoke(lease.id)
            raise ZeroDivisionError


async def test_waiting_for_the_loss_ends_with_the_revocation(communicator: Communicator) -> None:
    lease = await communicator.lease(TTL)
    waiting = tasks.create_task(lease.lost.wait())
    await tasks.sleep(0.05)
    assert not waiting.done()
    await lease.revoke()
    assert await waiting is False


async def test_a_lease_is_lost_with_its_server(endpoint: str, proxy: Proxy) -> None:
    async with Client(proxy.endpoint).connect() as communicator:
        lease = await communicator.lease(TTL)
        proxy.refuse()
        proxy.drop()
        with stalls() as stalled:
            started = time.monotonic()
            assert await tasks.wait_for(lease.lost.wait(), 2 * TTL)
            passed = time.monotonic() - started
        assert passed <= TTL + 0.2 + stalled.seconds
        with pytest.raises(LeaseLostError):
            await lease.revoke()
    assert endpoint


async def test_survives_an_outage_shorter_than_its_ttl(endpoint: str, proxy: Proxy) -> None:
    async with Client(proxy.endpoint).connect() as communicator, communicator.lease(6) as lease:
        for _ in range(3):
            proxy.refuse()
            proxy.drop()
            await tasks.sleep(2)
            proxy.heal()
            await tasks.sleep(1)
        assert leases(endpoint) == [lease.id]
        assert not lease.lost.is_set()


async def test_survives_a_blocked_event_loop(communicator: Communicator, endpoint: str) -> None:
    async with communicator.lease(TTL) as lease:
        time.sleep(2 * TTL + 1)  # noqa: ASYNC251 - the fault
        assert leases(endpoint) == [lease.id]
        assert not lease.lost.is_set()


async def test_closing_the_communicator_revokes(client: Client, endpoint: str) -> None:
    async with client.connect() as communicator:
        kept = [await communicator.lease(60) for _ in range(3)]
        assert len(leases(endpoint)) == 3
    await nothing_left(endpoint)
    assert all(lease.lost.is_set() for lease in kept)
    with pytest.raises(ClosedError):
        await tasks.begun(communicator.lease(60))


async def test_a_grant_out_of_reach_ends_at_its_deadline(endpoint: str, proxy: Proxy) -> None:
    async with Client(proxy.endpoint).connect() as communicator:
        proxy.blackhole()
        started = time.monotonic()
        with pytest.raises(EtcdTimeoutError):
            await communicator.lease(60, timeout=0.5)
        assert time.monotonic() - started < 4
        proxy.heal()
        await nothing_left(endpoint)


@pytest.mark.parametrize("delay", [0, 0.0002, 0.0005, 0.001, 0.002, 0.005])
async def test_a_cancelled_grant_leaves_nothing(
    communicator: Communicator, endpoint: str, delay: float
) -> None:
    for _ in range(20):
        granting = tasks.create_task(communicator.lease(60))
        await tasks.sleep(delay)
        granting.cancel()
        with contextlib.suppress(tasks.CancelledError):
            await (await granting).revoke()
    await nothing_left(endpoint)


async def test_a_grant_that_nobody_awaits_leaves_nothing(
    communicator: Communicator, endpoint: str
) -> None:
    granting = communicator.lease(60)
    await tasks.sleep(0.1)
    granting.close()
    del granting
    await nothing_left(endpoint)


async def test_a_loop_that_is_gone_leaves_nothing(endpoint: str) -> None:
    granted = threading.Event()

    async def hold() -> None:
        communicator = await Client(endpoint).connect().__aenter__()
        await communicator.lease(60)
        granted.set()
        asyncio.get_running_loop().stop()

    def run() -> None:
        loop = asyncio.new_event_loop()
        task = loop.create_task(hold())
        loop.run_forever()
        assert task is not None
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    await tasks.to_thread(granted.wait, 5)
    thread.join()
    await nothing_left(endpoint)


async def test_leases_of_several_loops_live_side_by_side(endpoint: str) -> None:
    async def keep() -> int:
        async with Client(endpoint).connect() as communicator, communicator.lease(TTL) as lease:
            await tasks.sleep(TTL + 1)
            return (await communicator.lease_time_to_live(lease)).ttl

    others = [tasks.to_thread(asyncio.run, keep()) for _ in range(2)]
    assert min(await tasks.gather(keep(), *others)) >= 0
    await nothing_left(endpoint)


async def test_many_leases_are_kept_at_once(communicator: Communicator, endpoint: str) -> None:
    kept = await tasks.gather(*(communicator.lease(TTL) for _ in range(200)))
    await tasks.sleep(TTL + 1.5)
    assert sorted(leases(endpoint)) == sorted(lease.id for lease in kept)
    await tasks.gather(*(lease.revoke() for lease in kept))
    assert leases(endpoint) == []
