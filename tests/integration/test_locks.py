"""`Lock` and `Communicator.lock`: one holder at a time, and what it knows of its lock."""

import base64
import time

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    Compare,
    CompareOp,
    InvalidArgsError,
    Lock,
    LockError,
    LockResponse,
    LockTimeoutError,
    Txn,
    TxnOp,
    UnlockResponse,
)
from etcd_client.testing import Proxy
from tests.support import gateway, tasks
from tests.support.leftovers import leases, nothing_left
from tests.support.waiting import eventually_async

NAME = b"lock"


async def test_a_timeout_names_the_key_that_is_ahead(communicator: Communicator) -> None:
    await communicator.put(NAME + b"/version", "of another program")
    with pytest.raises(LockTimeoutError, match='waits behind the key b"lock/version"'):
        await Lock(communicator, NAME).acquire(timeout=2)


async def test_a_timeout_tells_that_no_member_can_be_reached(proxy: Proxy) -> None:
    async with Client(proxy.endpoint).connect() as communicator:
        await communicator.put("key", "")
        await tasks.to_thread(proxy.refuse)
        await tasks.to_thread(proxy.drop)
        with pytest.raises(LockTimeoutError, match=r"no member could be reached: .+refused"):
            await Lock(communicator, NAME).acquire(timeout=2)
        with pytest.raises(LockTimeoutError, match=r"no member could be reached: .+refused"):
            await communicator.lock(NAME, timeout=2)


@pytest.mark.both_loops
async def test_one_holder_at_a_time(communicator: Communicator, endpoint: str) -> None:
    inside = 0
    order = []

    async def contend(number: int) -> None:
        nonlocal inside
        lock = Lock(communicator, NAME)
        async with lock:
            inside += 1
            assert inside == 1
            revision = lock.revision
            await tasks.sleep(0.002)
            order.append((revision, number))
            inside -= 1

    await tasks.gather(*(contend(number) for number in range(50)))
    assert len(order) == 50
    # The fencing token grows from holder to holder.
    assert order == sorted(order)
    await nothing_left(endpoint)


async def test_one_holder_among_several_connections(endpoint: str) -> None:
    inside = 0

    async def contend() -> None:
        nonlocal inside
        async with Client(endpoint).connect() as communicator:
            for _ in range(5):
                async with Lock(communicator, NAME):
                    inside += 1
                    assert inside == 1
                    await tasks.sleep(0.001)
                    inside -= 1

    await tasks.gather(*(contend() for _ in range(10)))
    await nothing_left(endpoint)


async def test_shows_its_key_and_state(communicator: Communicator) -> None:
    lock = Lock(communicator, NAME)
    assert not lock.is_acquired
    assert (lock.key, lock.revision) == (None, None)
    assert repr(lock) == "<Lock b'lock' not acquired>"
    async with lock as same:
        assert same is lock
        assert lock.is_acquired
        assert repr(lock) == "<Lock b'lock' acquired>"
        assert lock.key is not None
        kv = await communicator.get_kv(lock.key)
        assert kv is not None
        assert kv.create_revision == lock.revision
        # The layout of etcd's own lock service and of its Go client.
        assert lock.key == b"lock/%x" % kv.lease
    assert not lock.is_acquired
    assert lock.revision is None


async def test_a_transaction_can_ask_for_the_lock(communicator: Communicator) -> None:
    lock = Lock(communicator, NAME)
    async with lock:
        assert lock.key is not None
        assert lock.revision is not None
        held = Compare.create_revision(lock.key, CompareOp.EQUAL, lock.revision)
        guarded = Txn().when([held]).and_then([TxnOp.put(b"key", b"value")])
        assert (await communicator.txn(guarded)).succeeded()
    assert not (await communicator.txn(guarded)).succeeded()


async def test_can_be_acquired_again(communicator: Communicator) -> None:
    lock = Lock(communicator, NAME)
    revisions = []
    for _ in range(3):
        assert await lock.acquire() is True
        revisions.append(lock.revision)
        await lock.release()
    assert len(set(revisions)) == 3


async def test_is_not_acquired_twice_by_one_object(communicator: Communicator) -> None:
    lock = Lock(communicator, NAME)
    async with lock:
        with pytest.raises(LockError, match="held by this object"):
            await lock.acquire()
        assert lock.is_acquired


