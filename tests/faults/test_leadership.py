"""One leader at a time, whose writes end with its lead, and soon another one."""

import asyncio
import contextlib
import itertools
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from etcd_client import (
    Client,
    Communicator,
    Election,
    EtcdError,
    LeaderResponse,
    Session,
    SessionLostError,
    Txn,
    TxnOp,
)
from etcd_client.testing import EtcdCluster
from tests.faults.tools import all_caught_up
from tests.support.front import Front
from tests.support.leftovers import nothing_left
from tests.support.mischief import Fault, cluster_faults, front_faults, mischief
from tests.support.truth import current_revision, history
from tests.support.waiting import eventually_async

NAME = b"election"
LOG = b"log"
TTL = 2


def write(election: Election, number: int) -> Txn:
    """Return the write of a leader, which is of no effect without the lead."""
    entry = f"{election.revision} {number}"
    return Txn().when([election.fence]).and_then([TxnOp.put(LOG, entry)])


async def lead(communicator: Communicator) -> None:
    """Take part in the election for good, with a new session after each loss."""

    async def work(election: Election) -> None:
        for number in itertools.count():
            with contextlib.suppress(EtcdError):
                if not (await communicator.txn(write(election, number), timeout=1)).succeeded():
                    return
            await asyncio.sleep(0.01)
            if chance_of_leaving.random() < 0.01:
                return

    chance_of_leaving = random.Random(id(communicator))
    while True:
        with contextlib.suppress(EtcdError):
            async with communicator.session(TTL) as session:
                await session.election(NAME, "candidate").run(work)


def tokens(endpoint: str, start_revision: int = 1) -> list[int]:
    """Return the fencing tokens of the log, one after the other as they were written."""
    entries = (change.value for change in history(endpoint, start_revision) if change.key == LOG)
    return [token for token, _ in itertools.groupby(int(entry.split()[0]) for entry in entries)]


def leaders(endpoint: str, start_revision: int) -> list[int | None]:
    """Return the tokens of all who have led, and None for the times in between."""
    candidates: dict[bytes, int] = {}
    states: list[int | None] = [None]
    by_revision = itertools.groupby(
        history(endpoint, start_revision), lambda change: change.revision
    )
    for _, changes in by_revision:
        for change in changes:
            if not change.key.startswith(NAME + b"/"):
                continue
            if change.is_delete:
                candidates.pop(change.key, None)
            else:
                candidates[change.key] = change.create_revision
        states.append(min(candidates.values(), default=None))
    return [state for state, _ in itertools.groupby(states)]


async def follow(communicator: Communicator, seen: list[int | None]) -> None:
    """Observe the election for good."""
    async for leader in Election(communicator, NAME).observe():
        seen.append(None if leader is None else leader.kv.create_revision)  # noqa: PERF401


def kinds(front: Front, cluster: EtcdCluster, chance: random.Random) -> dict[str, list[Fault]]:
    """Return what can fail, by its kind."""
    processes = cluster_faults(cluster)
    return {
        "kill": [fault for fault in processes if fault.name.startswith(("kill", "stop"))],
        "freeze": [fault for fault in processes if fault.name.startswith("freeze")],
        "isolate": [fault for fault in processes if fault.name.startswith("isolate")],
        "random": [*processes, *front_faults(front, chance)],
    }


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "kind",
    [
        "kill",
        pytest.param("freeze", marks=pytest.mark.full_faults),
        "isolate",
        pytest.param("random", marks=pytest.mark.full_faults),
    ],
)
async def test_writes_of_leaders_do_not_interleave(
    front: Front, cluster: EtcdCluster, chance: random.Random, kind: str
) -> None:
    endpoint = cluster[0].endpoint
    start = await asyncio.to_thread(current_revision, endpoint) + 1
    seen: list[list[int | None]] = [[], []]
    async with contextlib.AsyncExitStack() as clients:
        candidates = [
            await clients.enter_async_context(Client(front.endpoints).connect()) for _ in range(4)
        ]
        observing = [
            asyncio.create_task(follow(communicator, states))
            for communicator, states in zip(candidates, seen, strict=False)
        ]
        await eventually_async(lambda: all(seen), within=20)
        leading = [asyncio.create_task(lead(communicator)) for communicator in candidates]
        faults = kinds(front, cluster, chance)[kind]
        async with mischief(faults, chance, lasting=(0.3, 2.5), pausing=(0.2, 1)):
            await asyncio.sleep(15)
            # However slow the machine is, some have led.
            await eventually_async(lambda: len(seen[0]) > 8, within=60)
        await asyncio.sleep(1)
        for task in leading:
            task.cancel()
        await asyncio.wait(leading, timeout=30)
        # Observers that were cut off have to come back.
        await eventually_async(lambda: seen[0] == seen[1] == leaders(endpoint, start), within=30)
        for task in observing:
            task.cancel()
        await asyncio.wait(observing)
    written = await asyncio.to_thread(tokens, endpoint, start)
    assert len(written) > 1
    assert written == sorted(set(written)), "writes of two leaders interleave"
    truth = await asyncio.to_thread(leaders, endpoint, start)
    for states in seen:
        assert states == truth
    await nothing_left_but_the_log(endpoint)


