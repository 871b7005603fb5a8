"""Semaphores: limits, order, what waiting costs, and what is left behind."""

import contextlib
import random
from typing import Any

import pytest

from etcd_client import (
    Client,
    Communicator,
    EtcdError,
    InvalidArgsError,
    Lock,
    LockError,
    LockLostError,
    LockTimeoutError,
    Semaphore,
    Session,
    SessionLostError,
    Txn,
    TxnOp,
)
from tests.support import tasks
from tests.support.costs import requests_of
from tests.support.leftovers import key_count, leases, nothing_left
from tests.support.replay import in_line, states
from tests.support.waiting import eventually_async

NAME = b"exports"


async def contenders(communicator: Communicator, wanted: int) -> None:
    """Wait until so many are in the line."""

    async def reached() -> bool:
        return await communicator.count_prefix(NAME + b"/") == wanted

    await eventually_async(reached)


async def arrive(
    communicator: Communicator, session: Session, limit: int, count: int
) -> list[tuple[Semaphore, "tasks.Task[bool]"]]:
    """Make that many contend, one after the other."""
    arrived = []
    before = await communicator.count_prefix(NAME + b"/")
    for number in range(count):
        permit = session.semaphore(NAME, limit)
        arrived.append((permit, tasks.create_task(permit.acquire())))
        await contenders(communicator, before + number + 1)
    return arrived


async def test_no_more_than_the_limit_hold_at_once(
    communicator: Communicator, endpoint: str
) -> None:
    """Each holder writes a key that lives with its permit, and only while it has it."""
    most, held = 3, 0
    since = (await communicator.put("start", b"")).header.revision
    await communicator.delete("start")

    async def all_are_in() -> bool:
        return held >= most

    async def hold(number: int, session: Session | None) -> None:
        nonlocal held
        async with Semaphore(communicator, NAME, most, session=session) as permit:
            inside = f"inside/{number}"
            lease = (await communicator.get_kv(permit.key or b"")).lease  # type: ignore[union-attr]
            write = Txn().when([permit.fence]).and_then([TxnOp.put(inside, b"", lease=lease)])
            assert (await communicator.txn(write)).succeeded()
            held += 1
            if held <= most:
                await eventually_async(all_are_in)
            await communicator.delete(inside)

    async with communicator.session() as session:
        await tasks.gather(*(hold(n, session if n % 2 else None) for n in range(40)))
    assert held == 40
    counts = [len(keys) for keys in await states(communicator, b"inside/", since)]
    assert max(counts) == most
    await nothing_left(endpoint)


async def test_permits_are_given_in_the_order_of_arrival(communicator: Communicator) -> None:
    async with communicator.session() as session:
        arrived = await arrive(communicator, session, 2, 8)
        for number, (permit, _) in enumerate(arrived):
            # All of those before have been released: this one and the next hold.
            held = [await tasks.wait_for(task, 5) for _, task in arrived[number : number + 2]]
            assert all(held)
            assert not any(task.done() for _, task in arrived[number + 2 :])
            await permit.release()


async def test_holders_leave_in_any_order(communicator: Communicator) -> None:
    async with communicator.session() as session:
        arrived = await arrive(communicator, session, 3, 9)
        waiting = arrived[3:]
        inside = [permit for permit, _ in arrived[:3]]
        while waiting:
            await inside.pop(random.randrange(len(inside))).release()
            permit, task = waiting.pop(0)
            assert await tasks.wait_for(task, 5)
            assert not any(later.done() for _, later in waiting)
            inside.append(permit)


async def test_several_permits_that_are_released_at_once_are_all_given(
    communicator: Communicator,
) -> None:
    async with communicator.session() as session:
        arrived = await arrive(communicator, session, 4, 12)
        for first in (0, 4):
            permits = [permit for permit, _ in arrived[first : first + 4]]
            await tasks.gather(*(permit.release() for permit in permits))
            done = [task for _, task in arrived[first + 4 : first + 8]]
            await tasks.wait_for(tasks.gather(*done), 5)


