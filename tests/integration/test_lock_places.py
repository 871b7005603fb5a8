"""Places in a waiting line: with a lease that is held already, with the caller's, and renewed."""

import contextlib
import random
import time
from typing import TYPE_CHECKING

import pytest

from etcd_client import (
    Client,
    Communicator,
    ConnectOptions,
    ElectError,
    Election,
    LeaseLostError,
    Lock,
    LockError,
    LockLostError,
)
from etcd_client.testing import Proxy
from tests.support import tasks
from tests.support.costs import requests_of
from tests.support.late_answers import cancel_before_the_answer
from tests.support.leftovers import leases, nothing_left
from tests.support.waiting import eventually_async

if TYPE_CHECKING:
    from etcd_client._etcd_client import HeldLease

NAME = b"lock"


async def held_lease(communicator: Communicator, ttl: int = 60) -> "HeldLease":
    """Hold a lease as a session does."""
    held = await communicator._hold_lease(ttl)  # noqa: SLF001 - the subject
    held.adopt()
    return held


async def place_with(
    communicator: Communicator, lease: "HeldLease", name: bytes = NAME, ttl: float | None = None
) -> "HeldLease":
    """Take a place with a lease that is held, and wait to be the first."""
    held = await communicator._hold_place(name, lease=lease, ttl=ttl)  # noqa: SLF001
    held.adopt()
    return held


async def waiting_key(communicator: Communicator) -> bytes:
    """Wait for a second contender, and return its key."""
    await contenders(communicator, 2)
    kvs = (await communicator.range(NAME + b"/", prefix=True)).kvs
    return max(kvs, key=lambda kv: kv.create_revision).key


async def contenders(communicator: Communicator, wanted: int) -> None:
    """Wait until so many are in the line."""

    async def reached() -> bool:
        return await communicator.count_prefix(NAME + b"/") == wanted

    await eventually_async(reached)


async def test_two_round_trips_with_a_lease_that_is_held(
    communicator: Communicator, endpoint: str
) -> None:
    lease = await held_lease(communicator)
    keys = []

    async def take_and_release() -> None:
        place = await place_with(communicator, lease)
        assert place.id == lease.id
        kv = await communicator.get_kv(place.key)
        assert kv is not None
        assert (kv.lease, kv.create_revision) == (lease.id, place.revision)
        assert await place.release() is not None
        keys.append(place.key)

    # And the one that looked.
    assert await requests_of(communicator, take_and_release) == 3
    assert await communicator.get(keys[-1]) is None
    assert leases(endpoint) == [lease.id]
    await lease.release()
    await nothing_left(endpoint)


async def test_holders_with_the_same_lease_exclude_each_other(
    communicator: Communicator, endpoint: str
) -> None:
    lease = await held_lease(communicator)
    inside = 0

    async def contend() -> None:
        nonlocal inside
        place = await place_with(communicator, lease)
        inside += 1
        assert inside == 1
        await tasks.sleep(0.002)
        inside -= 1
        await place.release()

    await tasks.gather(*(contend() for _ in range(20)))
    # It contends with everybody else, too.
    place = await place_with(communicator, lease)
    assert not await Lock(communicator, NAME).acquire(blocking=False)
    await place.release()
    await lease.release()
    await nothing_left(endpoint)


async def test_places_are_lost_with_their_lease(communicator: Communicator) -> None:
    lease = await held_lease(communicator, 6)
    place = await place_with(communicator, lease)
    waiting = tasks.ensure_future(place_with(communicator, lease))
    await contenders(communicator, 2)
    await communicator.lease_revoke(lease.id)
    assert "revoked" in (await tasks.wait_for(lease.until_over(), 10) or "")
    # By its key, or by its lease: what is heard first.
    assert await tasks.wait_for(place.until_over(), 5) is not None
    with pytest.raises(LockLostError):
        await tasks.wait_for(waiting, 5)
    assert await place.release() is None
    with pytest.raises(LeaseLostError, match="is over"):
        await communicator._hold_place(NAME, lease=lease)  # noqa: SLF001


async def test_places_are_told_before_their_lease_is_given_back(
    communicator: Communicator,
) -> None:
    lease = await held_lease(communicator)
    place = await place_with(communicator, lease)
    await lease.release()
    assert place.loss is not None
    assert lease.loss is None


async def test_a_place_is_lost_with_its_key_and_leaves_the_lease(
    communicator: Communicator,
) -> None:
    lease = await held_lease(communicator)
    place = await place_with(communicator, lease)
    await tasks.sleep(0.3)
    await communicator.delete(place.key)
    assert "deleted" in (await tasks.wait_for(place.until_over(), 5) or "")
    assert lease.loss is None
    await lease.release()


async def test_a_place_that_is_dropped_is_given_back(
    communicator: Communicator, endpoint: str
) -> None:
    lease = await held_lease(communicator)
    for delay in (0, 0.001, 0.003, 0.01):
        attempt = tasks.ensure_future(place_with(communicator, lease))
        await tasks.sleep(delay)
        attempt.cancel()
        with contextlib.suppress(tasks.CancelledError):
            await (await attempt).release()
    await contenders(communicator, 0)
    assert leases(endpoint) == [lease.id]
    await lease.release()


async def test_knows_how_much_time_is_left(communicator: Communicator) -> None:
    lease = await held_lease(communicator, 6)
    for _ in range(3):
        await tasks.sleep(0.5)
        remaining, since = lease.remaining, lease.since_renewal
        assert remaining is not None
        assert since is not None
        assert 0 < remaining <= 6
        assert remaining + since == pytest.approx(6, abs=1)

    async def renewed() -> bool:
        return (lease.since_renewal or 6) < 1

    # It is renewed after a third of its time.
    await eventually_async(renewed)
    place = await place_with(communicator, lease, ttl=1)
    assert (place.remaining or 0) <= 1
    await lease.release()
    assert (lease.remaining, place.remaining) == (0, 0)


