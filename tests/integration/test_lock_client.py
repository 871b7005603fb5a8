"""`Client.with_lock` and `EtcdLockOption`, as programs for etcd-client-py 0.5.1 use them."""

import time

import pytest

from etcd_client import (
    Client,
    Communicator,
    ConnectOptions,
    EtcdLockOption,
    LockError,
    LockLostError,
    LockTimeoutError,
    active_context_count,
)
from tests.support import tasks
from tests.support.leftovers import no_contexts, nothing_left

NAME = b"lock"


@pytest.mark.both_loops
async def test_two_programs_take_turns(client: Client, endpoint: str) -> None:
    told = []

    inside = tasks.Event()

    async def first() -> None:
        async with client.with_lock(EtcdLockOption(lock_name=NAME)) as communicator:
            inside.set()
            told.append(("first in", await communicator.get(b"testkey")))
            await tasks.sleep(0.3)
            told.append(("first out", b""))

    async def second() -> None:
        await inside.wait()
        async with client.with_lock(EtcdLockOption(lock_name=NAME)) as communicator:
            told.append(("second in", await communicator.get(b"testkey")))

    async with client.connect() as communicator:
        await communicator.put(b"testkey", b"testvalue")
    await tasks.gather(first(), second())
    assert told == [("first in", b"testvalue"), ("first out", b""), ("second in", b"testvalue")]
    async with client.connect() as communicator:
        await communicator.delete(b"testkey")
    await nothing_left(endpoint)


async def test_a_timeout_bounds_acquiring(client: Client, endpoint: str) -> None:
    await no_contexts()
    async with client.with_lock(EtcdLockOption(lock_name=NAME)):
        started = time.monotonic()
        with pytest.raises(LockTimeoutError) as raised:
            await client.with_lock(EtcdLockOption(lock_name=NAME, timeout=0.5)).__aenter__()
        assert 0.4 <= time.monotonic() - started <= 4
        assert isinstance(raised.value, LockError)
        assert isinstance(raised.value, TimeoutError)
        assert active_context_count() == 1
    await nothing_left(endpoint)


async def test_a_ttl_frees_the_lock(client: Client, endpoint: str) -> None:
    inside = tasks.Event()

    async def first() -> None:
        async with client.with_lock(EtcdLockOption(lock_name=NAME, ttl=1)):
            inside.set()
            await tasks.sleep(2)

    async def second() -> float:
        await inside.wait()
        async with client.with_lock(EtcdLockOption(lock_name=NAME)):
            return time.monotonic() - started

    started = time.monotonic()
    holding = tasks.create_task(first())
    assert 1 <= await second() < 4
    # Whoever overstays is told.
    with pytest.raises(LockLostError, match="its time of 1 s was over"):
        await holding
    await nothing_left(endpoint)


async def test_shows_the_lock(client: Client) -> None:
    async with client.connect() as communicator:
        assert communicator.held_lock is None
    async with client.with_lock(EtcdLockOption(NAME)) as communicator:
        assert isinstance(communicator, Communicator)
        lock = communicator.held_lock
        assert lock is not None
        assert lock.is_acquired
        assert lock.key is not None
        assert await communicator.get(lock.key) == b""
    assert communicator.closed
    assert not lock.is_acquired


async def test_a_lock_that_was_released_early_ends_in_silence(client: Client) -> None:
    async with client.with_lock(EtcdLockOption(NAME)) as communicator:
        assert communicator.held_lock is not None
        await communicator.held_lock.release()
        await tasks.wait_for(communicator.lock(NAME), 5)


async def test_the_client_itself_can_have_the_options(endpoint: str) -> None:
    client = Client([endpoint], lock_options=EtcdLockOption(NAME, timeout=5.0))
    async with client as communicator:
        assert communicator.held_lock is not None
        with pytest.raises(LockError):
            await communicator.lock(NAME, timeout=0.1)
    await nothing_left(endpoint)


async def test_takes_other_options_to_connect(client: Client) -> None:
    options = ConnectOptions(timeout=8)
    async with client.with_lock(EtcdLockOption(NAME), options) as communicator:
        await communicator.put(b"key", b"value")


async def test_tasks_may_share_a_client_with_lock_options(endpoint: str) -> None:
    client = Client(endpoint, lock_options=EtcdLockOption(NAME))
    inside = 0

    async def contend() -> None:
        nonlocal inside
        async with client:
            inside += 1
            assert inside == 1
            await tasks.sleep(0.01)
            inside -= 1

    await tasks.gather(*(contend() for _ in range(10)))
    await nothing_left(endpoint)


@pytest.mark.parametrize("delay", [0, 0.0005, 0.001, 0.002, 0.004, 0.1])
async def test_a_cancelled_context_leaves_nothing(
    client: Client, endpoint: str, delay: float
) -> None:
    async def hold() -> None:
        async with client.with_lock(EtcdLockOption(NAME)):
            await tasks.sleep(60)

    holders = [tasks.create_task(hold()) for _ in range(10)]
    await tasks.sleep(delay)
    for holder in holders:
        holder.cancel()
    await tasks.gather(*holders, return_exceptions=True)
    await nothing_left(endpoint)
    await no_contexts()


async def test_the_error_of_the_body_wins(client: Client, endpoint: str) -> None:
    with pytest.raises(ZeroDivisionError):
        async with client.with_lock(EtcdLockOption(NAME)):
            raise ZeroDivisionError
    await nothing_left(endpoint)


def test_options_are_a_plain_record() -> None:
    options = EtcdLockOption(lock_name=b"name", timeout=5.0, ttl=5)
    assert repr(options) == "EtcdLockOption(lock_name=b'name', timeout=5.0, ttl=5)"
    assert repr(EtcdLockOption(b"name")) == (
        "EtcdLockOption(lock_name=b'name', timeout=None, ttl=None)"
    )
    assert options == EtcdLockOption(b"name", 5.0, 5)
    options.ttl = None
    assert options == EtcdLockOption(b"name", timeout=5.0)
