"""Semaphores, read-write locks, barriers and counters keep what they promise, whatever fails."""

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import pytest

from etcd_client import (
    Client,
    Communicator,
    Counter,
    DoubleBarrier,
    EtcdConnectionError,
    EtcdError,
    EtcdTimeoutError,
    Txn,
    TxnOp,
)
from etcd_client.testing import EtcdCluster, Proxy
from tests.support.front import Front
from tests.support.leftovers import leases, nothing_left
from tests.support.mischief import mischief, network_faults
from tests.support.replay import states
from tests.support.waiting import eventually_async

Process: TypeAlias = asyncio.subprocess.Process
Start = Callable[..., Awaitable[Process]]

LIMIT = 2
# Each turn, it writes a key that ends with what it holds, on the condition that it holds it.
CONTENDER = """
import asyncio, random, sys
from etcd_client import Client, RWLock, Semaphore, Txn, TxnOp

async def main():
    endpoint, kind, name = sys.argv[1:]
    async with Client(endpoint).connect() as communicator, communicator.session(ttl=5) as session:
        while True:
            if kind == "semaphore":
                inside, own = "inside/p", session.semaphore("line", 2)
            elif random.random() < 0.6:
                inside, own = "inside/r", session.rw_lock("line").read()
            else:
                inside, own = "inside/w", session.rw_lock("line").write()
            async with own:
                key = inside + name
                put = TxnOp.put(key, b"", lease=session.id)
                assert (await communicator.txn(Txn().when([own.fence]).and_then([put]))).succeeded()
                await asyncio.sleep(random.uniform(0, 0.03))
                await communicator.delete(key)
            print("turn", flush=True)

asyncio.run(main())
"""
MEMBER = """
import asyncio, sys
from etcd_client import Client

async def main():
    endpoint = sys.argv[1]
    async with Client(endpoint).connect() as communicator, communicator.session(ttl=4) as session:
        barrier = session.double_barrier("line", 3)
        await barrier.enter()
        print("inside", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
async def start(endpoint: str) -> AsyncIterator[Start]:
    """Yield a function that starts a process."""
    started = []

    async def run(program: str, *arguments: str) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, endpoint, *arguments, stdout=asyncio.subprocess.PIPE
        )
        started.append(process)
        return process

    yield run
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def has_turn(process: Process) -> bool:
    """Wait for the next turn of a process."""
    assert process.stdout is not None
    return await asyncio.wait_for(process.stdout.readline(), 20) == b"turn\n"


@pytest.mark.parametrize(
    "kind", ["semaphore", pytest.param("read-write lock", marks=pytest.mark.full_faults)]
)
async def test_killed_contenders_neither_let_in_too_many_nor_hold_up_the_others(
    communicator: Communicator, endpoint: str, start: Start, chance: random.Random, kind: str
) -> None:
    since = (await communicator.put("start", b"")).header.revision
    await communicator.delete("start")
    contenders = [await start(CONTENDER, kind, str(number)) for number in range(5)]
    for contender in contenders:
        assert await has_turn(contender)
    for number in range(4):
        await asyncio.sleep(chance.uniform(0.1, 0.6))
        victim = contenders.pop(chance.randrange(len(contenders)))
        victim.kill()
        await victim.wait()
        contenders.append(await start(CONTENDER, kind, str(5 + number)))
    # Each of those that live has its turn again, also those that waited behind a dead one.
    for contender in 2 * contenders:
        assert await has_turn(contender)
    for contender in contenders:
        contender.kill()
        await contender.wait()
    await nothing_left(endpoint, within=20)
    found = await states(communicator, b"inside/", since)
    # A key comes and goes in each turn, and fifteen turns were told at least.
    assert len(found) > 20
    for keys in found:
        if kind == "semaphore":
            assert len(keys) <= LIMIT
        else:
            assert len(keys) <= 1 or not any(key.startswith(b"inside/w") for key in keys)
    assert max(len(keys) for keys in found) > 1


async def test_a_killed_member_does_not_hold_up_those_that_leave(
    communicator: Communicator, endpoint: str, start: Start
) -> None:
    process = await start(MEMBER)
    members = [DoubleBarrier(communicator, "line", 3) for _ in range(2)]
    await asyncio.wait_for(asyncio.gather(*(member.enter() for member in members)), 20)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"inside\n"
    process.kill()
    await process.wait()
    await asyncio.wait_for(asyncio.gather(*(member.leave() for member in members)), 20)
    await nothing_left(endpoint)


async def test_a_semaphore_while_connections_break(
    front: Front, cluster: EtcdCluster, direct: Communicator, chance: random.Random
) -> None:
    since = (await direct.put("start", b"")).header.revision
    await direct.delete("start")
    until = time.monotonic() + 3
    turns = 0

    async def hold(communicator: Communicator, number: int) -> None:
        nonlocal turns
        async with communicator.session(ttl=10) as session:
            permit = session.semaphore("line", LIMIT)
            await permit.acquire()
            put = TxnOp.put(f"inside/{number}", b"", lease=session.id)
            await communicator.txn(Txn().when([permit.fence]).and_then([put]))
            await asyncio.sleep(0.01)
            turns += 1
            # The permit and the other key end with the session, at the same revision.

    async def contend(number: int) -> None:
        async with Client(front.endpoints).connect() as communicator:
            while time.monotonic() < until or turns <= 10:
                with contextlib.suppress(EtcdError):
                    await hold(communicator, number)

    contenders = [asyncio.create_task(contend(number)) for number in range(6)]
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(0.05, 0.3))
        await asyncio.to_thread(chance.choice(front.proxies).drop)
    await asyncio.wait_for(asyncio.gather(*contenders), 30)
    print("turns", turns)
    await eventually_async(lambda: leases(cluster[0].endpoint) == [], within=20)
    assert await direct.count_prefix(b"line/") == 0
    assert max(len(keys) for keys in await states(direct, b"inside/", since)) <= LIMIT


async def test_a_counter_through_a_bad_network(
    communicator: Communicator, proxy: Proxy, chance: random.Random
) -> None:
    """With a session, each addition is made exactly once, and its outcome is known."""
    over = asyncio.Event()
    found: list[int] = []

    async def count(counter: Counter) -> None:
        while not over.is_set() or len(found) <= 10:
            # These say for sure that nothing was added.
            with contextlib.suppress(EtcdConnectionError, EtcdTimeoutError):
                found.append(await counter.add())
            await asyncio.sleep(0)

    async with (
        Client(proxy.endpoint).connect() as through,
        communicator.session(ttl=60) as session,
    ):
        counters = [Counter(through, "visits", session=session) for _ in range(5)]
        tasks = [asyncio.create_task(count(counter)) for counter in counters]
        faults = network_faults(proxy, "the server", chance)
        async with mischief(faults, chance, each_once=True):
            await asyncio.sleep(3)
        over.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 60)
        value = await Counter(communicator, "visits").value()
    assert value > 10
    assert sorted(found) == list(range(1, value + 1))