async def test_a_limit_can_be_extended(communicator: Communicator) -> None:
    held = await communicator._hold_place(NAME, ttl=3)  # noqa: SLF001 - the subject
    held.adopt()
    for _ in range(4):
        await tasks.sleep(1)
        started = time.monotonic()
        await held.renew(3.5)
        # Before, there was less.
        assert 2 < (held.remaining or 0) <= 3.5
    assert "time of 3.5 s" in (await tasks.wait_for(held.until_over(), 8) or "")
    assert 3.5 <= time.monotonic() - started < 8
    with pytest.raises(LockLostError, match=r"time of 3.5 s"):
        await held.renew(5)


async def test_extending_proves_that_the_lock_is_there(communicator: Communicator) -> None:
    held = await communicator._hold_place(NAME, ttl=10)  # noqa: SLF001 - the subject
    held.adopt()
    await communicator.lease_revoke(held.id)
    with pytest.raises(LockLostError):
        await held.renew(10)
    assert held.loss is not None


async def test_a_waiter_whose_key_is_deleted_is_told_at_once(communicator: Communicator) -> None:
    async with Lock(communicator, NAME):
        waiting = tasks.ensure_future(Lock(communicator, NAME).acquire())
        await communicator.delete(await waiting_key(communicator))
        with pytest.raises(LockLostError, match="deleted while it waited"):
            await tasks.wait_for(waiting, 5)


async def test_a_candidate_whose_key_is_deleted_is_told_at_once(
    communicator: Communicator,
) -> None:
    async with Election(communicator, NAME):
        waiting = tasks.ensure_future(Election(communicator, NAME).campaign())
        await communicator.delete(await waiting_key(communicator))
        with pytest.raises(ElectError, match="deleted while it waited"):
            await tasks.wait_for(waiting, 5)


async def test_a_cancellation_that_crosses_the_grant_leaves_nothing(
    communicator: Communicator, endpoint: str
) -> None:
    """The lock service of the server left the key there for as long as the lease lived."""
    chance = random.Random(7)
    async with communicator.lease(60) as lease:
        for _ in range(60):
            attempt = tasks.ensure_future(communicator.lock(NAME, lease=lease))
            await tasks.sleep(chance.uniform(0, 0.004))
            attempt.cancel()
            with contextlib.suppress(tasks.CancelledError):
                await communicator.unlock((await attempt).key)
        await contenders(communicator, 0)
        assert leases(endpoint) == [lease.id]


async def test_a_cancellation_after_the_grant_leaves_nothing(
    communicator: Communicator, proxy: Proxy
) -> None:
    """The server has granted it, and the answer is on its way."""
    async with Client(proxy.endpoint).connect() as far, communicator.lease(60) as lease:
        await tasks.to_thread(proxy.delay, 0.5)
        await cancel_before_the_answer(
            lambda: far.lock(NAME, lease=lease),
            lambda: contenders(communicator, 1),
            lambda granted: far.unlock(granted.key),
        )
        await contenders(communicator, 0)
        assert await communicator.lease_keep_alive(lease.id)


async def test_a_timeout_that_crosses_the_grant_leaves_nothing(
    communicator: Communicator, proxy: Proxy
) -> None:
    async with Client(proxy.endpoint).connect() as far, communicator.lease(60) as lease:
        await tasks.to_thread(proxy.delay, 0.1)
        for number in range(6):
            # The answer takes 0.2 s.
            with contextlib.suppress(LockError):
                held = await far.lock(NAME, lease=lease, timeout=0.17 + number * 0.01)
                await far.unlock(held.key)
        await contenders(communicator, 0)


async def test_a_lock_is_not_removed_with_an_earlier_attempt_of_its_lease(
    communicator: Communicator, proxy: Proxy
) -> None:
    """Both have the same key."""
    async with Client(proxy.endpoint).connect() as far, communicator.lease(60) as lease:
        await tasks.to_thread(proxy.delay, 0.1)
        for _ in range(3):
            attempt = tasks.create_task(far.lock(NAME, lease=lease))
            # The server has the request; the answer is on its way.
            await tasks.sleep(0.15)
            attempt.cancel()
            held = await far.lock(NAME, lease=lease)
            await tasks.sleep(0.5)
            assert await communicator.get(held.key) == b""
            await far.unlock(held.key)
        await contenders(communicator, 0)


async def test_a_lock_with_a_lease_of_the_callers_stays_without_its_communicator(
    communicator: Communicator, endpoint: str
) -> None:
    async with communicator.lease(60) as lease:
        async with Client(endpoint).connect() as other:
            held = await other.lock(NAME, lease=lease)
        await tasks.sleep(0.3)
        assert await communicator.get(held.key) == b""


async def test_waiting_for_a_lock_has_no_deadline_of_its_own(endpoint: str, proxy: Proxy) -> None:
    options = ConnectOptions(timeout=0.3)
    async with Client(proxy.endpoint, options).connect() as communicator:
        await tasks.to_thread(proxy.stall)
        acquiring = tasks.ensure_future(communicator.lock(NAME))
        await tasks.sleep(1)
        assert not acquiring.done()
        await tasks.to_thread(proxy.heal)
        held = await tasks.wait_for(acquiring, 5)
        await communicator.unlock(held.key, timeout=5)
    await nothing_left(endpoint)
