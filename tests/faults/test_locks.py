"""Locks have one holder whatever fails, and their loss is told."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    ElectError,
    Election,
    EtcdError,
    EtcdLockOption,
    EtcdTimeoutError,
    Lock,
    LockError,
    LockLostError,
)
from etcd_client.testing import EtcdCluster
from tests.faults.tools import in_use
from tests.support.front import Front
from tests.support.leftovers import key_count, leases, nothing_left
from tests.support.waiting import eventually_async

Holder: TypeAlias = "subprocess.Popen[str]"
StartHolder = Callable[..., Awaitable[Holder]]

NAME = b"lock"


@dataclass
class Turns:
    """Who has held a lock, and whether they were alone."""

    inside: dict[int, Lock] = field(default_factory=dict)
    taken: list[int] = field(default_factory=list)
    overlaps: int = 0

    async def take(self, number: int, lock: Lock, seconds: float) -> None:
        """Hold the lock for a while, or until it is lost."""
        async with lock:
            if not all(other.lost.is_set() for other in self.inside.values()):
                self.overlaps += 1
            assert lock.revision is not None
            self.taken.append(lock.revision)
            self.inside[number] = lock
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(lock.lost.wait(), seconds)
            del self.inside[number]


async def contend(endpoints: list[str], turns: Turns, number: int, until: float) -> None:
    """Take turns with others until some time, and until there were some turns."""
    async with Client(endpoints).connect() as communicator:
        while time.monotonic() < until or len(turns.taken) <= 10:
            try:
                await turns.take(number, Lock(communicator, NAME), 0.05)
            except EtcdError as error:  # noqa: PERF203 - each turn may fail
                print(f"{number}: {error!r}")


async def test_one_holder_while_connections_break(
    front: Front, cluster: EtcdCluster, chance: random.Random
) -> None:
    turns = Turns()
    until = time.monotonic() + 4
    contenders = [
        asyncio.create_task(contend(front.endpoints, turns, number, until)) for number in range(8)
    ]
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(0.05, 0.3))
        await asyncio.to_thread(chance.choice(front.proxies).drop)
    await asyncio.gather(*contenders)
    assert turns.overlaps == 0
    assert turns.taken == sorted(turns.taken)
    await nothing_left(cluster[0].endpoint, within=10)


@pytest.mark.timeout(120)
@pytest.mark.full_faults
async def test_one_holder_while_members_fail(
    front: Front, cluster: EtcdCluster, chance: random.Random
) -> None:
    turns = Turns()
    until = time.monotonic() + 25
    contenders = [
        asyncio.create_task(contend(front.endpoints, turns, number, until)) for number in range(6)
    ]
    faults = ["freeze", "kill", "blackhole"]
    while time.monotonic() < until:
        victim = chance.randrange(3)
        fault = chance.choice(faults)
        print(f"{fault} {victim}")
        if fault == "blackhole":
            await asyncio.to_thread(front.proxies[victim].blackhole)
        else:
            await asyncio.to_thread(getattr(cluster[victim], fault))
        await asyncio.sleep(chance.uniform(2, 4))
        await asyncio.to_thread(front.heal)
        await asyncio.to_thread(cluster.heal)
    await asyncio.wait_for(asyncio.gather(*contenders), 60)
    assert turns.overlaps == 0
    assert turns.taken == sorted(turns.taken)
    await nothing_left(cluster[0].endpoint, within=40)


@pytest.mark.full_faults
async def test_a_waiter_moves_from_a_frozen_member(
    through_front: Communicator, front: Front, direct: Communicator
) -> None:
    holder = Lock(direct, NAME)
    await holder.acquire()
    used = await in_use(through_front, front)
    waiting = asyncio.create_task(Lock(through_front, NAME).acquire())
    await asyncio.sleep(0.5)
    await asyncio.to_thread(front.proxies[used].blackhole)
    await asyncio.sleep(1)
    await holder.release()
    assert await asyncio.wait_for(waiting, 20)
    assert await in_use(through_front, front) != used


@pytest.mark.full_faults
async def test_a_waiter_moves_from_a_partitioned_member(
    cluster: EtcdCluster, through_front: Communicator, front: Front
) -> None:
    used = await in_use(through_front, front)
    rest = [member.endpoint for place, member in enumerate(front.members) if place != used]
    async with Client(rest).connect() as others:
        holder = Lock(others, NAME)
        await holder.acquire()
        waiting = asyncio.create_task(Lock(through_front, NAME).acquire())
        await asyncio.sleep(0.5)
        await asyncio.to_thread(cluster.isolate, front.members[used])
        await asyncio.sleep(3)
        await holder.release()
        assert await asyncio.wait_for(waiting, 20)


async def test_a_holder_that_is_cut_off_is_told_before_the_next_gets_it(
    front: Front, through_front: Communicator, direct: Communicator
) -> None:
    holder = Lock(through_front, NAME, ttl=3)
    await holder.acquire()

    async def next_one() -> bool:
        await Lock(direct, NAME).acquire()
        return holder.lost.is_set()

    waiting = asyncio.create_task(next_one())
    for proxy in front.proxies:
        await asyncio.to_thread(proxy.blackhole)
    assert await asyncio.wait_for(holder.lost.wait(), 10)
    assert await asyncio.wait_for(waiting, 10)
    with pytest.raises(LockLostError):
        await holder.release()


async def test_a_release_whose_answer_is_lost_is_done(
    front: Front, through_front: Communicator, direct: Communicator
) -> None:
    for _ in range(10):
        lock = Lock(through_front, NAME)
        await lock.acquire()
        for proxy in front.proxies:
            await asyncio.to_thread(proxy.cut, 0)
        await lock.release()
        for proxy in front.proxies:
            await asyncio.to_thread(proxy.heal)
        assert await direct.count_prefix(b"lock/") == 0


async def test_a_lock_is_not_lost_with_the_answer(
    front: Front, through_front: Communicator, cluster: EtcdCluster, chance: random.Random
) -> None:
    for _ in range(20):
        lock = Lock(through_front, NAME)
        for proxy in front.proxies:
            await asyncio.to_thread(proxy.cut, chance.randrange(400))
        await lock.acquire()
        assert lock.key is not None
        kv = await through_front.get_kv(lock.key)
        assert kv is not None
        assert kv.create_revision == lock.revision
        await lock.release()
    await asyncio.to_thread(front.heal)
    await nothing_left(cluster[0].endpoint)


async def test_a_timeout_holds_while_nobody_answers(
    front: Front, through_front: Communicator, cluster: EtcdCluster
) -> None:
    for proxy in front.proxies:
        await asyncio.to_thread(proxy.blackhole)
    started = time.monotonic()
    with pytest.raises(LockError) as raised:
        await Lock(through_front, NAME).acquire(timeout=1.5)
    assert 1.4 <= time.monotonic() - started <= 5
    assert isinstance(raised.value, EtcdTimeoutError)
    await asyncio.to_thread(front.heal)
    await nothing_left(cluster[0].endpoint, within=40)


async def test_a_waiter_with_a_lease_of_the_callers_lives_through_dropped_connections(
    front: Front, through_front: Communicator, direct: Communicator
) -> None:
    holder = await direct.lock(NAME)
    async with direct.lease(60) as lease:
        waiting = asyncio.create_task(through_front.lock(NAME, lease=lease))
        await asyncio.sleep(0.5)
        for proxy in front.proxies:
            await asyncio.to_thread(proxy.drop)
        await asyncio.sleep(0.5)
        assert not waiting.done()
        await direct.unlock(holder.key)
        assert (await asyncio.wait_for(waiting, 10)).key == b"lock/%x" % lease.id


@pytest.mark.full_faults
async def test_a_lead_is_taken_over(cluster: EtcdCluster, direct: Communicator) -> None:
    async def lead(number: int) -> None:
        async with Client(cluster.endpoints).connect() as communicator:
            with contextlib.suppress(ElectError):
                async with Election(communicator, b"election", str(number)) as election:
                    await election.lost.wait()

    candidates = [asyncio.create_task(lead(number)) for number in range(3)]
    observer = direct.observe(b"election")
    seen = set()
    for _ in range(3):
        leader = await asyncio.wait_for(anext(observer), 10)
        seen.add(leader.kv.value)
        await asyncio.to_thread((await asyncio.to_thread(cluster.leader)).kill)
        await asyncio.to_thread(cluster.heal)
        await direct.delete(leader.kv.key)
    assert len(seen) == 3
    await asyncio.wait_for(asyncio.gather(*candidates), 10)


HOLDER = """
import asyncio, sys
from etcd_client import Client, EtcdLockOption

