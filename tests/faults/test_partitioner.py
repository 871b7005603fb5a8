"""Partitions have at most one owner at each revision, whoever joins, leaves or dies."""

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from etcd_client import Client, Communicator, Partition, Partitioner, SessionLostError
from tests.support.front import Front
from tests.support.invariants import Change
from tests.support.leftovers import nothing_left
from tests.support.truth import current_revision, history
from tests.support.waiting import eventually_async

NAME = "group"
TTL = 2
PARTITIONS = 12

MEMBER = """
import asyncio, os, sys
from etcd_client import Client, Partitioner, Txn, TxnOp, SessionLostError

async def work(partition):
    number = 0
    while not partition.is_recalled:
        entry = TxnOp.put(b"log/" + partition.name, f"{partition.revision} {number}")
        write = Txn().when([partition.fence]).and_then([entry])
        if not (await communicator.txn(write)).succeeded():
            return
        number += 1
        await asyncio.sleep(0.02)

async def take_part():
    global communicator
    async with Client(sys.argv[1]).connect() as communicator:
        async with communicator.session(int(sys.argv[2])) as session:
            async with Partitioner(session, "group", int(sys.argv[3])) as partitioner:
                running = asyncio.ensure_future(partitioner.run(work, grace=1))
                leaving = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
                await asyncio.wait({running, leaving}, return_when=asyncio.FIRST_COMPLETED)
                running.cancel()
                await asyncio.wait({running})

async def main():
    try:
        await take_part()
    finally:
        os._exit(0)  # the thread that reads is not waited for

asyncio.run(main())
"""

Member = subprocess.Popen[bytes]
Start = Callable[[str], Member]


@pytest.fixture
def start_member() -> Iterator[Start]:
    """Yield a function that starts a process that takes part in the group."""
    started: list[Member] = []

    def start(endpoint: str) -> Member:
        member = subprocess.Popen(
            [sys.executable, "-c", MEMBER, endpoint, str(TTL), str(PARTITIONS)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(member)
        return member

    yield start
    for member in started:
        member.kill()
        member.communicate()


def leave(member: Member) -> None:
    """Have a process leave the group in order."""
    assert member.stdin is not None
    # One that was frozen for long has ended.
    with contextlib.suppress(BrokenPipeError):
        member.stdin.write(b"\n")
        member.stdin.flush()


def verify(changes: list[Change]) -> int:
    """Check that no owner's key was overwritten, and only owners wrote; return how often."""
    owner: dict[bytes, int] = {}
    writes = 0
    for change in changes:
        folder, _, name = change.key.rpartition(b"/")
        if folder == b"group/owners":
            if change.is_delete:
                del owner[name]
            else:
                assert name not in owner
                assert change.create_revision == change.revision
                owner[name] = change.revision
        elif folder == b"log" and not change.is_delete:
            revision, _ = change.value.split()
            assert owner.get(name) == int(revision)
            writes += 1
    return writes


@pytest.mark.parametrize(
    ("rounds", "most"),
    [(10, 4), pytest.param(120, 8, marks=pytest.mark.full_faults)],
    ids=["short", "long"],
)
@pytest.mark.timeout(600)
async def test_one_owner_at_each_revision(  # noqa: PLR0913, PLR0917 - fixtures, passed by name
    endpoint: str,
    communicator: Communicator,
    start_member: Start,
    chance: random.Random,
    rounds: int,
    most: int,
) -> None:
    start = await asyncio.to_thread(current_revision, endpoint) + 1
    members = [await asyncio.to_thread(start_member, endpoint) for _ in range(2)]
    for _ in range(rounds):
        await asyncio.sleep(chance.uniform(0.1, 0.6))
        what = chance.choice(["join", "leave", "kill", "freeze"])
        if what == "join" and len(members) < most:
            members.append(await asyncio.to_thread(start_member, endpoint))
            continue
        member = chance.choice(members)
        if what == "freeze":
            member.send_signal(signal.SIGSTOP)
            await asyncio.sleep(chance.choice([0.2, TTL + 1.5]))
            member.send_signal(signal.SIGCONT)
        elif len(members) > 1:
            members.remove(member)
            if what == "leave":
                await asyncio.to_thread(leave, member)
            else:
                member.kill()

    async def all_owned() -> bool:
        # Those that were frozen for long have ended.
        if all(member.poll() is not None for member in members):
            members.append(await asyncio.to_thread(start_member, endpoint))
        owned = await communicator.count_prefix("group/owners/") == PARTITIONS
        return owned and await communicator.count_prefix("log/") > 0

    await eventually_async(all_owned, within=30)
    for member in members:
        member.kill()
    assert verify(await asyncio.to_thread(history, endpoint, start)) > 0
    await communicator.delete_prefix("log/")
    await nothing_left(endpoint, within=20)


async def test_members_that_join_and_leave_at_once(
    endpoint: str, client: Client, chance: random.Random
) -> None:
    """They want the same partitions before they know of each other, and leave nothing owned."""
    start = await asyncio.to_thread(current_revision, endpoint) + 1

    async def take_part() -> None:
        async with client.connect() as own, own.session(30) as session:
            for _ in range(8):
                async with Partitioner(session, NAME, PARTITIONS):
                    await asyncio.sleep(chance.uniform(0, 0.02))

    await asyncio.gather(*(take_part() for _ in range(8)))
    verify(await asyncio.to_thread(history, endpoint, start))
    await nothing_left(endpoint)


async def test_leaving_at_any_moment_leaves_nothing_owned(
    communicator: Communicator, chance: random.Random
) -> None:
    """Also what was claimed by a request whose answer nobody waited for."""
    async with communicator.session(30) as session:
        for _ in range(60):
            async with Partitioner(session, NAME, PARTITIONS):
                await asyncio.sleep(chance.uniform(0, 0.004))
            assert await communicator.count_prefix(f"{NAME}/") == 0


async def test_a_cut_off_owner_is_told_before_another_owns(
    front: Front, direct: Communicator
) -> None:
    """And its writes are refused once another owns the partition."""
    told: dict[bytes, float] = {}
    taken: dict[bytes, float] = {}

    async def work(partition: Partition) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            assert not partition.is_owned
            told[partition.name] = time.monotonic()

    async def own() -> None:
        async with (
            Client(front.endpoints).connect() as communicator,
            communicator.session(3 * TTL) as session,
            Partitioner(session, NAME, PARTITIONS, member="cut off") as partitioner,
        ):
            await partitioner.run(work)

    async def take(partition: Partition) -> None:
        taken[partition.name] = time.monotonic()
        await partition.wait_recalled()

    def shared_out() -> bool:
        assert not owning.done(), owning
        assert not taking.done(), taking
        return [*partitioner.owners.values()].count(b"cut off") == PARTITIONS // 2

    async with (
        direct.session(10) as session,
        Partitioner(session, NAME, PARTITIONS) as partitioner,
    ):
        # It comes second, as its work does not end at a recall.
        owning = asyncio.create_task(own())
        taking = asyncio.create_task(partitioner.run(take))
        await eventually_async(shared_out, within=10)
        # Renewals have been going for a while.
        await asyncio.sleep(1.5 * TTL)
        taken.clear()
        for proxy in front.proxies:
            await asyncio.to_thread(proxy.blackhole)
        await eventually_async(lambda: len(taken) == PARTITIONS // 2, within=20)
        with pytest.raises(SessionLostError):
            await owning
        taking.cancel()
        await asyncio.wait({taking})
    assert told.keys() == taken.keys()
    assert all(told[name] < taken[name] for name in told)
