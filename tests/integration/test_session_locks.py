"""Locks and leads that hang on a session: what they cost, how long they last, what fences them."""

from typing import Any

import pytest

from etcd_client import (
    Client,
    Communicator,
    Compare,
    ElectError,
    Election,
    EtcdLockOption,
    InvalidArgsError,
    Lock,
    LockError,
    LockLostError,
    LockTimeoutError,
    Txn,
    TxnOp,
)
from etcd_client.testing import EtcdServer, Metrics, Proxy
from tests.support import tasks
from tests.support.costs import requests_of
from tests.support.leftovers import key_count, leases, nothing_left
from tests.support.waiting import eventually_async

NAME = "lock"


async def write(communicator: Communicator, fence: Compare) -> bool:
    """Write on a condition; return whether that was done."""
    txn = Txn().when([fence]).and_then([TxnOp.put("data", "value")])
    return (await communicator.txn(txn)).succeeded()


async def test_a_lock_costs_two_round_trips(communicator: Communicator, etcd: EtcdServer) -> None:
    def handled() -> float:
        metrics = Metrics.read(etcd.metrics_url)
        return metrics.total("grpc_server_handled_total", grpc_type="unary")

    async def settled() -> float:
        # The server counts a call a moment after it has answered.
        last, now = -1.0, await tasks.to_thread(handled)
        while now != last:
            await tasks.sleep(0.1)
            last, now = now, await tasks.to_thread(handled)
        return now

    async with communicator.session(ttl=60) as session:
        times = 0

        async def use() -> None:
            nonlocal times
            times += 1
            async with session.lock(NAME):
                pass

        calls = await settled()
        # Releasing is a transaction, acquiring another; nothing is asked beside them.
        for _ in range(50):
            assert await requests_of(communicator, use) == 2
        await eventually_async(lambda: handled() - calls == 2 * times)


async def test_a_key_is_used_again(communicator: Communicator) -> None:
    """A server goes through all keys that there ever were, to find the first one in a line."""
    async with communicator.session(ttl=60) as session:
        keys = set()
        for _ in range(10):
            async with session.lock(NAME) as lock:
                keys.add(lock.key)
                assert not await session.lock(NAME).acquire(blocking=False)
                async with session.lock("other") as other:
                    keys.add(other.key)
        assert keys == {b"lock/%x" % session.id, b"other/%x-1" % session.id}


async def test_locks_of_one_session_exclude_each_other(
    communicator: Communicator, endpoint: str
) -> None:
    """Where they would share a key of Go's client, and both be held."""
    inside = most = 0

    async def take_turns(lock: Lock) -> None:
        nonlocal inside, most
        async with lock:
            inside += 1
            most = max(most, inside)
            await tasks.sleep(0.01)
            inside -= 1

    async with communicator.session() as session:
        await tasks.gather(*(take_turns(session.lock(NAME)) for _ in range(10)))
        assert most == 1
        async with session.lock(NAME):
            assert not await session.lock(NAME).acquire(blocking=False)
            with pytest.raises(LockTimeoutError):
                await session.lock(NAME).acquire(timeout=0.1)
            # What that has left is removed a moment later where the server is slow.
            await eventually_async(lambda: key_count(endpoint) == 1)
        assert await session.lock(NAME).acquire(blocking=False)


@pytest.mark.parametrize("attached_to", ["session", "lease"])
async def test_a_refused_attempt_has_left_the_line(
    endpoint: str, proxy: Proxy, communicator: Communicator, attached_to: str
) -> None:
    """Also of a slow server: the next attempt must not be refused because of it."""
    async with (
        Lock(communicator, NAME),
        Client(proxy.endpoint).connect() as far,
        far.session() as session,
    ):
        lock = session.lock(NAME) if attached_to == "session" else Lock(far, NAME)
        await tasks.to_thread(proxy.delay, 0.2)
        assert not await lock.acquire(blocking=False)
        assert key_count(endpoint) == 1


async def test_a_lock_contends_with_those_of_other_sessions(
    communicator: Communicator, endpoint: str
) -> None:
    async with communicator.session() as one, communicator.session() as other:
        async with one.lock(NAME) as held:
            waiting = tasks.create_task(other.lock(NAME).acquire())
            alone = Lock(communicator, NAME)
            assert not await alone.acquire(blocking=False)
            await tasks.sleep(0.1)
            assert not waiting.done()
            token = held.revision
        assert await tasks.wait_for(waiting, 5)
        assert token is not None
    await nothing_left(endpoint)