async def test_a_free_permit_costs_two_round_trips(communicator: Communicator) -> None:
    async with communicator.session() as session:

        async def acquire_two() -> None:
            async with session.semaphore(NAME, 3), session.semaphore(NAME, 3):
                pass

        async def find_none() -> None:
            async with session.semaphore(NAME, 1):
                assert not await session.semaphore(NAME, 1).acquire(blocking=False)

        assert await requests_of(communicator, acquire_two) == 4
        # One that is not free costs two as well: its key is written and deleted.
        assert await requests_of(communicator, find_none) == 4


async def test_one_release_wakes_one_waiter(communicator: Communicator) -> None:
    """The first that waits, and the next one, which is the first from then on."""
    async with communicator.session() as session:
        arrived = await arrive(communicator, session, 2, 22)
        await tasks.gather(*(task for _, task in arrived[:2]))
        # The last that came may still be about to look; then each watches, and so do the holders.
        await eventually_async(lambda: communicator.stats().watches == len(arrived))

        def all_have_asked() -> bool:
            return communicator.stats().requests - requests >= 4

        for number in range(5):
            requests = communicator.stats().requests
            await arrived[number][0].release()
            assert await tasks.wait_for(arrived[number + 2][1], 5)
            # The release; the look and the word to the next of the one; the look of the other.
            await eventually_async(all_have_asked)
            await tasks.sleep(0.1)
            assert communicator.stats().requests - requests == 4
        for _, task in arrived[7:]:
            task.cancel()


async def test_one_that_gives_up_makes_way(communicator: Communicator) -> None:
    async with communicator.session() as session:
        arrived = await arrive(communicator, session, 2, 7)
        for number in (4, 2, 5):
            arrived[number][1].cancel()
            with contextlib.suppress(tasks.CancelledError):
                await arrived[number][1]
        await contenders(communicator, 4)
        await arrived[1][0].release()
        assert await tasks.wait_for(arrived[3][1], 5)
        assert not arrived[6][1].done()
        await arrived[0][0].release()
        assert await tasks.wait_for(arrived[6][1], 5)


async def test_one_that_comes_later_waits_behind(communicator: Communicator) -> None:
    async with communicator.session() as session:
        arrived = await arrive(communicator, session, 1, 2)
        assert not await session.semaphore(NAME, 1).acquire(blocking=False)
        await arrived[0][0].release()
        assert await tasks.wait_for(arrived[1][1], 5)
        assert not await session.semaphore(NAME, 1).acquire(blocking=False)


async def test_a_wait_ends_with_its_timeout(communicator: Communicator, endpoint: str) -> None:
    async with Semaphore(communicator, NAME, 1):
        with pytest.raises(LockTimeoutError):
            await Semaphore(communicator, NAME, 1).acquire(timeout=0.2)
        await eventually_async(lambda: len(leases(endpoint)) == 1 and key_count(endpoint) == 1)
    await nothing_left(endpoint)


@pytest.mark.parametrize("limit", [1, 2])
async def test_cancelled_at_any_time_it_leaves_nothing(
    communicator: Communicator, endpoint: str, limit: int
) -> None:
    async with communicator.session() as session:
        holders = [session.semaphore(NAME, limit) for _ in range(limit)]
        for holder in holders:
            await holder.acquire()

        async def attempt(delay: float, own: Session | None) -> None:
            permit = Semaphore(communicator, NAME, limit, session=own)
            with contextlib.suppress(tasks.TimeoutError):
                await tasks.wait_for(permit.acquire(), delay)

        # From before the first request to the wait for the others.
        delays = [number / 1000 for number in range(25)]
        await tasks.gather(*(attempt(d, own) for d in delays for own in (session, None)))
        # Also where it is being given the permit at that moment.
        for number in range(20):
            permit = session.semaphore(NAME, limit)
            task = tasks.create_task(permit.acquire())
            await contenders(communicator, limit + 1)
            release = tasks.create_task(holders.pop(0).release())
            await tasks.sleep(number / 4000)
            if task.cancel():
                with contextlib.suppress(tasks.CancelledError):
                    await task
            await release
            if permit.is_acquired:
                await permit.release()
            await contenders(communicator, limit - 1)
            holders.append(session.semaphore(NAME, limit))
            assert await holders[-1].acquire(blocking=False)
        await eventually_async(lambda: leases(endpoint) == [session.id])
    await nothing_left(endpoint)