async def test_two_tasks_do_not_share_an_object(communicator: Communicator, endpoint: str) -> None:
    lock = Lock(communicator, NAME)
    attempts = [tasks.create_task(lock.acquire()) for _ in range(2)]
    done, _ = await tasks.wait(attempts, timeout=5, return_when=tasks.FIRST_COMPLETED)
    assert len(done) == 1
    # The first loses the lock; the second gets it while the object still stands for the first.
    assert lock.key is not None
    await communicator.delete(lock.key)
    with pytest.raises(LockError, match="by another task"):
        await tasks.gather(*attempts)
    assert await tasks.wait_for(lock.lost.wait(), 5)
    with pytest.raises(LockError):
        await lock.release()
    await nothing_left(endpoint)


async def test_is_not_released_unless_it_is_held(communicator: Communicator) -> None:
    lock = Lock(communicator, NAME)
    with pytest.raises(LockError, match="not held"):
        await lock.release()
    async with lock:
        await lock.release()
        with pytest.raises(LockError, match="not held"):
            await lock.release()
    assert not lock.lost.is_set()


async def test_does_not_wait_unless_it_may(communicator: Communicator, endpoint: str) -> None:
    holder, other = Lock(communicator, NAME), Lock(communicator, NAME)
    assert await holder.acquire(blocking=False) is True
    assert await other.acquire(blocking=False) is False
    assert await other.acquire(False) is False
    assert not other.is_acquired
    await eventually_async(lambda: len(leases(endpoint)) == 1)
    await holder.release()
    assert await other.acquire(blocking=False) is True
    await other.release()
    await nothing_left(endpoint)


async def test_attempts_that_fail_do_not_hinder_others(communicator: Communicator) -> None:
    holder, waiter = Lock(communicator, NAME), Lock(communicator, NAME)
    await holder.acquire()
    waiting = tasks.create_task(waiter.acquire())
    await tasks.sleep(0.05)
    for _ in range(10):
        assert await Lock(communicator, NAME).acquire(blocking=False) is False
    await holder.release()
    assert await tasks.wait_for(waiting, 5)
    await waiter.release()


async def test_is_acquired_in_the_order_of_asking(communicator: Communicator) -> None:
    order = []

    async def contend(number: int) -> None:
        async with Lock(communicator, NAME):
            order.append(number)

    async def has_asked() -> bool:
        return await communicator.count_prefix(b"lock/") == len(contenders) + 1

    async with Lock(communicator, NAME):
        contenders = []
        for number in range(5):
            contenders.append(tasks.create_task(contend(number)))
            await eventually_async(has_asked)
    await tasks.gather(*contenders)
    assert order == list(range(5))


async def test_a_pending_lock_does_not_hold_up_other_calls(communicator: Communicator) -> None:
    async with Lock(communicator, NAME):
        pending = [tasks.create_task(communicator.lock(NAME)) for _ in range(10)]
        await tasks.sleep(0.1)
        started = time.monotonic()
        for _ in range(100):
            await communicator.put(b"key", b"value")
        assert time.monotonic() - started < 20
        assert not any(task.done() for task in pending)
        for task in pending:
            task.cancel()
        await tasks.gather(*pending, return_exceptions=True)


async def test_locks_of_different_names_are_different(communicator: Communicator) -> None:
    names: list[bytes | str] = [b"a", b"a/", b"a/b", b"ab", "ä", b"\xff\xff", b"a\x00"]
    locks = [Lock(communicator, name) for name in names]
    for lock in locks:
        assert await tasks.wait_for(lock.acquire(), 5)
    for lock in locks:
        await lock.release()


async def test_a_name_in_text_is_utf_8(communicator: Communicator) -> None:
    async with Lock(communicator, "schlüssel"):
        assert not await Lock(communicator, "schlüssel".encode()).acquire(blocking=False)


async def test_locks_of_a_namespace_live_under_it(communicator: Communicator) -> None:
    inside = communicator.namespace(b"/app/")
    async with Lock(inside, NAME) as lock:
        assert lock.key is not None
        assert lock.key.startswith(b"lock/")
        assert await inside.get(lock.key) == b""
        assert await communicator.keys_prefix(b"") == [b"/app/" + lock.key]
        assert await Lock(communicator, NAME).acquire(blocking=False)
        assert not await Lock(communicator, b"/app/lock").acquire(blocking=False)
        with pytest.raises(LockError):
            await inside.lock(NAME, timeout=0.1)


