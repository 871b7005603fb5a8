"""The runtime is stopped again and again under load: all is told, and nothing hangs or stays."""

import asyncio
import concurrent.futures
import contextlib
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from etcd_client import (
    Client,
    Communicator,
    EtcdConnectionError,
    EtcdError,
    LeaseLostError,
    Lock,
    LockLostError,
    LockTimeoutError,
    cleanup_runtime,
)
from etcd_client.testing import EtcdServer, eventually
from tests.support import footprint
from tests.support.leftovers import key_count, leases, nothing_left
from tests.support.waiting import eventually_async

Work = Callable[[Communicator, bytes], Awaitable[object]]

LONGEST = 10
"""What a cleanup may take: five seconds for the calls, and the rest for the thread."""

PATIENCE = 20
"""After that an operation hangs; its deadline or the TTL of its lock would have ended it."""


async def call(communicator: Communicator, name: bytes) -> None:
    """Write and read."""
    await communicator.put(b"key-" + name, b"value")
    assert await communicator.get(b"key-" + name) == b"value"


async def scan(communicator: Communicator, _: bytes) -> None:
    """Read some pages."""
    async for pair in communicator.scan_prefix(b"key-", page_size=2):
        assert pair.value == b"value"


async def watch(communicator: Communicator, name: bytes) -> None:
    """Wait for an event of one's own."""
    async with communicator.watch(b"watched-" + name) as watch:
        await communicator.put(b"watched-" + name, b"")
        await anext(watch)


async def lock(communicator: Communicator, name: bytes) -> None:
    """Hold a lock for which another waits; it outlives its holder by two seconds at most."""
    async with Lock(communicator, b"lock-" + name[-1:], ttl=1):
        await asyncio.sleep(0.005)


async def lease(communicator: Communicator, name: bytes) -> None:
    """Keep a lease."""
    async with communicator.lease(2) as lease:
        await communicator.put(b"leased-" + name, b"", lease=lease)


WORK: list[Work] = [call, call, scan, watch, lock, lease]


class Load:
    """What works while the runtime is stopped, and what has come of it."""

    def __init__(self, client: Client) -> None:
        """Begin with nothing done."""
        self._client = client
        self._over = threading.Event()
        self.done: dict[str, int] = {work.__name__: 0 for work in WORK}
        self.errors: list[EtcdError] = []

    def stop(self) -> None:
        """Have all that works finish."""
        self._over.set()

    async def run(self) -> None:
        """Do everything at once, four times each; raises what is not an error of etcd's."""
        async with self._client.connect() as communicator:
            repeating = [
                self._repeat(work, communicator, b"%s-%d" % (work.__name__.encode(), number))
                for work in WORK
                for number in range(4)
            ]
            await asyncio.gather(*repeating)

    async def _repeat(self, work: Work, communicator: Communicator, name: bytes) -> None:
        while not self._over.is_set():
            try:
                await asyncio.wait_for(work(communicator, name), PATIENCE)
            except EtcdError as error:
                self.errors.append(error)
            else:
                self.done[work.__name__] += 1
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def load(client: Client) -> AsyncIterator[Load]:
    """Run a load beside the body, in the same loop, until some of each kind has succeeded."""
    made = Load(client)
    running = asyncio.create_task(made.run())
    try:
        yield made
        await eventually_async(lambda: min(made.done.values()) > 0, within=PATIENCE)
    finally:
        made.stop()
        await asyncio.wait_for(running, PATIENCE)
        print(made.done, Counter(type(error).__name__ for error in made.errors))


def clean() -> None:
    """Stop the runtime, which must not take too long."""
    began = time.monotonic()
    cleanup_runtime()
    assert time.monotonic() - began < LONGEST


@pytest.fixture
def no_trace(etcd: EtcdServer, endpoint: str) -> Iterator[None]:
    """Compare what there is here and on the server before the test and after it."""

    def now() -> tuple[int, int, int]:
        metrics = etcd.metrics()
        return footprint.threads().count("etcd-client"), metrics.watchers, metrics.open_streams

    def settled() -> bool:
        # The streams of the test before may still be ending on the server.
        first = now()
        time.sleep(0.1)
        return now() == first

    cleanup_runtime()
    eventually(settled)
    before = now()
    yield
    eventually(lambda: now() == before)
    eventually(lambda: leases(endpoint) == [])


many_times = pytest.mark.parametrize(
    "times",
    [2, pytest.param(40, marks=[pytest.mark.full_faults, pytest.mark.timeout(400)])],
    ids=["twice", "many times"],
)


@many_times
@pytest.mark.usefixtures("no_trace")
async def test_from_the_loop_itself(client: Client, times: int) -> None:
    async with load(client):
        for _ in range(times):
            await asyncio.sleep(0.2)
            clean()