async def test_a_semaphore_of_a_lost_session_is_lost(
    communicator: Communicator, client: Client
) -> None:
    async def use() -> None:
        async with communicator.session() as session:
            held = session.semaphore(NAME, 1)
            await held.acquire()
            waiting = tasks.create_task(session.semaphore(NAME, 1).acquire())
            await contenders(communicator, 2)
            behind = tasks.create_task(Semaphore(other, NAME, 1).acquire())
            await contenders(communicator, 3)
            await other.lease_revoke(session.id)
            assert await tasks.wait_for(held.lost.wait(), 5)
            assert await tasks.wait_for(behind, 5)
            with pytest.raises(EtcdError):
                await tasks.wait_for(waiting, 5)
            with pytest.raises(LockLostError):
                await held.release()
            with pytest.raises(SessionLostError):
                await session.semaphore(NAME, 1).acquire()

    async with client.connect() as other:
        with pytest.raises(SessionLostError):
            await use()


async def test_a_permit_whose_key_is_deleted_is_lost(communicator: Communicator) -> None:
    permit = Semaphore(communicator, NAME, 2)
    await permit.acquire()
    write = Txn().when([permit.fence]).and_then([TxnOp.put("data", "value")])
    assert (await communicator.txn(write)).succeeded()
    await communicator.delete(permit.key or b"")
    assert not (await communicator.txn(write)).succeeded()
    assert await tasks.wait_for(permit.lost.wait(), 5)
    with pytest.raises(LockLostError):
        await permit.__aexit__(None, None, None)


async def test_a_waiter_whose_key_is_deleted_is_told(communicator: Communicator) -> None:
    async with communicator.session() as session:
        arrived = await arrive(communicator, session, 2, 5)
        # The first of the line, which watches all holders, and one behind it.
        for number in (2, 4):
            key = (await in_line(communicator, NAME + b"/"))[2 if number == 2 else -1]
            await communicator.delete(key)
            with pytest.raises(LockLostError, match="its key was deleted while it waited"):
                await tasks.wait_for(arrived[number][1], 5)
        await arrived[0][0].release()
        assert await tasks.wait_for(arrived[3][1], 5)


async def test_a_permit_has_a_ttl(communicator: Communicator, endpoint: str) -> None:
    permit = Semaphore(communicator, NAME, 1, ttl=0.5)
    await permit.acquire()
    assert await Semaphore(communicator, NAME, 1).acquire(timeout=10)
    assert permit.lost.is_set()
    with pytest.raises(LockLostError):
        await permit.release()
    assert len(await tasks.to_thread(leases, endpoint)) == 1


async def test_the_limit_is_raised_while_it_is_in_use(communicator: Communicator) -> None:
    """Each contender goes by its own limit, and none waits longer than that says."""
    async with communicator.session() as session:
        old = await arrive(communicator, session, 1, 1) + await arrive(communicator, session, 2, 3)
        assert await tasks.wait_for(old[1][1], 5)
        new = await arrive(communicator, session, 5, 2)
        # Fifth in the line: less than five are ahead of it; the other waits.
        assert await tasks.wait_for(new[0][1], 5)
        assert not new[1][1].done()
        # It leaves, and one of its kind, too: four are ahead of the last one then.
        await new[0][0].release()
        assert await tasks.wait_for(new[1][1], 5)
        # The holders of the old limit leave, while one with the new limit, behind, stays.
        await old[1][0].release()
        assert await tasks.wait_for(old[2][1], 5)
        await old[0][0].release()
        assert await tasks.wait_for(old[3][1], 5)