async def test_contends_with_the_lock_service(communicator: Communicator, endpoint: str) -> None:
    name = base64.b64encode(NAME).decode()
    lock = Lock(communicator, NAME)
    async with lock:
        foreign = tasks.create_task(
            tasks.to_thread(gateway.call, endpoint, "lock/lock", {"name": name})
        )
        await tasks.sleep(0.3)
        assert not foreign.done()
    key = (await tasks.wait_for(foreign, 5))["key"]
    assert await lock.acquire(blocking=False) is False
    waiting = tasks.create_task(lock.acquire())
    await tasks.sleep(0.2)
    assert not waiting.done()
    gateway.call(endpoint, "lock/unlock", {"key": key})
    assert await tasks.wait_for(waiting, 5)
    await lock.release()


async def test_lock_and_unlock(communicator: Communicator, endpoint: str) -> None:
    held = await communicator.lock(NAME)
    assert isinstance(held, LockResponse)
    assert held.header.revision > 0
    assert await communicator.get(held.key) == b""
    other = tasks.create_task(communicator.lock("lock"))
    await tasks.sleep(0.1)
    assert not other.done()
    released = await communicator.unlock(held.key)
    assert isinstance(released, UnlockResponse)
    await communicator.unlock((await other).key.decode())
    await nothing_left(endpoint)


async def test_unlocks_by_name_too(communicator: Communicator, endpoint: str) -> None:
    # So programs for etcd-client-py 0.5.1 do it, which did not tell the key.
    await communicator.lock(NAME)
    await communicator.unlock(NAME)
    await nothing_left(endpoint)


async def test_unlocking_what_is_not_locked_does_nothing(communicator: Communicator) -> None:
    await communicator.put(b"key", b"value")
    await communicator.unlock(b"other")
    assert await communicator.get(b"key") == b"value"


async def test_locks_with_a_lease_of_the_callers(communicator: Communicator, endpoint: str) -> None:
    async with communicator.lease(60) as lease, communicator.lease(60) as other:
        held = await communicator.lock(NAME, lease=lease)
        assert held.key == b"lock/%x" % lease.id
        # Whoever has the lease has the lock.
        assert (await communicator.lock(NAME, lease=lease.id)).key == held.key
        with pytest.raises(TimeoutError) as raised:
            await communicator.lock(NAME, lease=other, timeout=0.2)
        assert isinstance(raised.value, LockError)
        await communicator.unlock(held.key)
        await communicator.lock(NAME, lease=other)
    await nothing_left(endpoint)


async def test_a_limit_and_a_lease_exclude_each_other(communicator: Communicator) -> None:
    with pytest.raises(InvalidArgsError, match="ttl"):
        await communicator.lock(NAME, lease=7, ttl=5)


async def test_closing_the_communicator_ends_its_locks(client: Client, endpoint: str) -> None:
    async with client.connect() as communicator:
        held = Lock(communicator, NAME)
        await held.acquire()
        await communicator.lock(b"low-level")
        waiting = tasks.create_task(Lock(communicator, NAME).acquire())
        await tasks.sleep(0.1)
    with pytest.raises(ClosedError):
        await waiting
    await nothing_left(endpoint)
    assert held.lost.is_set()
    with pytest.raises(ClosedError):
        await Lock(communicator, NAME).acquire()


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
async def test_refuses_a_timeout_of_no_time(communicator: Communicator, timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout"):
        await Lock(communicator, NAME).acquire(timeout=timeout)


@pytest.mark.parametrize("ttl", [0, -5])
async def test_refuses_a_limit_of_no_time(communicator: Communicator, ttl: float) -> None:
    with pytest.raises(ValueError, match="ttl"):
        await Lock(communicator, NAME, ttl).acquire()
    with pytest.raises(ValueError, match="ttl"):
        await communicator.lock(NAME, ttl=ttl)


@pytest.mark.parametrize("name", [None, 5, ["name"]])
async def test_refuses_a_name_of_another_type(communicator: Communicator, name: object) -> None:
    with pytest.raises(TypeError, match="name"):
        await Lock(communicator, name).acquire()  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="name"):
        await communicator.lock(name)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="key"):
        await communicator.unlock(name)  # type: ignore[arg-type]