async def nothing_left_but_the_log(endpoint: str) -> None:
    """Wait until the candidates have left nothing on the server."""
    async with Client(endpoint).connect() as communicator:
        await communicator.delete(LOG)
    await nothing_left(endpoint, within=20)


LEADER = """
import asyncio, sys
from etcd_client import Client, Txn, TxnOp

async def work(election):
    print("leads", flush=True)
    number = 0
    while True:
        put = TxnOp.put("log", f"{election.revision} {number}")
        await communicator.txn(Txn().when([election.fence]).and_then([put]))
        number += 1
        await asyncio.sleep(0.005)

async def main():
    global communicator
    async with Client(sys.argv[1]).connect() as communicator:
        async with communicator.session(int(sys.argv[2])) as session:
            await session.election("election", "process").run(work)

asyncio.run(main())
"""

Start = Callable[[str, int], "subprocess.Popen[str]"]


@pytest.fixture
def start_leader() -> Iterator[Start]:
    """Yield a function that starts a process that leads."""
    started = []

    def start(endpoint: str, ttl: int) -> "subprocess.Popen[str]":
        leader = subprocess.Popen(
            [sys.executable, "-c", LEADER, endpoint, str(ttl)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(leader)
        assert leader.stdout is not None
        assert leader.stdout.readline() == "leads\n"
        return leader

    yield start
    for leader in started:
        leader.kill()
        leader.communicate()


async def test_another_leads_soon_after_a_leader_was_killed(
    endpoint: str, communicator: Communicator, start_leader: Start
) -> None:
    """By the time to live of the session, and not by that of a lock."""
    leader = await asyncio.to_thread(start_leader, endpoint, 5)
    async with communicator.session(5) as session:
        winning = asyncio.create_task(session.election(NAME).campaign())
        await asyncio.sleep(0.5)
        assert not winning.done()
        leader.kill()
        began = time.monotonic()
        await asyncio.wait_for(winning, 15)
        assert time.monotonic() - began < 9


async def test_a_stopped_leader_writes_nothing_more(
    endpoint: str, communicator: Communicator, start_leader: Start
) -> None:
    start = await asyncio.to_thread(current_revision, endpoint) + 1
    leader = await asyncio.to_thread(start_leader, endpoint, 2)

    async def has_written() -> bool:
        return await communicator.get(LOG) is not None

    await eventually_async(has_written)
    async with communicator.session(30) as session:
        election = session.election(NAME)
        leader.send_signal(signal.SIGSTOP)
        await asyncio.wait_for(election.campaign(), 10)
        for number in range(100):
            if number == 20:
                leader.send_signal(signal.SIGCONT)
            await communicator.txn(write(election, number))
            await asyncio.sleep(0.005)
        written = await asyncio.to_thread(tokens, endpoint, start)
        assert len(written) == 2
        assert written[1] == election.revision
        # Its session was lost.
        _, complaints = await asyncio.to_thread(leader.communicate, timeout=20)
        assert "SessionLostError" in complaints


async def candidates(communicator: Communicator, wanted: int) -> None:
    """Wait until so many keys are in the line."""

    async def reached() -> bool:
        return await communicator.count_prefix(NAME) == wanted

    await eventually_async(reached)


async def test_work_is_cancelled_when_the_own_key_is_deleted(communicator: Communicator) -> None:
    """Told at once, and then it campaigns again."""
    terms: list[int | None] = []
    started = asyncio.Event()
    ended: list[float] = []

    async def work(election: Election) -> str:
        terms.append(election.revision)
        if len(terms) == 2:
            return "done"
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(time.monotonic())
        return "never"

    async with communicator.session(30) as session:
        election = session.election(NAME)
        running = asyncio.create_task(election.run(work))
        await started.wait()
        assert election.key is not None
        await communicator.delete(election.key)
        began = time.monotonic()
        assert await asyncio.wait_for(running, 10) == "done"
        assert ended[0] - began < 5
        assert terms[0] is not None
        assert terms[1] is not None
        assert terms[1] > terms[0]
        assert not election.is_leader
        assert await communicator.count_prefix(NAME) == 0


async def test_a_candidate_whose_key_is_deleted_campaigns_again(communicator: Communicator) -> None:
    """Told at once, while another leads."""

    async def work(election: Election) -> int | None:
        return election.revision

    async with communicator.session(30) as session, communicator.session(30) as other:
        leader = other.election(NAME)
        await leader.campaign()
        running = asyncio.create_task(session.election(NAME).run(work))
        await candidates(communicator, 2)
        keys = await communicator.keys_prefix(NAME)
        (own,) = (key for key in keys if key != leader.key)
        await communicator.delete(own)
        await candidates(communicator, 2)
        await leader.resign()
        assert await asyncio.wait_for(running, 5)


async def test_what_work_raises_is_raised(communicator: Communicator, endpoint: str) -> None:
    async def work(_election: Election) -> None:
        raise KeyError

    election = Election(communicator, NAME)
    with pytest.raises(KeyError):
        await election.run(work)
    assert not election.is_leader
    await nothing_left(endpoint)


async def test_running_ends_with_its_task(communicator: Communicator, endpoint: str) -> None:
    async def work(_election: Election) -> None:
        await asyncio.sleep(60)

    for delay in (0, 0.001, 0.2):
        running = asyncio.create_task(Election(communicator, NAME).run(work))
        await asyncio.sleep(delay)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    await nothing_left(endpoint)


async def test_running_ends_with_its_session(communicator: Communicator) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def work(_election: Election) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    async def body(session: Session) -> None:
        await session.election(NAME).run(work)

    async with communicator.session(2 * TTL, on_loss=lambda _: None) as session:
        running = asyncio.create_task(body(session))
        await begun.wait()
        await communicator.lease_revoke(session.id)
        with pytest.raises(SessionLostError):
            await asyncio.wait_for(running, 10)
        assert cancelled.is_set()


async def test_observers_are_told_while_nobody_leads(communicator: Communicator) -> None:
    observer = Election(communicator, NAME).observe()

    async def following() -> LeaderResponse | None:
        return await asyncio.wait_for(anext(observer), 5)

    assert await following() is None
    async with communicator.session() as session:
        for number in range(3):
            election = session.election(NAME, str(number))
            await election.campaign()
            leader = await following()
            assert leader is not None
            assert leader.kv.key == election.key
            assert leader.kv.value == str(number).encode()
            assert leader.header.revision == election.revision
            await election.resign()
            assert await following() is None
        first, second = session.election(NAME, "first"), session.election(NAME, "second")
        await first.campaign()
        waiting = asyncio.create_task(second.campaign())
        await candidates(communicator, 2)
        await first.resign()
        await waiting
        seen = [await following(), await following()]
        assert [leader and leader.kv.value for leader in seen] == [b"first", b"second"]
        await second.proclaim("changed")
        leader = await following()
        assert leader is not None
        assert leader.kv.value == b"changed"
    assert await following() is None
    observer.cancel()
    with pytest.raises(StopAsyncIteration):
        await anext(observer)


async def test_an_observer_goes_on_after_a_compaction(
    through_front: Communicator, front: Front, direct: Communicator
) -> None:
    observer = Election(through_front, NAME).observe()
    assert await anext(observer) is None
    reading = asyncio.create_task(anext(observer))
    for proxy in front.proxies:
        await asyncio.to_thread(proxy.refuse)
        await asyncio.to_thread(proxy.drop)
    for number in range(3):
        async with Election(direct, NAME, str(number)):
            pass
    async with Election(direct, NAME, "last"):
        kv = await direct.put("key", "value")
        await direct.compact(kv.header.revision)
        await all_caught_up(front)
        await asyncio.to_thread(front.heal)
        leader = await asyncio.wait_for(reading, 15)
        assert leader is not None
        assert leader.kv.value == b"last"