@many_times
@pytest.mark.usefixtures("no_trace")
def test_from_several_threads_while_the_loops_of_others_work(client: Client, times: int) -> None:
    loads = [Load(client) for _ in range(2)]
    with concurrent.futures.ThreadPoolExecutor() as threads:
        running = [threads.submit(asyncio.run, load.run()) for load in loads]
        for _ in range(times):
            time.sleep(0.2)
            for cleaned in [threads.submit(clean) for _ in range(3)]:
                cleaned.result()
        eventually(lambda: all(min(load.done.values()) > 0 for load in loads), PATIENCE)
        for load in loads:
            load.stop()
        for finished in concurrent.futures.as_completed(running, PATIENCE):
            finished.result()


@pytest.mark.full_faults
async def test_a_wait_for_a_lock_ends(communicator: Communicator, endpoint: str) -> None:
    """It gets the time that calls get, and is told; nothing is left of it."""
    elsewhere = await communicator.lease_grant(60)
    await communicator.lock(b"lock", lease=elsewhere)
    waiting = asyncio.create_task(Lock(communicator, b"lock").acquire())
    await asyncio.sleep(0.1)
    await asyncio.to_thread(clean)
    with pytest.raises(EtcdConnectionError):
        await asyncio.wait_for(waiting, 5)
    assert leases(endpoint) == [elsewhere.id]
    with pytest.raises(LockTimeoutError):
        await Lock(communicator, b"lock").acquire(timeout=0.1)
    await communicator.lease_revoke(elsewhere)


async def test_nobody_gets_what_is_given_back_at_the_end(
    communicator: Communicator, endpoint: str
) -> None:
    held = Lock(communicator, b"lock")
    await held.acquire()
    waiting = [asyncio.create_task(Lock(communicator, b"lock").acquire()) for _ in range(3)]
    await eventually_async(lambda: key_count(endpoint) == 4)
    await asyncio.to_thread(clean)
    for wait in waiting:
        with pytest.raises(EtcdConnectionError, match="stopped"):
            await asyncio.wait_for(wait, 5)
    assert held.lost.is_set()
    await nothing_left(endpoint)


async def test_what_is_held_is_given_back(communicator: Communicator, endpoint: str) -> None:
    lease = await communicator.lease(60)
    lock = Lock(communicator, b"lock")
    await lock.acquire()
    await asyncio.to_thread(clean)
    assert lease.lost.is_set()
    assert lock.lost.is_set()
    await nothing_left(endpoint)


async def test_what_was_held_is_told_to_be_lost(communicator: Communicator) -> None:
    lease = await communicator.lease(60)
    lock = Lock(communicator, b"lock")
    await lock.acquire()
    await asyncio.to_thread(clean)
    assert await lock.lost.wait()
    with pytest.raises(LockLostError):
        await lock.release()
    assert await lease.lost.wait()
    with pytest.raises(LeaseLostError):
        await lease.revoke()


class Turns:
    """Threads that take turns at a lock, each with a loop of its own."""

    def __init__(self, client: Client) -> None:
        """Begin with nobody inside."""
        self._client = client
        self._inside: list[Lock] = []
        self.over = threading.Event()
        self.taken = 0
        self.overlaps = 0

    def run(self) -> None:
        """Take turns until it is over."""
        while not self.over.is_set():
            with contextlib.suppress(EtcdError):
                asyncio.run(self._take())

    async def _take(self) -> None:
        async with self._client.connect() as communicator, Lock(communicator, b"lock") as lock:
            others = sum(not other.lost.is_set() for other in tuple(self._inside))
            # Who is slow to enter may have lost the lock, and another one may have it since.
            if not lock.lost.is_set():
                self.overlaps += others
            self.taken += 1
            self._inside.append(lock)
            try:
                await asyncio.sleep(0.01)
            finally:
                self._inside.remove(lock)


@pytest.mark.parametrize(
    "seconds", [4, pytest.param(45, marks=[pytest.mark.full_faults, pytest.mark.timeout(120)])]
)
def test_a_lock_is_told_to_be_lost_before_it_is_given_back(client: Client, seconds: int) -> None:
    turns = Turns(client)
    with concurrent.futures.ThreadPoolExecutor() as threads:
        running = [threads.submit(turns.run) for _ in range(3)]
        end = time.monotonic() + seconds
        while time.monotonic() < end or turns.taken <= seconds:
            time.sleep(0.05)
            clean()
        turns.over.set()
        for finished in concurrent.futures.as_completed(running, PATIENCE):
            finished.result()
    assert turns.overlaps == 0


async def test_who_waits_for_a_loss_is_told_at_once(communicator: Communicator) -> None:
    lease = await communicator.lease(60)
    waiting = asyncio.create_task(lease.lost.wait())
    await asyncio.sleep(0.1)
    await asyncio.to_thread(clean)
    assert await asyncio.wait_for(waiting, 5)
