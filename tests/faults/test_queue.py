"""Queues lose no item and commit none twice, whoever dies and whatever breaks."""

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import pytest

from etcd_client import Client, Communicator, EtcdError, Queue, SessionLostError, TxnOp
from etcd_client.testing import EtcdCluster
from tests.support.front import Front
from tests.support.invariants import Change
from tests.support.leftovers import nothing_left
from tests.support.mischief import cluster_faults, front_faults, mischief
from tests.support.truth import current_revision, history
from tests.support.waiting import eventually_async

NAME = "queue"
TTL = 2

WORKER = """
import asyncio, random, sys
from etcd_client import Client, Queue, TxnOp

async def work(queue):
    while True:
        async with queue.get() as job:
            await asyncio.sleep(random.uniform(0, 0.02))
            await job.commit([TxnOp.put(b"done/" + job.value, str(job.attempts))])

async def main():
    async with Client(sys.argv[1]).connect() as communicator:
        async with communicator.session(int(sys.argv[2])) as session:
            queue = Queue(session, "queue")
            await asyncio.gather(work(queue), work(queue))

asyncio.run(main())
"""

Worker = subprocess.Popen[bytes]
Start = Callable[[str], Worker]


@pytest.fixture
def start_worker() -> Iterator[Start]:
    """Yield a function that starts a process that works on the items of the queue."""
    started: list[Worker] = []

    def start(endpoint: str) -> Worker:
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, endpoint, str(TTL)], stderr=subprocess.PIPE
        )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.communicate()


def verify(changes: list[Change], values: list[bytes]) -> None:
    """Check that each item was committed exactly once, atomically with its result.

    It had a claim then, and at no revision two: the claim of an item is one key.
    """
    done = Counter(change.key for change in changes if change.key.startswith(b"done/"))
    assert done == Counter(b"done/" + value for value in values)
    by_revision: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        by_revision[change.revision].append(change)
    claimed: set[bytes] = set()
    for _, batch in sorted(by_revision.items()):
        kinds = Counter(
            (change.key.split(b"/")[0], change.is_delete)
            if change.key.startswith(b"done/")
            else (change.key.split(b"/")[1], change.is_delete)
            for change in batch
            if change.key.startswith((b"done/", b"queue/"))
        )
        if kinds[b"done", False] or kinds[b"items", True]:
            assert (kinds[b"done", False], kinds[b"items", True]) == (1, 1), batch
            assert kinds[b"claims", True] == 1
        for change in batch:
            if change.key.startswith(b"queue/claims/"):
                assert change.is_delete or change.key not in claimed
                (claimed.remove if change.is_delete else claimed.add)(change.key)


@pytest.mark.parametrize(
    ("items", "kills"),
    [(150, 6), pytest.param(3000, 80, marks=pytest.mark.full_faults)],
    ids=["short", "long"],
)
@pytest.mark.timeout(600)
async def test_ten_workers_that_are_killed(  # noqa: PLR0913, PLR0917 - fixtures, passed by name
    endpoint: str,
    communicator: Communicator,
    start_worker: Start,
    chance: random.Random,
    items: int,
    kills: int,
) -> None:
    start = await asyncio.to_thread(current_revision, endpoint) + 1
    queue = Queue(communicator, NAME)
    values = [str(number).encode() for number in range(items)]
    workers = [await asyncio.to_thread(start_worker, endpoint) for _ in range(10)]

    async def kill() -> None:
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(0.05, 0.3))
            index = chance.randrange(len(workers))
            # Some are stopped, lose their session, and go on as if nothing had happened.
            if chance.random() < 0.3:
                workers[index].send_signal(signal.SIGSTOP)
                await asyncio.sleep(chance.choice([0.2, TTL + 1.5]))
                workers[index].send_signal(signal.SIGCONT)
            else:
                workers[index].kill()
                workers[index] = await asyncio.to_thread(start_worker, endpoint)

    async def put() -> None:
        for begin in range(0, items, 10):
            await queue.put_many(values[begin : begin + 10])
            await asyncio.sleep(0.05)

    async def all_done() -> bool:
        for index, worker in enumerate(workers):
            # Those that were stopped for long have ended with `SessionLostError`.
            if worker.poll() is not None:
                workers[index] = await asyncio.to_thread(start_worker, endpoint)
        return await queue.size() == 0

    await asyncio.gather(kill(), put())
    await eventually_async(all_done, within=120)
    for worker in workers:
        worker.kill()
    verify(await asyncio.to_thread(history, endpoint, start), values)
    await communicator.delete_prefix("done/")
    await nothing_left(endpoint, within=20)


