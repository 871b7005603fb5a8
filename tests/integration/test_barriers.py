"""Barriers and double barriers: who waits for whom, and what is left behind."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from etcd_client import (
    Barrier,
    Client,
    Communicator,
    ConnectOptions,
    DoubleBarrier,
    EtcdTimeoutError,
    InvalidArgsError,
    KeyExistsError,
    LockError,
    LockLostError,
    Session,
    SessionLostError,
)
from etcd_client.testing import EtcdServer, Metrics, Proxy
from tests.support import tasks
from tests.support.leftovers import key_count, leases, nothing_left, settled_metrics
from tests.support.replay import states
from tests.support.waiting import eventually_async

NAME = b"barrier"


async def keys_there(endpoint: str, wanted: int) -> None:
    """Wait until there are so many keys."""
    await eventually_async(lambda: key_count(endpoint) == wanted)


# Barriers


async def test_nobody_waits_where_there_is_no_barrier(communicator: Communicator) -> None:
    barrier = Barrier(communicator, NAME)
    await barrier.wait()
    assert await barrier.remove() is False


async def test_all_wait_until_it_is_removed(communicator: Communicator, etcd: EtcdServer) -> None:
    barrier = Barrier(communicator, NAME)
    await barrier.create()
    with pytest.raises(EtcdTimeoutError):
        await barrier.wait(timeout=0.1)
    waiting = [tasks.create_task(Barrier(communicator, NAME).wait()) for _ in range(20)]
    await eventually_async(lambda: Metrics.read(etcd.metrics_url).watchers >= 20)
    assert not any(task.done() for task in waiting)
    # By anybody.
    assert await Barrier(communicator, NAME).remove() is True
    await tasks.wait_for(tasks.gather(*waiting), 5)
    await barrier.wait()


async def test_there_is_one_barrier_of_a_name(communicator: Communicator, endpoint: str) -> None:
    async with Barrier(communicator, NAME) as barrier:
        assert barrier.key == NAME
        with pytest.raises(KeyExistsError):
            await barrier.create()
        with pytest.raises(KeyExistsError):
            await Barrier(communicator, NAME).create()
        with pytest.raises(EtcdTimeoutError):
            await barrier.wait(timeout=0.1)
    await nothing_left(endpoint)


async def test_one_that_waits_passes_though_it_is_created_again(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    barrier = Barrier(communicator, NAME)
    await barrier.create()
    before = (await settled_metrics(etcd)).watchers
    waiting = tasks.create_task(barrier.wait())
    await eventually_async(lambda: Metrics.read(etcd.metrics_url).watchers > before)
    await barrier.remove()
    await barrier.create()
    await tasks.wait_for(waiting, 5)


async def test_its_creator_is_told_that_it_was_removed(
    communicator: Communicator, endpoint: str
) -> None:
    barrier = Barrier(communicator, NAME)
    await barrier.__aenter__()
    await communicator.delete(NAME)
    # The barrier of somebody else, which is left alone.
    other = Barrier(communicator, NAME)
    await other.create()
    with pytest.raises(LockLostError):
        await barrier.__aexit__(None, None, None)
    assert await other.remove()
    with contextlib.suppress(LookupError):
        async with barrier:
            raise LookupError
    await nothing_left(endpoint)


async def test_without_a_session_it_stays(
    communicator: Communicator, client: Client, endpoint: str
) -> None:
    async with client.connect() as other:
        await Barrier(other, NAME).create()
    with pytest.raises(EtcdTimeoutError):
        await Barrier(communicator, NAME).wait(timeout=0.1)
    assert leases(endpoint) == []
    await Barrier(communicator, NAME).remove()


async def test_with_a_session_it_falls_with_it(communicator: Communicator) -> None:
    async def use() -> None:
        async with communicator.session() as session:
            barrier = session.barrier(NAME)
            await barrier.create()
            waiting = tasks.create_task(barrier.wait())
            await communicator.lease_revoke(session.id)
            await tasks.wait_for(waiting, 5)
            with pytest.raises(SessionLostError):
                await barrier.create()

    with pytest.raises(SessionLostError):
        await use()


async def test_a_cancelled_creation_leaves_nothing(
    communicator: Communicator, endpoint: str
) -> None:
    for number in range(30):
        task = tasks.create_task(Barrier(communicator, NAME).create())
        await tasks.sleep(number / 10000)
        task.cancel()
        try:
            await task
        except tasks.CancelledError:
            assert key_count(endpoint) == 0
        else:
            # It was created before it could be cancelled.
            await communicator.delete(NAME)


async def test_a_wait_that_is_cancelled_leaves_no_watch(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    async with Barrier(communicator, NAME) as barrier:
        waiting = tasks.create_task(barrier.wait())
        await eventually_async(lambda: Metrics.read(etcd.metrics_url).watchers == 1)
        waiting.cancel()
        with pytest.raises(tasks.CancelledError):
            await waiting
        await eventually_async(lambda: Metrics.read(etcd.metrics_url).watchers == 0)


async def test_a_wait_goes_on_after_a_compaction(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    async with Barrier(communicator, NAME):
        waiting = tasks.create_task(Barrier(communicator, NAME).wait())
        await eventually_async(lambda: Metrics.read(etcd.metrics_url).watchers == 1)
        revision = (await communicator.put("other", b"")).header.revision
        await communicator.compact(revision)
        await tasks.sleep(0.1)
        assert not waiting.done()
    await tasks.wait_for(waiting, 5)


async def test_waits_go_on_while_the_server_does_not_answer(
    make_server: Callable[..., EtcdServer],
) -> None:
    """Longer than the deadline of each request: a wait without a timeout has no limit."""
    server = make_server()
    client = Client(server.endpoint, ConnectOptions(timeout=1))
    async with client.connect() as communicator:
        barrier = Barrier(communicator, NAME)
        await barrier.create(timeout=10)
        members = [DoubleBarrier(communicator, b"double", 2) for _ in range(2)]
        entering = [tasks.create_task(members[0].enter())]
        await keys_there(server.endpoint, 2)
        await tasks.to_thread(server.freeze)
        waiting = tasks.create_task(barrier.wait())
        await tasks.sleep(2)
        await tasks.to_thread(server.thaw)
        await tasks.sleep(0.2)
        assert not waiting.done()
        await communicator.delete(NAME, timeout=10)
        await tasks.wait_for(waiting, 10)
        entering.append(tasks.create_task(members[1].enter()))
        await tasks.wait_for(tasks.gather(*entering), 10)
        await tasks.wait_for(tasks.gather(*(member.leave() for member in members)), 10)


# Double barriers


async def test_one_is_enough_for_a_round_of_one(communicator: Communicator, endpoint: str) -> None:
    barrier = DoubleBarrier(communicator, NAME, 1)
    assert not barrier.is_inside
    assert barrier.count == 1
    for _ in range(2):
        await tasks.wait_for(barrier.enter(), 5)
        assert barrier.is_inside
        assert barrier.key is not None
        await barrier.leave()
        assert not barrier.is_inside
    await nothing_left(endpoint)


@pytest.mark.parametrize("count", [2, 3, 10])
async def test_all_enter_together_and_leave_together(
    communicator: Communicator, endpoint: str, count: int
) -> None:
    async with communicator.session() as session:
        own = session if count == 10 else None
        members = [DoubleBarrier(communicator, NAME, count, session=own) for _ in range(count)]
        entering = [tasks.create_task(member.enter()) for member in members[1:]]
        await keys_there(endpoint, count - 1)
        await tasks.sleep(0.1)
        assert not any(task.done() for task in entering)
        await tasks.wait_for(members[0].enter(), 5)
        await tasks.wait_for(tasks.gather(*entering), 5)
        assert all(member.is_inside for member in members)
        leaving = [tasks.create_task(member.leave()) for member in members[1:]]
        # The key of the one that stays, and the one of the round.
        await keys_there(endpoint, 2)
        await tasks.sleep(0.1)
        assert not any(task.done() for task in leaving)
        await tasks.wait_for(members[0].leave(), 5)
        await tasks.wait_for(tasks.gather(*leaving), 5)
    await nothing_left(endpoint)


async def test_those_that_come_again_at_once_make_a_new_round(
    communicator: Communicator, endpoint: str
) -> None:
    """While slower ones may still be leaving: they must not take these for the old ones."""
    rounds: list[set[int]] = [set() for _ in range(20)]

    async def work(number: int, session: Session) -> None:
        for done in rounds:
            async with session.double_barrier(NAME, 5):
                done.add(number)
                await tasks.sleep(0)
            assert len(done) == 5

    async with communicator.session() as session:
        workers = [work(number, session) for number in range(5)]
        await tasks.wait_for(tasks.gather(*workers), 30)
    await nothing_left(endpoint)


async def test_those_beyond_the_count_wait_for_the_next_round(
    communicator: Communicator, endpoint: str
) -> None:
    since = (await communicator.put("start", b"")).header.revision
    await communicator.delete("start")
    places: list[int] = []

    async def work(number: int, session: Session) -> None:
        async with session.double_barrier(NAME, 3) as barrier:
            assert barrier.revision is not None
            places.append(barrier.revision)
            await communicator.put(f"inside/{number}", b"", lease=session.id)
            await tasks.sleep(0.01)
            await communicator.delete(f"inside/{number}")

    async with communicator.session() as session:
        working = []
        for number in range(9):
            working.append(tasks.create_task(work(number, session)))
            await tasks.sleep(0.02)
        await tasks.wait_for(tasks.gather(*working), 20)
    # The first three to come, and so on.
    rounds = [sorted(places[first : first + 3]) for first in (0, 3, 6)]
    assert [place for round_ in rounds for place in round_] == sorted(places)
    assert max(len(keys) for keys in await states(communicator, b"inside/", since)) <= 3
    await nothing_left(endpoint)


async def test_of_more_than_fit_each_has_its_round(
    communicator: Communicator, endpoint: str
) -> None:
    inside = most = 0

    async def work(session: Session) -> None:
        nonlocal inside, most
        async with session.double_barrier(NAME, 4):
            inside += 1
            most = max(most, inside)
            await tasks.sleep(0)
            inside -= 1

    async with communicator.session() as session:
        await tasks.wait_for(tasks.gather(*(work(session) for _ in range(40))), 30)
    assert most <= 4
    await nothing_left(endpoint)


async def test_one_that_times_out_is_not_counted(communicator: Communicator, endpoint: str) -> None:
    with pytest.raises(EtcdTimeoutError):
        await DoubleBarrier(communicator, NAME, 2).enter(timeout=0.2)
    await nothing_left(endpoint)
    first = tasks.create_task(DoubleBarrier(communicator, NAME, 2).enter())
    await tasks.sleep(0.2)
    assert not first.done()
    await tasks.wait_for(DoubleBarrier(communicator, NAME, 2).enter(), 5)
    await tasks.wait_for(first, 5)


async def test_at_the_deadline_all_enter_or_none(communicator: Communicator, endpoint: str) -> None:
    """Whatever the moment at which the last one comes."""
    entered = 0
    async with communicator.session() as session:
        # In the first of them, no machine is too slow to enter.
        for delay in [0.0] * 5 + [0.035 + number / 2000 for number in range(30)]:
            one, other = (session.double_barrier(NAME, 2) for _ in range(2))
            waiting = tasks.create_task(one.enter(timeout=0.05 if delay else 5))
            await tasks.sleep(delay)
            results = await tasks.gather(waiting, other.enter(timeout=0.3), return_exceptions=True)
            assert one.is_inside == other.is_inside
            assert all(isinstance(result, EtcdTimeoutError | None) for result in results)
            entered += one.is_inside
            if one.is_inside:
                await tasks.gather(one.leave(), other.leave())
            await keys_there(endpoint, 0)
    assert entered > 0


async def test_one_whose_key_is_late_does_not_leave_the_others_alone(
    proxy: Proxy, communicator: Communicator
) -> None:
    """Its key is written in time, and the answer comes after its deadline."""
    async with (
        Client(proxy.endpoint).connect() as through,
        through.session() as session,
        communicator.session() as other_session,
    ):
        one, other = session.double_barrier(NAME, 2), other_session.double_barrier(NAME, 2)
        await tasks.to_thread(proxy.delay, 0.3)
        waiting = tasks.create_task(one.enter(timeout=0.1))
        await tasks.wait_for(other.enter(), 10)
        await waiting
        assert one.is_inside
        await tasks.gather(one.leave(), other.leave())


async def test_one_that_gives_up_as_the_last_one_comes_enters(communicator: Communicator) -> None:
    """It has seen that there were too few, and is about to delete its key."""
    other = DoubleBarrier(communicator, NAME, 2)
    working = []

    class Hesitating(DoubleBarrier):
        __slots__ = ()

        async def _look(self, deadline: Any) -> Any:
            seen = await super()._look(deadline)
            looks.append(seen)
            # The first look is that of the wait.
            if len(looks) == 2:
                working.append(tasks.create_task(other.enter()))
                await eventually_async(came)
            return seen

    async def came() -> bool:
        return await communicator.count_prefix(NAME + b"/members/") == 2

    looks: list[Any] = []
    one = Hesitating(communicator, NAME, 2)
    while not working:
        # Again if the machine left no time for the first look.
        looks.clear()
        with contextlib.suppress(EtcdTimeoutError):
            await one.enter(timeout=1)
    await tasks.wait_for(working[0], 5)
    assert one.is_inside
    assert other.is_inside
    await tasks.gather(one.leave(), other.leave())


async def test_cancelled_at_any_time_it_leaves_nothing(
    communicator: Communicator, endpoint: str
) -> None:
    async with communicator.session() as session:

        async def attempt(delay: float, own: Session | None, count: int) -> None:
            barrier = DoubleBarrier(communicator, NAME, count, session=own)
            task = tasks.ensure_future(barrier.enter())
            await tasks.sleep(delay)
            if task.cancel():
                with contextlib.suppress(tasks.CancelledError):
                    await task
            elif barrier.is_inside:
                leaving = tasks.ensure_future(barrier.leave())
                await tasks.sleep(delay)
                leaving.cancel()
                with contextlib.suppress(tasks.CancelledError):
                    await leaving

        for number in range(30):
            await attempt(number / 3000, None if number % 3 else session, 1)
        delays = [number / 1000 for number in range(25)]
        await tasks.gather(*(attempt(d, own, 1000) for d in delays for own in (session, None)))
        await eventually_async(lambda: leases(endpoint) == [session.id])
        await keys_there(endpoint, 0)
    await nothing_left(endpoint)


async def test_those_that_die_are_not_waited_for(
    communicator: Communicator, client: Client, endpoint: str
) -> None:
    async with client.connect() as other, communicator.session() as session:
        lease = await other.lease(60)
        mortal = Session(other)
        await mortal.__aenter__()
        doomed = mortal.double_barrier(NAME, 3)
        members = [session.double_barrier(NAME, 3) for _ in range(2)]
        await tasks.wait_for(tasks.gather(doomed.enter(), *(m.enter() for m in members)), 5)
        leaving = [tasks.create_task(member.leave()) for member in members]
        await keys_there(endpoint, 2)
        assert not any(task.done() for task in leaving)
        await communicator.lease_revoke(mortal.id)
        await tasks.wait_for(tasks.gather(*leaving), 5)
        assert await tasks.wait_for(doomed.lost.wait(), 5)
        with pytest.raises(LockLostError):
            await doomed.leave()
        with pytest.raises(SessionLostError):
            await mortal.__aexit__(None, None, None)
        await lease.revoke()
    await nothing_left(endpoint)


async def test_a_round_whose_members_have_all_died_is_over(communicator: Communicator) -> None:
    async with communicator.session() as dying:
        members = [dying.double_barrier(NAME, 2) for _ in range(2)]
        await tasks.gather(*(member.enter() for member in members))
        late = [DoubleBarrier(communicator, NAME, 2) for _ in range(2)]
        waiting = tasks.create_task(late[0].enter())
        await tasks.sleep(0.1)
        assert not waiting.done()
    # Nobody has told that the round is over.
    await tasks.wait_for(tasks.gather(waiting, late[1].enter()), 5)
    await tasks.gather(*(member.leave() for member in late))
    assert await communicator.count_prefix(b"") == 0


async def test_a_waiter_is_told_of_its_loss(communicator: Communicator, endpoint: str) -> None:
    waiting = tasks.create_task(DoubleBarrier(communicator, NAME, 2).enter())
    await keys_there(endpoint, 1)
    await communicator.delete_prefix(NAME)
    with pytest.raises(LockLostError, match="was lost while waiting: its key was deleted"):
        await tasks.wait_for(waiting, 5)
    await nothing_left(endpoint)


async def test_an_exception_does_not_wait_for_the_others(communicator: Communicator) -> None:
    async with communicator.session() as session:
        other = session.double_barrier(NAME, 2)
        entering = tasks.create_task(other.enter())

        async def fail() -> None:
            async with session.double_barrier(NAME, 2):
                raise LookupError

        with pytest.raises(LookupError):
            await tasks.wait_for(fail(), 5)
        await entering
        await tasks.wait_for(other.leave(), 5)


async def test_leaving_may_time_out(communicator: Communicator, endpoint: str) -> None:
    async with communicator.session() as session:
        one, other = (session.double_barrier(NAME, 2) for _ in range(2))
        await tasks.gather(one.enter(), other.enter())
        with pytest.raises(EtcdTimeoutError):
            await one.leave(timeout=0.1)
        assert not one.is_inside
        await tasks.wait_for(other.leave(), 5)
        await keys_there(endpoint, 0)


async def test_the_last_ends_the_round_even_if_it_was_lost(
    communicator: Communicator, endpoint: str
) -> None:
    async with communicator.session() as session:
        one, other = (session.double_barrier(NAME, 2) for _ in range(2))
        await tasks.gather(one.enter(), other.enter())
        with pytest.raises(EtcdTimeoutError):
            await one.leave(timeout=0.1)
        await communicator.delete(other.key or b"")
        with pytest.raises(LockLostError):
            await other.leave()
        await keys_there(endpoint, 0)


async def test_one_object_is_for_one_member(communicator: Communicator) -> None:
    barrier = DoubleBarrier(communicator, NAME, 1)
    with pytest.raises(LockError, match="is not held"):
        await barrier.leave()
    async with barrier:
        assert "inside" in repr(barrier)
        with pytest.raises(LockError, match="already"):
            await barrier.enter()
    assert "not inside" in repr(barrier)


async def test_they_work_in_a_namespace(communicator: Communicator, endpoint: str) -> None:
    space = communicator.namespace("space/")
    async with Barrier(space, NAME):
        await Barrier(communicator, NAME).wait()
        assert await communicator.count_prefix(b"space/") == 1
    members = [DoubleBarrier(space, NAME, 2) for _ in range(2)]
    await tasks.wait_for(tasks.gather(*(member.enter() for member in members)), 5)
    assert await communicator.count_prefix(b"space/") == 3
    await tasks.wait_for(tasks.gather(*(member.leave() for member in members)), 5)
    await nothing_left(endpoint)


@pytest.mark.parametrize(
    ("count", "error", "match"),
    [
        (0, InvalidArgsError, "count: expected an int of at least 1, got 0"),
        (True, TypeError, "count: expected int, got bool"),
        ("2", TypeError, "count: expected int, got str"),
    ],
)
async def test_arguments_are_checked(
    communicator: Communicator, count: Any, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        DoubleBarrier(communicator, NAME, count)
    not_connected: Any = None
    for kind, options in ((Barrier, ()), (DoubleBarrier, (2,))):
        make: Any = kind
        with pytest.raises(TypeError, match="name: expected"):
            make(communicator, 5, *options)
        with pytest.raises(TypeError, match="communicator: expected Communicator"):
            make(not_connected, NAME, *options)
    with pytest.raises(InvalidArgsError, match="timeout"):
        await Barrier(communicator, NAME).wait(timeout=0)
    with pytest.raises(TypeError, match="timeout"):
        await DoubleBarrier(communicator, NAME, 1).enter(timeout="1")  # type: ignore[arg-type]
