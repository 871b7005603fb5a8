"""How long locks are waited for and held, and how their loss is told."""

import contextlib
import time

import pytest

from etcd_client import (
    Client,
    Communicator,
    EtcdTimeoutError,
    Lock,
    LockError,
    LockLostError,
    LockTimeoutError,
)
from etcd_client.testing import EtcdServer, eventually
from tests.support import tasks
from tests.support.leftovers import leases, nothing_left
from tests.support.stalls import stalls
from tests.support.waiting import eventually_async

NAME = b"lock"


async def two_in_line(communicator: Communicator) -> None:
    """Wait until there is a waiter beside the holder."""

    async def reached() -> bool:
        return await communicator.count_prefix(b"lock/") == 2

    await eventually_async(reached)


@pytest.mark.timeout(120)
async def test_is_held_for_as_long_as_its_holder_lives(
    communicator: Communicator, endpoint: str
) -> None:
    async with Lock(communicator, NAME) as lock:
        low_level = await communicator.lock(b"low-level")
        started = time.monotonic()
        while time.monotonic() - started < 65:
            await tasks.sleep(5)
            assert not await Lock(communicator, NAME).acquire(blocking=False)
            assert not await Lock(communicator, b"low-level").acquire(blocking=False)
        assert not lock.lost.is_set()
        await communicator.unlock(low_level.key)
    await nothing_left(endpoint)


@pytest.mark.both_loops
@pytest.mark.parametrize("ttl", [0.5, 1, 2.5])
async def test_is_given_back_when_its_time_is_over(
    communicator: Communicator, etcd: EtcdServer, endpoint: str, ttl: float
) -> None:
    def expired() -> float:
        return etcd.metrics().total("etcd_debugging_server_lease_expired_total")

    before = expired()
    for _ in range(3):
        holder, other = Lock(communicator, NAME, ttl), Lock(communicator, NAME)
        with stalls() as stalled:
            started = time.monotonic()
            await holder.acquire()
            await other.acquire()
            passed = time.monotonic() - started
        assert ttl <= passed
        if passed <= ttl + 0.25 + stalled.seconds:
            break
        # The server was held up, which `stalls` does not see.
        await other.release()
    else:
        pytest.fail(f"the last of three was given back after {passed} s")
    # The holder has given it back, not the server taken it.
    assert expired() == before
    assert holder.lost.is_set()
    assert not holder.is_acquired
    with pytest.raises(LockLostError, match="time of"):
        await holder.release()
    assert len(leases(endpoint)) == 1


async def test_is_given_back_whatever_the_holder_does(
    communicator: Communicator, endpoint: str
) -> None:
    async with Client(endpoint).connect():
        await Lock(communicator, NAME, ttl=1).acquire()
        # Which blocks the event loop of the holder.
        eventually(lambda: leases(endpoint) == [])


async def test_is_not_given_back_before_its_time(communicator: Communicator) -> None:
    # The lease, which is of whole seconds and has the server's own clock, must not be first.
    for _ in range(3):
        lock = Lock(communicator, NAME, ttl=2)
        started = time.monotonic()
        await lock.acquire()
        await tasks.sleep(1.7)
        is_held = not lock.lost.is_set()
        is_held &= not await Lock(communicator, NAME).acquire(blocking=False)
        # Unless the machine was held up until its time was over.
        assert is_held or time.monotonic() - started > 2
        with contextlib.suppress(LockLostError):
            await lock.release()
        await communicator.delete_prefix(NAME)


async def test_waiting_does_not_use_up_the_time(communicator: Communicator) -> None:
    holder = Lock(communicator, NAME)
    await holder.acquire()
    waiter = Lock(communicator, NAME, ttl=1.5)
    waiting = tasks.create_task(waiter.acquire())
    # Longer than the lease of the waiter lasts without being renewed.
    await tasks.sleep(5)
    started = time.monotonic()
    await holder.release()
    await tasks.wait_for(waiting, 5)
    assert await tasks.wait_for(waiter.lost.wait(), 5)
    assert 1.5 <= time.monotonic() - started <= 4


async def test_a_lock_without_a_limit_leaves_in_silence(communicator: Communicator) -> None:
    async with Lock(communicator, NAME) as lock:
        assert not lock.lost.is_set()
        assert lock.lost.reason is None
    assert not lock.lost.is_set()


async def test_a_lock_that_was_not_acquired_in_time_raises(
    communicator: Communicator, endpoint: str
) -> None:
    async with Lock(communicator, NAME):
        before = leases(endpoint)
        for attempt in (
            lambda: Lock(communicator, NAME).acquire(timeout=0.5),
            lambda: communicator.lock(NAME, timeout=0.5),
        ):
            started = time.monotonic()
            with pytest.raises(LockTimeoutError) as raised:
                await attempt()
            assert 0.4 <= time.monotonic() - started <= 4
            for kind in (LockError, TimeoutError, EtcdTimeoutError, tasks.TimeoutError):
                assert isinstance(raised.value, kind)
        await eventually_async(lambda: leases(endpoint) == before)
        assert len(await communicator.keys_prefix(b"")) == 1


async def test_leaving_a_lost_lock_raises(communicator: Communicator) -> None:
    lock = Lock(communicator, NAME)
    with pytest.raises(LockLostError, match="deleted"):  # noqa: PT012 - at its end
        async with lock:
            await tasks.sleep(0.5)
            assert lock.key is not None
            await communicator.delete(lock.key)
            assert await tasks.wait_for(lock.lost.wait(), 5)
            assert not lock.is_acquired
    # The object is of use again.
    async with lock:
        assert lock.is_acquired
        assert not lock.lost.is_set()


