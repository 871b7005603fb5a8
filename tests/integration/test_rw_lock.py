"""Read-write locks: who excludes whom, in which order, and what waiting costs."""

import contextlib
import random
from typing import Any

import pytest

from etcd_client import (
    Communicator,
    InvalidArgsError,
    LockError,
    LockLostError,
    LockTimeoutError,
    ReadLock,
    RWLock,
    Session,
    Txn,
    TxnOp,
    WriteLock,
)
from tests.support import tasks
from tests.support.costs import requests_of
from tests.support.leftovers import nothing_left
from tests.support.replay import in_line, states
from tests.support.waiting import eventually_async

NAME = b"report"


class Line:
    """Contenders that arrive one after the other."""

    def __init__(self, communicator: Communicator, session: Session) -> None:
        self.communicator = communicator
        self.session = session
        self.count = 0

    async def arrive(self, kinds: str) -> list[tuple[Any, "tasks.Task[bool]"]]:
        """Make readers (r) and writers (w) contend."""
        arrived = []
        for kind in kinds:
            lock = self.session.rw_lock(NAME)
            own = lock.read() if kind == "r" else lock.write()
            arrived.append((own, tasks.create_task(own.acquire())))
            self.count += 1
            await self.reach(self.count)
        return arrived

    async def reach(self, wanted: int) -> None:
        """Wait until so many are there."""

        async def reached() -> bool:
            return len(await in_line(self.communicator, NAME + b"/")) == wanted

        await eventually_async(reached)
        self.count = wanted


async def acquired(*arrivals: tuple[Any, "tasks.Task[bool]"]) -> None:
    """Wait until all of them hold."""
    for _, task in arrivals:
        assert await tasks.wait_for(task, 5)


def waits(*arrivals: tuple[Any, "tasks.Task[bool]"]) -> bool:
    """Tell whether all of them still wait."""
    return not any(task.done() for _, task in arrivals)


async def test_writers_exclude_all_and_readers_share(
    communicator: Communicator, endpoint: str
) -> None:
    """Each holder writes a key that lives with its lock, and only while it has it."""
    chance = random.Random(7)
    since = (await communicator.put("start", b"")).header.revision
    await communicator.delete("start")

    async def hold(number: int, kind: str, session: Session | None) -> None:
        lock = RWLock(communicator, NAME, session=session)
        async with lock.read() if kind == "r" else lock.write() as own:
            key = f"inside/{kind}{number}"
            lease = (await communicator.get_kv(own.key or b"")).lease  # type: ignore[union-attr]
            write = Txn().when([own.fence]).and_then([TxnOp.put(key, b"", lease=lease)])
            assert (await communicator.txn(write)).succeeded()
            # Readers stay, so that some meet.
            await tasks.sleep(0.02 if kind == "r" else 0)
            await communicator.delete(key)

    async with communicator.session() as session:
        kinds = [chance.choice("rrw") for _ in range(60)]
        await tasks.gather(
            *(hold(n, kind, session if n % 3 else None) for n, kind in enumerate(kinds))
        )
    found = await states(communicator, b"inside/", since)
    assert len(found) == 120
    for keys in found:
        assert len(keys) <= 1 or not any(key.startswith(b"inside/w") for key in keys)
    assert max(len(keys) for keys in found) > 1
    await nothing_left(endpoint)


async def test_a_reader_that_comes_after_a_writer_waits_for_it(communicator: Communicator) -> None:
    async with communicator.session() as session:
        line = Line(communicator, session)
        first, second, writer, late, later_writer = await line.arrive("rrwrw")
        await acquired(first, second)
        assert not await session.rw_lock(NAME).read().acquire(blocking=False)
        await first[0].release()
        await tasks.sleep(0.1)
        assert waits(writer, late, later_writer)
        await second[0].release()
        await acquired(writer)
        await tasks.sleep(0.1)
        assert waits(late, later_writer)
        await writer[0].release()
        await acquired(late)
        assert waits(later_writer)
        await late[0].release()
        await acquired(later_writer)


async def test_a_writer_that_gives_up_makes_way_for_readers(communicator: Communicator) -> None:
    async with communicator.session() as session:
        line = Line(communicator, session)
        reader, one, other, late = await line.arrive("rwwr")
        await acquired(reader)
        for number, writer in enumerate((other, one)):
            assert waits(late)
            writer[1].cancel()
            with contextlib.suppress(tasks.CancelledError):
                await writer[1]
            await line.reach(3 - number)
        await acquired(late)