@pytest.mark.timeout(120)
async def test_every_item_once_while_connections_and_members_fail(
    front: Front, cluster: EtcdCluster, direct: Communicator, chance: random.Random
) -> None:
    """With producers that put exactly once, too."""
    count = 60
    start = await asyncio.to_thread(current_revision, cluster[0].endpoint) + 1
    values = [f"{producer}-{number}".encode() for producer in range(2) for number in range(count)]

    async def produce(producer: int) -> None:
        async with (
            Client(front.endpoints).connect() as communicator,
            communicator.session(60) as session,
        ):
            queue = Queue(communicator, NAME)
            for number in range(count):
                await queue.put(f"{producer}-{number}", once=session)
                await asyncio.sleep(0.02)

    async def consume() -> None:
        async with Client(front.endpoints).connect() as communicator:
            while True:
                with contextlib.suppress(EtcdError):
                    async with communicator.session(4, cancel_on_loss=True) as session:
                        queue = Queue(session, NAME)
                        while True:
                            async with queue.get() as job:
                                await asyncio.sleep(0.01)
                                await job.commit([TxnOp.put(b"done/" + job.value, "")])

    async def all_done() -> bool:
        return await direct.count_prefix("done/", timeout=30) == len(values)

    consumers = [asyncio.create_task(consume()) for _ in range(4)]
    faults = [*front_faults(front, chance), *cluster_faults(cluster)]
    async with mischief(faults, chance, lasting=(0.1, 0.6)):
        await asyncio.gather(produce(0), produce(1))
    await eventually_async(all_done, within=60)
    for task in consumers:
        task.cancel()
    await asyncio.wait(consumers)
    verify(await asyncio.to_thread(history, cluster[0].endpoint, start), values)


async def test_a_frozen_consumer_commits_nothing(
    endpoint: str, communicator: Communicator, start_worker: Start
) -> None:
    """Its item goes to another one when its lease has ended."""
    worker = await asyncio.to_thread(start_worker, endpoint)
    start = await asyncio.to_thread(current_revision, endpoint) + 1
    values = [str(number).encode() for number in range(400)]
    queue = Queue(communicator, NAME)
    await queue.put_many(values)

    async def begun() -> bool:
        return await communicator.count_prefix("done/") > 3

    await eventually_async(begun, within=20)
    worker.send_signal(signal.SIGSTOP)
    # What it has sent is carried out.
    await asyncio.sleep(0.5)
    turn = 0.005
    while await communicator.count_prefix(f"{NAME}/claims/") == 0:
        # Both of its tasks were just about to claim another item.
        if worker.poll() is not None:
            # It had no processor for as long as its session lasts.
            worker = await asyncio.to_thread(start_worker, endpoint)
        worker.send_signal(signal.SIGCONT)
        await asyncio.sleep(turn)
        worker.send_signal(signal.SIGSTOP)
        await asyncio.sleep(0.5)
        turn = min(2 * turn, 0.1)
    attempts = []
    async with communicator.session(10) as session:
        for _ in range(await queue.size()):
            async with Queue(session, NAME).get(timeout=20) as job:
                attempts.append(job.attempts)
                await job.commit([TxnOp.put(b"done/" + job.value, "")])
            if attempts[-1] == 2:
                worker.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.01)
    assert await queue.size() == 0
    # Its two tasks had an item each, or one was just about to claim another.
    assert 1 <= attempts.count(2) <= 2
    assert attempts.count(1) == len(attempts) - attempts.count(2)
    _, complaints = await asyncio.to_thread(worker.communicate, timeout=20)
    assert b"SessionLostError" in complaints
    verify(await asyncio.to_thread(history, endpoint, start), values)


async def test_a_compaction_under_a_consumer(endpoint: str, front: Front) -> None:
    """The history that its cache needs is gone, and it reads the queue again."""
    del endpoint
    async with (
        Client(front.endpoints).connect() as communicator,
        communicator.session(20) as session,
    ):
        queue = Queue(session, NAME)

        async def take() -> bytes:
            async with queue.get(timeout=20) as job:
                await job.commit()
                return job.value

        await queue.put("first")
        assert await take() == b"first"
        waiting = asyncio.create_task(take())
        for proxy in front.proxies:
            await asyncio.to_thread(proxy.drop)
        for number in range(5):
            put = await queue.put(f"{number}")
        await communicator.compact(put.mod_revision)
        values = [await waiting, *[await take() for _ in range(4)]]
        assert sorted(values) == [b"%d" % number for number in range(5)]


async def test_a_loss_while_a_commit_is_on_its_way(front: Front, direct: Communicator) -> None:
    """It is told, and the item is either committed or there for another consumer."""
    async with Client(front.endpoints).connect() as communicator:
        with pytest.raises(SessionLostError):  # noqa: PT012 - on leaving the session
            async with communicator.session(TTL) as session:
                queue = Queue(session, NAME)
                await queue.put("item")
                async with queue.get() as job:
                    for proxy in front.proxies:
                        await asyncio.to_thread(proxy.blackhole)
                    with pytest.raises(EtcdError):
                        await job.commit([TxnOp.put("done/item", "")])
                    assert not job.is_committed
    done = await direct.get("done/item") is not None
    assert await Queue(direct, NAME).size() == (0 if done else 1)