async def main():
    options = EtcdLockOption("lock", ttl=float(sys.argv[2]) if len(sys.argv) > 2 else None)
    async with Client(sys.argv[1]).with_lock(options):
        print("held", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
def start_holder(endpoint: str) -> Iterator[StartHolder]:
    """Yield a function that starts a process that acquires the lock and holds it."""
    started = []

    async def start(*arguments: str, program: str = HOLDER) -> Holder:
        holder = await asyncio.to_thread(
            subprocess.Popen,
            [sys.executable, "-c", program, endpoint, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(holder)
        return holder

    yield start
    for holder in started:
        holder.kill()
        holder.communicate()


async def until_held(holder: Holder) -> None:
    """Wait until the process holds the lock."""
    assert holder.stdout is not None
    assert await asyncio.to_thread(holder.stdout.readline) == "held\n"


async def ended(holder: Holder) -> str:
    """Wait for the end of the process; return what it has complained about."""
    _, complaints = await asyncio.to_thread(holder.communicate, timeout=20)
    return complaints


@pytest.fixture
def busy() -> Iterator[None]:
    """Have other programs take what the processors can do."""
    endless = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(endless) for _ in range(1 + (os.cpu_count() or 1))]
    yield
    for other in others:
        other.kill()
        other.wait()


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("busy")
async def test_nobody_gets_a_lock_that_is_released_by_closing(
    client: Client, endpoint: str
) -> None:
    # The closing thread may be held up between waking the holder and waking who waits behind it.
    for _ in range(400):
        async with client.connect() as communicator:
            await Lock(communicator, NAME).acquire()
            waiting = asyncio.create_task(Lock(communicator, NAME).acquire())
            await asyncio.sleep(0.005)
        with pytest.raises(ClosedError):
            await waiting
    await nothing_left(endpoint)


@pytest.mark.parametrize(
    ("arguments", "within"),
    [(("1",), 10), pytest.param((), 33, marks=pytest.mark.full_faults)],
    ids=["of a second", "without limit"],
)
async def test_the_lock_of_a_killed_process_becomes_free(
    client: Client,
    endpoint: str,
    start_holder: StartHolder,
    arguments: tuple[str, ...],
    within: float,
) -> None:
    holder = await start_holder(*arguments)
    await until_held(holder)
    started = time.monotonic()
    holder.kill()
    await ended(holder)
    async with client.with_lock(EtcdLockOption(NAME, timeout=within)):
        assert time.monotonic() - started > 0.5
    await nothing_left(endpoint)


def are_left(endpoint: str, count: int) -> bool:
    """Whether there are that many leases and keys."""
    return len(leases(endpoint)) == key_count(endpoint) == count


async def test_ctrl_c_leaves_nothing(endpoint: str, start_holder: StartHolder) -> None:
    holder = await start_holder()
    await until_held(holder)
    waiters = [await start_holder() for _ in range(3)]
    # All of them have a place in the queue.
    await eventually_async(lambda: key_count(endpoint) == 4, within=30)
    for left, process in zip([3, 2, 1, 0], [*waiters, holder], strict=True):
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in await ended(process)
        assert time.monotonic() - started < 10
        assert process.returncode == -signal.SIGINT
        # The process waits for a second at most until the server has done it, far from the TTL.
        await eventually_async(partial(are_left, endpoint, left))


async def test_a_stopped_process_learns_that_it_has_lost(
    endpoint: str, start_holder: StartHolder
) -> None:
    program = HOLDER.replace(
        "await asyncio.sleep(600)",
        "await asyncio.sleep(0.2); import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
    )
    holder = await start_holder("2", program=program)
    await until_held(holder)
    async with Client(endpoint).with_lock(EtcdLockOption(NAME, timeout=10)):
        os.kill(holder.pid, signal.SIGCONT)
        assert "LockLostError" in await ended(holder)