async def test_a_release_wakes_whom_it_lets_in_and_no_others(communicator: Communicator) -> None:
    async with communicator.session() as session:
        line = Line(communicator, session)
        arrived = await line.arrive("wrrrw" + "r" * 10 + "w" * 5)
        await acquired(arrived[0])
        # All of them have looked: each watches the key before it, and the holder its own.
        await eventually_async(lambda: communicator.stats().watches == len(arrived))
        requests = communicator.stats().requests
        await arrived[0][0].release()
        await acquired(*arrived[1:4])
        await tasks.sleep(0.2)
        # The release, and a look of each of the three readers.
        assert communicator.stats().requests - requests == 4
        assert waits(*arrived[4:])
        for _, task in arrived[4:]:
            task.cancel()


async def test_what_is_free_costs_two_round_trips(communicator: Communicator) -> None:
    async with communicator.session() as session:
        lock = session.rw_lock(NAME)

        async def use() -> None:
            async with lock.read(), lock.read():
                pass
            async with lock.write():
                pass

        assert await requests_of(communicator, use) == 6


async def test_it_is_not_reentrant(communicator: Communicator) -> None:
    lock = RWLock(communicator, NAME)
    async with lock.read():
        with pytest.raises(LockTimeoutError):
            await lock.write().acquire(timeout=0.1)
    async with lock.write():
        with pytest.raises(LockTimeoutError):
            await lock.read().acquire(timeout=0.1)


async def test_its_keys_are_those_of_etcds_go_client(communicator: Communicator) -> None:
    """Its RWMutex writes `<name>/read/...` and `<name>/write/...`, named after the time."""
    lock = RWLock(communicator, NAME)
    async with lock.read() as read:
        assert (read.key or b"").startswith(b"report/read/")
    async with lock.write() as write:
        assert (write.key or b"").startswith(b"report/write/")
    await communicator.put(b"report/read/1700000000000000000", b"")
    assert await lock.read().acquire(blocking=False)
    assert not await lock.write().acquire(blocking=False)
    await communicator.delete_prefix(b"report/")
    await communicator.put(b"report/write/1700000000000000000", b"")
    assert not await lock.read().acquire(blocking=False)


@pytest.mark.parametrize("kind", ["read", "write"])
async def test_cancelled_at_any_time_it_leaves_nothing(
    communicator: Communicator, endpoint: str, kind: str
) -> None:
    async with communicator.session() as session, session.rw_lock(NAME).write():

        async def attempt(delay: float, own: Session | None) -> None:
            lock = getattr(RWLock(communicator, NAME, session=own), kind)()
            with contextlib.suppress(tasks.TimeoutError):
                await tasks.wait_for(lock.acquire(), delay)

        delays = [number / 1000 for number in range(25)]
        await tasks.gather(*(attempt(d, own) for d in delays for own in (session, None)))

        async def alone() -> bool:
            return len(await in_line(communicator, NAME + b"/")) == 1

        await eventually_async(alone)
    await nothing_left(endpoint)


async def test_its_holders_are_told_of_a_loss(communicator: Communicator) -> None:
    lock = RWLock(communicator, NAME)
    for own in (lock.read(), lock.write()):
        await own.acquire()
        write = Txn().when([own.fence]).and_then([TxnOp.put("data", "value")])
        assert (await communicator.txn(write)).succeeded()
        await communicator.delete(own.key or b"")
        assert not (await communicator.txn(write)).succeeded()
        assert await tasks.wait_for(own.lost.wait(), 5)
        with pytest.raises(LockLostError):
            await own.release()


async def test_a_ttl_limits_the_hold(communicator: Communicator) -> None:
    lock = RWLock(communicator, NAME)
    writer = lock.write(ttl=0.3)
    await writer.acquire()
    assert await lock.read().acquire(timeout=10)
    assert writer.lost.is_set()


async def test_it_works_in_a_namespace(communicator: Communicator) -> None:
    inside, outside = RWLock(communicator.namespace("space/"), NAME), RWLock(communicator, NAME)
    async with inside.write() as writer:
        assert (writer.key or b"").startswith(b"report/write/")
        assert not await inside.read().acquire(blocking=False)
        assert await outside.write().acquire(blocking=False)


async def test_it_says_what_it_is(communicator: Communicator) -> None:
    lock = RWLock(communicator, "report")
    assert repr(lock) == "<RWLock b'report'>"
    reader = lock.read()
    assert isinstance(reader, ReadLock)
    assert isinstance(lock.write(), WriteLock)
    with pytest.raises(LockError, match="the read lock b'report/read' is not held"):
        await reader.release()


@pytest.mark.parametrize("kind", [RWLock, ReadLock, WriteLock])
async def test_arguments_are_checked(communicator: Communicator, kind: Any) -> None:
    with pytest.raises(TypeError, match="name: expected a bytes-like object or str, got int"):
        kind(communicator, 5)
    with pytest.raises(InvalidArgsError, match="name"):
        kind(communicator, "\ud800")
    with pytest.raises(TypeError, match="communicator: expected Communicator, got str"):
        kind("http://localhost", NAME)
    with pytest.raises(InvalidArgsError, match="ttl"):
        RWLock(communicator, NAME).write(ttl=0)