async def test_the_limit_is_lowered_while_it_is_in_use(communicator: Communicator) -> None:
    async with communicator.session() as session:
        old = await arrive(communicator, session, 4, 4)
        new = await arrive(communicator, session, 2, 2)
        await tasks.gather(*(task for _, task in old))
        for number in (3, 0):
            await old[number][0].release()
        await tasks.sleep(0.2)
        assert not new[0][1].done()
        await old[2][0].release()
        assert await tasks.wait_for(new[0][1], 5)
        assert not new[1][1].done()
        await new[0][0].release()
        assert await tasks.wait_for(new[1][1], 5)


async def test_with_the_limit_1_it_is_a_lock(communicator: Communicator) -> None:
    async with Lock(communicator, NAME):
        assert not await Semaphore(communicator, NAME, 1).acquire(blocking=False)
    async with Semaphore(communicator, NAME, 1):
        assert not await Lock(communicator, NAME).acquire(blocking=False)


async def test_of_many_contenders_each_has_its_turn(communicator: Communicator) -> None:
    inside = most = turns = 0

    async def hold(session: Session) -> None:
        nonlocal inside, most, turns
        async with session.semaphore(NAME, 50):
            inside += 1
            most = max(most, inside)
            await tasks.sleep(0)
            inside -= 1
            turns += 1

    async with communicator.session(ttl=60) as session:
        await tasks.gather(*(hold(session) for _ in range(300)))
    assert turns == 300
    assert most <= 50


async def test_it_works_in_a_namespace(communicator: Communicator) -> None:
    space = communicator.namespace("space/")
    async with Semaphore(space, NAME, 1) as permit:
        assert (permit.key or b"").startswith(NAME + b"/")
        assert not await Semaphore(space, NAME, 1).acquire(blocking=False)
        assert await Semaphore(communicator, NAME, 1).acquire(blocking=False)
        waiting = tasks.create_task(Semaphore(space, NAME, 2).acquire())
        assert await tasks.wait_for(waiting, 5)


@pytest.mark.parametrize("name", [b"", b"\x00\xff", b"\xff\xff", "ünï/cødé"])
async def test_any_name_will_do(communicator: Communicator, name: Any) -> None:
    async with Semaphore(communicator, name, 2), Semaphore(communicator, name, 2):
        waiting = Semaphore(communicator, name, 2)
        task = tasks.create_task(waiting.acquire())
        await tasks.sleep(0.1)
        assert not task.done()
    assert await tasks.wait_for(task, 5)


async def test_one_object_is_for_one_permit(communicator: Communicator) -> None:
    permit = Semaphore(communicator, NAME, 2)
    assert permit.limit == 2
    assert repr(permit) == "<Semaphore b'exports' not acquired>"
    with pytest.raises(LockError, match="is not held"):
        await permit.release()
    async with permit:
        assert repr(permit) == "<Semaphore b'exports' acquired>"
        with pytest.raises(LockError, match="is held by this object already"):
            await permit.acquire()
    async with permit:
        assert await permit.is_owner()


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"limit": 0}, InvalidArgsError, "limit: expected an int of at least 1, got 0"),
        ({"limit": -1}, InvalidArgsError, "limit"),
        ({"limit": True}, TypeError, "limit: expected int, got bool"),
        ({"limit": 1.0}, TypeError, "limit: expected int, got float"),
        ({"limit": 2**63}, InvalidArgsError, "limit: expected an int of 64 bits, got 9"),
        ({"name": 5}, TypeError, "name: expected a bytes-like object or str, got int"),
        ({"ttl": 0}, InvalidArgsError, "ttl: expected a number of seconds above 0, got 0"),
    ],
)
async def test_arguments_are_checked(
    communicator: Communicator, options: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        Semaphore(communicator, **{"name": NAME, "limit": 1, **options})
