"""A day of contexts that come and go, in fast motion: none leaves anything behind."""

import asyncio
import contextlib
import gc
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from etcd_client import (
    Client,
    Communicator,
    Election,
    EtcdLockOption,
    Lock,
    LockTimeoutError,
    active_context_count,
)
from etcd_client.testing import Metrics
from tests.bridge.program import run_program
from tests.support import footprint, leftovers
from tests.support.waiting import eventually_async

Use = Callable[[Communicator, random.Random], Awaitable[None]]

TASKS = 10
CONTEXTS = 10
"""How many contexts each task opens between two times of idling."""

LINGER = 0.5
"""How long the engine outlives the last context."""

WARM_UP = 2
"""After so many rounds everything was used that is made once."""

GROWTH_ALLOWED = 3_000_000
"""In bytes. Where nothing is left the memory goes up and down by two megabytes, which allocators
give back late, and not up in the long run. In the short run the limit is passed by six kilobytes
that each context leaves, in that of a day by two hundred bytes."""


async def call(communicator: Communicator, chance: random.Random) -> None:
    """Make some calls at once."""
    key = b"%d" % chance.randrange(10)
    await asyncio.gather(communicator.put(key, bytes(1000)), communicator.get_prefix(b""))


async def fail(communicator: Communicator, _: random.Random) -> None:
    """Make a call that the server refuses, and one that nobody awaits."""
    communicator.get(b"key")
    refused = await asyncio.gather(communicator.put(b"", b""), return_exceptions=True)
    assert isinstance(refused[0], Exception)


async def cancel(communicator: Communicator, chance: random.Random) -> None:
    """Give up calls and steps before, while and after they are over."""
    waiting: list[asyncio.Future[Any]] = []
    waiting += [asyncio.ensure_future(communicator.get(b"key")) for _ in range(5)]
    waiting.append(asyncio.ensure_future(anext(communicator.watch(b"never"))))
    await asyncio.sleep(chance.uniform(0, 0.002))
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def watch(communicator: Communicator, _: random.Random) -> None:
    """Read a watch, and close it."""
    async with communicator.watch(b"watched") as watch:
        await communicator.put(b"watched", b"")
        await anext(watch)


async def leave_watches(communicator: Communicator, chance: random.Random) -> None:
    """Open watches, one of them not for certain, and forget them."""
    await communicator.watch_prefix(b"").ready()
    communicator.watch(b"%d" % chance.randrange(10))


async def leave_a_scan(communicator: Communicator, _: random.Random) -> None:
    """Stop a scan after the first page."""
    await communicator.put(b"key", b"")
    async for _pair in communicator.scan_prefix(b"", page_size=1):
        break


async def lock(communicator: Communicator, chance: random.Random) -> None:
    """Hold a lock for which others may wait, and give it back."""
    async with Lock(communicator, b"%d" % chance.randrange(3)):
        await asyncio.sleep(chance.uniform(0, 0.002))


async def leave_a_lock(communicator: Communicator, chance: random.Random) -> None:
    """Leave it to the context to give a lock back."""
    await Lock(communicator, b"left-%d" % chance.randrange(3)).acquire()


async def give_up_a_lock(communicator: Communicator, chance: random.Random) -> None:
    """Wait for a lock in vain, and stop doing so."""
    async with Lock(communicator, b"%d" % id(communicator)) as held:
        assert held.is_acquired
        with contextlib.suppress(asyncio.TimeoutError):
            acquiring = Lock(communicator, b"%d" % id(communicator)).acquire()
            await asyncio.wait_for(acquiring, chance.uniform(0.001, 0.02))
        with contextlib.suppress(LockTimeoutError):
            await Lock(communicator, b"%d" % id(communicator)).acquire(timeout=0.01)


async def lease(communicator: Communicator, _: random.Random) -> None:
    """Keep one lease for a while and leave another to the context."""
    await communicator.lease(60)
    async with communicator.lease(60) as lease:
        await communicator.put(b"leased", b"", lease=lease)


async def lead(communicator: Communicator, chance: random.Random) -> None:
    """Lead, observe that, and forget the observer."""
    name = b"election-%d" % chance.randrange(3)
    async with Election(communicator, name, b"") as election:
        assert election.is_leader
        await anext(communicator.observe(name))


USES: list[Use] = [
    call,
    fail,
    cancel,
    watch,
    leave_watches,
    leave_a_scan,
    lock,
    leave_a_lock,
    give_up_a_lock,
    lease,
    lead,
]


@dataclass(frozen=True)
class Remains:
    """What there is of contexts, here and on the server."""

    contexts: int
    threads: list[str]
    descriptors: list[str]
    watchers: int
    streams: int
    leases: list[int]

    @classmethod
    def now(cls, endpoint: str) -> "Remains":
        """Look at this process and at the server."""
        metrics = Metrics.read(endpoint)
        return cls(
            active_context_count(),
            footprint.threads(),
            footprint.descriptors(),
            metrics.watchers,
            metrics.open_streams,
            leftovers.leases(endpoint),
        )


async def come_and_go(endpoint: str, chance: random.Random) -> None:
    """Open and close contexts one after the other, each for a use or two at once."""
    for _ in range(CONTEXTS):
        client = Client(endpoint)
        if chance.random() < 0.1:
            client = client.with_lock(EtcdLockOption(b"of the context", timeout=30))
        async with client as communicator:
            uses = chance.sample(USES, chance.randrange(1, 3))
            await asyncio.gather(*(use(communicator, chance) for use in uses))
            await asyncio.sleep(chance.choice([0, 0.001]))


async def churn(endpoint: str, chance: random.Random, rounds: int) -> None:
    """Let contexts come and go, and look after each round at what has remained."""
    before = Remains.now(endpoint)

    async def as_before() -> bool:
        gc.collect()
        return Remains.now(endpoint) == before

    sizes = []
    for _ in range(rounds):
        await asyncio.gather(*(come_and_go(endpoint, chance) for _ in range(TASKS)))
        # The engine stops in this time, and starts again in the next round.
        await asyncio.sleep(LINGER)
        with contextlib.suppress(AssertionError):
            await eventually_async(as_before, within=15)
        now = Remains.now(endpoint)
        assert now == before, f"{now}, not {before}"
        sizes.append(footprint.resident_bytes())
    first = max(sizes[:WARM_UP])
    assert sizes[-1] - first < GROWTH_ALLOWED, sizes


def run_churn(endpoint: str, seed: str, rounds: str) -> None:
    """Be a program that does nothing but churn."""
    asyncio.run(churn(endpoint, random.Random(seed), int(rounds)))


@pytest.mark.parametrize(
    ("rounds", "within"),
    [
        pytest.param(8, 140, marks=pytest.mark.timeout(150)),
        pytest.param(173, 600, marks=[pytest.mark.full_faults, pytest.mark.timeout(620)]),
    ],
    ids=["for an hour", "for a day"],
)
def test_contexts_leave_nothing(
    endpoint: str, request: pytest.FixtureRequest, rounds: int, within: float
) -> None:
    """A context every five seconds is 17,280 in a day; a round has a hundred."""
    seed = request.config.getoption("fault_seed")
    outcome = run_program(run_churn, endpoint, seed, str(rounds), within=within)
    print(outcome.stderr)
    assert (outcome.code, outcome.stderr) == (0, "")