async def test_a_key_that_was_deleted_at_once_is_told(communicator: Communicator) -> None:
    # Before the lock is held long enough to be watched.
    lock = Lock(communicator, NAME)
    await lock.acquire()
    assert lock.key is not None
    await communicator.delete(lock.key)
    await communicator.compact((await communicator.put(b"key", b"value")).header.revision)
    assert await tasks.wait_for(lock.lost.wait(), 5)


async def test_compaction_is_no_loss(communicator: Communicator) -> None:
    async with Lock(communicator, NAME) as lock:
        for _ in range(10):
            revision = (await communicator.put(b"key", b"value")).header.revision
            await communicator.compact(revision)
            await tasks.sleep(0.1)
        assert not lock.lost.is_set()
        assert lock.key is not None
        await communicator.delete(lock.key)
        await tasks.wait_for(lock.lost.wait(), 5)
        with contextlib.suppress(LockLostError):
            await lock.release()


async def test_a_revoked_lease_is_told(communicator: Communicator) -> None:
    lock = Lock(communicator, NAME)
    await lock.acquire()
    (lease,) = (await communicator.leases()).leases
    await tasks.sleep(0.3)
    await communicator.lease_revoke(lease)
    assert await tasks.wait_for(lock.lost.wait(), 5)
    with pytest.raises(LockLostError):
        await lock.release()


async def test_a_loss_that_was_not_noticed_is_told_at_the_release(
    communicator: Communicator,
) -> None:
    lock = Lock(communicator, NAME)
    await lock.acquire()
    (lease,) = (await communicator.leases()).leases
    await communicator.lease_revoke(lease)
    with pytest.raises(LockLostError):
        await lock.release()
    held = await communicator.lock(NAME)
    (lease,) = (await communicator.leases()).leases
    await communicator.lease_revoke(lease)
    with pytest.raises(LockLostError):
        await communicator.unlock(held.key)


async def test_the_error_of_the_body_wins(communicator: Communicator) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - passes through the context
        async with Lock(communicator, NAME) as lock:
            assert lock.key is not None
            await communicator.delete(lock.key)
            raise ZeroDivisionError


async def test_a_waiter_whose_lease_is_revoked_fails(communicator: Communicator) -> None:
    async with Lock(communicator, NAME, ttl=20) as holder:
        (held,) = (await communicator.leases()).leases
        waiting = tasks.create_task(Lock(communicator, NAME, ttl=1).acquire())
        await two_in_line(communicator)
        (lease,) = {*(await communicator.leases()).leases} - {held}
        await communicator.lease_revoke(lease)
        with pytest.raises(LockError):
            await tasks.wait_for(waiting, 5)
        assert holder.is_acquired


async def test_a_waiter_whose_key_is_deleted_fails(communicator: Communicator) -> None:
    async with Lock(communicator, NAME) as holder:
        waiting = tasks.create_task(Lock(communicator, NAME).acquire())
        await two_in_line(communicator)
        (waiter_key,) = {*await communicator.keys_prefix(b"lock/")} - {holder.key}
        await communicator.delete(waiter_key)
    with pytest.raises(LockError):
        await tasks.wait_for(waiting, 5)


@pytest.mark.parametrize("delay", [0, 0.0003, 0.001, 0.002, 0.004, 0.05])
@pytest.mark.parametrize("taken", [False, True])
async def test_a_cancelled_attempt_leaves_nothing(
    communicator: Communicator, endpoint: str, *, delay: float, taken: bool
) -> None:
    holder = Lock(communicator, NAME)
    if taken:
        await holder.acquire()
    for _ in range(10):
        lock = Lock(communicator, NAME)
        acquiring = tasks.create_task(lock.acquire())
        await tasks.sleep(delay)
        acquiring.cancel()
        with contextlib.suppress(tasks.CancelledError):
            await acquiring
            await lock.release()
        assert not lock.is_acquired
    if taken:
        await holder.release()
    await nothing_left(endpoint)


@pytest.mark.parametrize("steps", range(12))
async def test_a_cancelled_attempt_leaves_nothing_at_any_step(
    communicator: Communicator, endpoint: str, steps: int
) -> None:
    acquiring = tasks.create_task(Lock(communicator, NAME).acquire())
    for _ in range(steps):
        await tasks.sleep(0)
        if steps % 3 == 0:
            await communicator.get(b"key")
    if acquiring.cancel():
        with pytest.raises(tasks.CancelledError):
            await acquiring
        await nothing_left(endpoint)


@pytest.mark.parametrize("steps", range(6))
async def test_an_attempt_cancelled_as_it_succeeds_leaves_nothing(
    communicator: Communicator, endpoint: str, steps: int
) -> None:
    acquiring = tasks.create_task(Lock(communicator, NAME).acquire())
    await tasks.sleep(0)
    time.sleep(0.1)  # noqa: ASYNC251 - the answer comes, and the loop learns of it later
    for _ in range(steps):
        await tasks.sleep(0)
    cancelled = acquiring.cancel()
    (outcome,) = await tasks.gather(acquiring, return_exceptions=True)
    ended = isinstance(outcome, tasks.CancelledError)
    # On trio, a cancellation can come too late.
    assert ended == cancelled or tasks.is_on_trio()
    if ended:
        # Though the exception is kept, and all that its frames refer to.
        await nothing_left(endpoint)


async def test_a_cancelled_release_releases(communicator: Communicator, endpoint: str) -> None:
    for _ in range(10):
        lock = Lock(communicator, NAME)
        await lock.acquire()
        releasing = tasks.create_task(lock.release())
        await tasks.sleep(0)
        releasing.cancel()
        with contextlib.suppress(tasks.CancelledError):
            await releasing
        assert await tasks.wait_for(Lock(communicator, NAME).acquire(timeout=10), 15)
        await communicator.delete_prefix(b"")
    assert endpoint
