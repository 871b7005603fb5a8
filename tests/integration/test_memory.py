"""What reading takes in memory, however much there is to read: each in a process of its own."""

import asyncio
import gc
import statistics
from collections.abc import Awaitable, Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from etcd_client import Client, Communicator
from tests.bridge.program import run_program
from tests.support import footprint

# The programs use asyncio.
pytestmark = pytest.mark.asyncio_only

Program = Callable[[str], None]

_FIRST_RUNS = 3
_RUNS = 7


def resident_bytes() -> int:
    """Return how much memory this process occupies, without its garbage."""
    gc.collect()
    return footprint.resident_bytes()


def with_communicator(
    endpoint: str, work: Callable[[Communicator], Coroutine[Any, Any, None]]
) -> None:
    """Run `work` in a loop of its own."""

    async def run() -> None:
        async with Client(endpoint).connect() as communicator:
            await work(communicator)

    asyncio.run(run())


async def put(communicator: Communicator, count: int, size: int) -> None:
    """Put that many values, 50 at a time."""
    for start in range(0, count, 50):
        numbers = range(start, min(start + 50, count))
        await asyncio.gather(*(communicator.put(b"key/%05d" % i, bytes(size)) for i in numbers))


async def growth(work: Callable[[], Awaitable[None]]) -> float:
    """Return how many bytes more a run of `work` takes than the one before, in most runs.

    What leaks, does so every time. The allocator takes and returns megabytes now and then, and in
    the first runs more often.
    """
    for _ in range(_FIRST_RUNS):
        await work()
    sizes = [resident_bytes()]
    for _ in range(_RUNS):
        await work()
        sizes.append(resident_bytes())
    return statistics.median(after - before for before, after in pairwise(sizes))


def cancel_steps_of_an_idle_watch(endpoint: str) -> None:
    """Poll a watch that has nothing to tell, as `wait_for` in a loop does."""

    async def work(communicator: Communicator) -> None:
        async def poll(count: int) -> None:
            for _ in range(count):
                step = asyncio.ensure_future(anext(watch))
                await asyncio.sleep(0)
                step.cancel()
                await asyncio.gather(step, return_exceptions=True)

        async with communicator.watch(b"key") as watch:
            await poll(20_000)
            # What waits for an event takes at least 24 bytes.
            assert await growth(lambda: poll(40_000)) < 400_000

    with_communicator(endpoint, work)


def read_slowly(endpoint: str) -> None:
    """Read a watch only after 75 MB of events."""

    async def work(communicator: Communicator) -> None:
        size, count = 50_000, 1500
        await put(communicator, 100, size)
        async with communicator.watch_prefix(b"key/") as watch:
            before = resident_bytes()
            await put(communicator, count, size)
            assert resident_bytes() - before < 15_000_000
            keys = [(await anext(watch)).key for _ in range(count)]
        assert sorted(keys) == [b"key/%05d" % i for i in range(count)]

    with_communicator(endpoint, work)


def read_quickly(endpoint: str) -> None:
    """Read 10,000 events of 2 kB as they come; 0.5.1 took 22 MB for that."""

    async def work(communicator: Communicator) -> None:
        async def read(count: int) -> None:
            for _ in range(count // 50):
                await put(communicator, 50, 2000)
                for _ in range(50):
                    await asyncio.wait_for(anext(watch), 10)

        async with communicator.watch_prefix(b"key/") as watch:
            await read(2_000)
            assert await growth(lambda: read(1_500)) < 400_000

    with_communicator(endpoint, work)


def scan(endpoint: str) -> None:
    """Scan 100 MB."""

    async def work(communicator: Communicator) -> None:
        await put(communicator, 500, 200_000)
        before = resident_bytes()
        largest = count = 0
        async for kv in communicator.scan_prefix(b"key/"):
            count += 1
            assert len(kv.value) == 200_000
            if count % 25 == 0:
                largest = max(largest, resident_bytes())
        assert count == 500
        assert largest - before < 30_000_000

    with_communicator(endpoint, work)


def call(endpoint: str) -> None:
    """Make 20,000 calls of each kind, failed and given up ones too."""

    async def work(communicator: Communicator) -> None:
        async def calls(count: int) -> None:
            for _ in range(count // 50):
                await put(communicator, 50, 100)
                await asyncio.gather(*(communicator.get(b"key/%05d" % i) for i in range(50)))
                failing = (communicator.put(b"key", b"value", lease=12345) for _ in range(50))
                await asyncio.gather(*failing, return_exceptions=True)
                given_up = [asyncio.ensure_future(communicator.get(b"key")) for _ in range(50)]
                await asyncio.sleep(0)
                for task in given_up:
                    task.cancel()
                await asyncio.gather(*given_up, return_exceptions=True)

        await calls(2_000)
        # A future alone takes more than 100 bytes.
        assert await growth(lambda: calls(4_000)) < 300_000

    with_communicator(endpoint, work)


PROGRAMS = [cancel_steps_of_an_idle_watch, read_slowly, read_quickly, scan, call]


# Through a proxy, all of it takes several times as long.
@pytest.mark.timeout(200)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_takes_bounded_memory(endpoint: str, program: Program) -> None:
    outcome = run_program(program, endpoint, within=180)
    assert (outcome.code, outcome.stderr) == (0, "")