async def test_failed_attempts_leave_only_the_session(
    communicator: Communicator, endpoint: str
) -> None:
    async with communicator.session() as session, session.lock(NAME):
        keys = await tasks.to_thread(key_count, endpoint)
        with pytest.raises(LockTimeoutError):
            await session.lock(NAME).acquire(timeout=0.05)
        assert not await session.lock(NAME).acquire(blocking=False)
        attempt = tasks.create_task(session.lock(NAME).acquire())
        await tasks.sleep(0.05)
        attempt.cancel()
        with pytest.raises(tasks.CancelledError):
            await attempt
        await eventually_async(lambda: key_count(endpoint) == keys)
        assert await tasks.to_thread(leases, endpoint) == [session.id]


async def test_a_ttl_ends_a_lock_and_not_its_session(communicator: Communicator) -> None:
    async with communicator.session() as session:
        lock = session.lock(NAME, ttl=2)
        await lock.acquire()
        assert 0 < lock.remaining <= 2
        waiting = tasks.create_task(session.lock(NAME).acquire())
        assert await tasks.wait_for(waiting, 10)
        assert lock.lost.is_set()
        assert not session.lost.is_set()
        with pytest.raises(LockLostError):
            await lock.release()


@pytest.mark.parametrize("shared", ["session", "own lease"])
async def test_a_held_lock_is_renewed(communicator: Communicator, shared: str) -> None:
    """As python-aio-etcd does by `acquire(lock_ttl=...)`, for longer and for shorter."""
    async with communicator.session() as session:
        lock = Lock(communicator, NAME, 2, session=session if shared == "session" else None)
        await lock.acquire()
        await lock.renew(12)
        await tasks.sleep(2.5)
        assert lock.is_acquired
        assert await lock.is_owner()
        await lock.renew(0.3)
        assert await tasks.wait_for(lock.lost.wait(), 5)
        with pytest.raises(LockLostError):
            await lock.renew(2)
        assert not await lock.is_owner()


async def test_a_lock_that_is_not_held_is_not_renewed(communicator: Communicator) -> None:
    lock = Lock(communicator, NAME)
    with pytest.raises(LockError, match="is not held"):
        await lock.renew(1)
    async with lock:
        with pytest.raises(TypeError, match="seconds"):
            await lock.renew("a")  # type: ignore[arg-type]
        with pytest.raises(InvalidArgsError, match="seconds"):
            await lock.renew(0)
        assert lock.is_acquired


async def test_the_fence_of_a_lock(communicator: Communicator) -> None:
    lock = Lock(communicator, NAME)
    with pytest.raises(LockError, match="is not held"):
        _ = lock.fence
    async with lock:
        fence = lock.fence
        assert await write(communicator, fence)
    assert not await write(communicator, fence)
    async with lock:
        assert not await write(communicator, fence)
        assert await write(communicator, lock.fence)
        assert lock.key is not None
        await communicator.delete(lock.key)
        assert not await write(communicator, lock.fence)
        await tasks.wait_for(lock.lost.wait(), 5)
        assert not await lock.is_owner()
        with pytest.raises(LockLostError):
            await lock.release()


async def test_the_fence_of_an_election(communicator: Communicator) -> None:
    async with communicator.session() as session:
        election = session.election(NAME)
        with pytest.raises(ElectError, match="is not held"):
            _ = election.fence
        async with election:
            fence = election.fence
            assert await election.is_owner()
            await election.proclaim("changes nothing of that")
            assert await write(communicator, fence)
        assert not await write(communicator, fence)
        assert not await election.is_owner()


async def test_fences_work_in_namespaces(communicator: Communicator) -> None:
    space = communicator.namespace("space/")
    async with Lock(space, NAME) as lock:
        assert await write(space, lock.fence)
        assert not await write(communicator, lock.fence)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"ttl": "a"}, TypeError, "ttl: expected a number of seconds, got str"),
        ({"ttl": True}, TypeError, "ttl: expected a number of seconds, got bool"),
        ({"ttl": -1}, InvalidArgsError, "ttl: expected a number of seconds above 0, got -1"),
        ({"ttl": float("nan")}, InvalidArgsError, "ttl"),
        ({"name": 5}, TypeError, "name: expected a bytes-like object or str, got int"),
        ({"name": "\ud800"}, InvalidArgsError, "name"),
    ],
)
async def test_arguments_of_locks_are_checked_when_they_are_made(
    communicator: Communicator, options: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        Lock(communicator, **{"name": NAME, **options})
    options = {"lock_name" if name == "name" else name: value for name, value in options.items()}
    with pytest.raises(error, match=match):
        EtcdLockOption(**{"lock_name": NAME, **options})


async def test_arguments_of_elections_are_checked_when_they_are_made(
    communicator: Communicator, client: Client
) -> None:
    with pytest.raises(TypeError, match="value: expected a bytes-like object or str, got int"):
        Election(communicator, NAME, 5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="name: expected"):
        Election(communicator, None)  # type: ignore[arg-type]
    not_connected: Any = client
    for kind in (Lock, Election):
        with pytest.raises(TypeError, match="communicator: expected Communicator, got Client"):
            kind(not_connected, NAME)
