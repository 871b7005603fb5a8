"""Sessions: one lease for many things, whose loss is told to all of them."""

import asyncio
import sys
import time
from typing import Any

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    ConflictError,
    ElectError,
    InvalidArgsError,
    KeyExistsError,
    LeaseLostError,
    LockLostError,
    Session,
    SessionLostError,
)
from etcd_client.testing import Proxy
from tests.support import tasks
from tests.support.leftovers import leases, nothing_left
from tests.support.waiting import eventually_async

# A revocation is noticed at the next renewal, a third of it later. A machine that is held up for a
# second or two must not let it expire.
TTL = 4


async def lose(session: Session, communicator: Communicator) -> None:
    """End the lease of a session behind its back, and wait until that is noticed."""
    await communicator.lease_revoke(session.id)
    assert await tasks.wait_for(session.lost.wait(), TTL + 1)


async def test_everything_shares_one_lease(communicator: Communicator, endpoint: str) -> None:
    """A thousand locks, elections and registrations."""

    async def registered() -> bool:
        return await communicator.count_prefix("services/") == 300

    async with communicator.session(ttl=9, on_loss=lambda _: None) as session:
        locks = [session.lock(f"locks/{number}") for number in range(400)]
        elections = [session.election(f"elections/{number}", "7") for number in range(300)]
        await tasks.gather(
            *(lock.acquire() for lock in locks),
            *(election.campaign() for election in elections),
            *(session.register(f"services/{number}", "10.0.0.7") for number in range(300)),
        )
        assert leases(endpoint) == [session.id]
        held = await communicator.lease_time_to_live(session, keys=True)
        assert len(held.keys) == 1000
        assert all(lock.is_acquired for lock in locks)
        assert all(election.is_leader for election in elections)
        await communicator.lease_revoke(session.id)
        await tasks.wait_for(session.lost.wait(), 10)
        told = [*(lock.lost.is_set() for lock in locks), *(e.lost.is_set() for e in elections)]
        assert all(told)
        await eventually_async(registered, within=10)
        for lock in locks:
            with pytest.raises(LockLostError):
                await lock.release()
        with pytest.raises(SessionLostError):
            await session.lock("another").acquire()
    await nothing_left(endpoint)


async def test_leaving_leaves_nothing(communicator: Communicator, endpoint: str) -> None:
    async with communicator.session(ttl=30) as session:
        await session.lock("lock").acquire()
        await session.election("election").campaign()
        await session.register("service", "here")
        await communicator.put("own", "value", lease=session)
        assert 20 < session.remaining <= 30
        assert session.ttl == 30
        assert not session.lost.is_set()
    assert not session.lost.is_set()
    await nothing_left(endpoint)


async def test_a_body_that_fails_leaves_nothing(communicator: Communicator, endpoint: str) -> None:
    async def body() -> None:
        async with communicator.session() as session:
            await session.lock("lock").acquire()
            await session.register("service", "here")
            raise KeyError

    with pytest.raises(KeyError):
        await body()
    await nothing_left(endpoint)


async def test_a_body_that_is_cancelled_leaves_nothing(
    communicator: Communicator, endpoint: str
) -> None:
    entered = tasks.Event()

    async def body() -> None:
        async with communicator.session(cancel_on_loss=True) as session:
            await session.lock("lock").acquire()
            entered.set()
            await session.lock("lock").acquire()

    task = tasks.create_task(body())
    await entered.wait()
    await tasks.sleep(0.05)
    task.cancel()
    with pytest.raises(tasks.CancelledError):
        await task
    await nothing_left(endpoint)


async def test_an_opening_that_is_cancelled_leaves_nothing(
    communicator: Communicator, endpoint: str
) -> None:
    async def body() -> None:
        async with communicator.session():
            await tasks.sleep(30)

    for delay in (0, 0.0005, 0.001, 0.002):
        opening = tasks.create_task(body())
        await tasks.sleep(delay)
        opening.cancel()
        with pytest.raises(tasks.CancelledError):
            await opening
    await nothing_left(endpoint)


async def test_the_body_is_cancelled_at_the_loss(communicator: Communicator) -> None:
    reached = []

    async def body() -> None:
        async with communicator.session(TTL, cancel_on_loss=True) as session:
            await communicator.lease_revoke(session.id)
            try:
                await tasks.sleep(30)
            except tasks.CANCELLED:
                reached.append(session.lost.is_set())
                raise

    with pytest.raises(SessionLostError, match="was lost") as raised:
        await body()
    assert isinstance(raised.value, LeaseLostError)
    assert reached == [True]
    await tasks.sleep(0)  # and the task is not cancelled any more
    if sys.version_info >= (3, 11) and tasks.is_on_asyncio():
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0


async def test_a_cancellation_from_outside_is_told_apart(communicator: Communicator) -> None:
    """Also where it comes as the session is lost."""
    entered = tasks.Event()

    def cancel(_error: SessionLostError) -> None:
        # Its own cancellation is on its way then.
        task.cancel()

    session = communicator.session(TTL, cancel_on_loss=True, on_loss=cancel)

    async def body() -> None:
        async with session:
            entered.set()
            await tasks.sleep(30)

    task = tasks.create_task(body())
    await entered.wait()
    await communicator.lease_revoke(session.id)
    with pytest.raises(tasks.CancelledError):
        await task
    assert session.lost.is_set()


async def test_a_body_that_has_left_is_not_cancelled(communicator: Communicator) -> None:
    """Also where it leaves at the very moment of the loss."""
    outcomes = []

    async def leaves_after(seconds: float) -> None:
        try:
            async with communicator.session(TTL, cancel_on_loss=True) as session:
                await communicator.lease_revoke(session.id)
                await tasks.sleep(seconds)
        except SessionLostError as error:
            outcomes.append(type(error.__cause__))
        await tasks.sleep(0.2)

    # The next renewal is due after a third of the time. On a slow machine all may have left before
    # it, but for the last one.
    delays = [*(TTL / 3 + number / 1000 for number in range(-50, 50)), 30]
    await tasks.gather(*map(leaves_after, delays))
    causes = set(outcomes) - {type(None)}
    assert len(causes) == 1
    assert causes <= set(tasks.CANCELLED)
    assert len(outcomes) == len(delays)


async def test_leaving_a_lost_session_says_so(communicator: Communicator) -> None:
    session = await communicator.session(TTL).__aenter__()
    await lose(session, communicator)
    assert session.remaining == 0
    assert "lost" in repr(session)
    with pytest.raises(SessionLostError):
        await session.__aexit__(None, None, None)


async def test_the_error_of_the_body_wins(communicator: Communicator) -> None:
    async def body() -> None:
        async with communicator.session(TTL) as session:
            await lose(session, communicator)
            raise KeyError

    with pytest.raises(KeyError):
        await body()


async def test_who_is_told_by_a_function_is_not_told_again(communicator: Communicator) -> None:
    told: list[SessionLostError] = []
    async with communicator.session(TTL, on_loss=told.append) as session:
        await lose(session, communicator)
        await eventually_async(lambda: told)
    assert len(told) == 1
    assert f"{session.id:x}" in str(told[0])


async def test_what_the_function_raises_cancels_the_body(communicator: Communicator) -> None:
    def fail(_error: SessionLostError) -> None:
        raise KeyError

    async def body() -> None:
        async with communicator.session(TTL, on_loss=fail) as session:
            await communicator.lease_revoke(session.id)
            await tasks.sleep(30)

    with pytest.raises(KeyError):
        await body()


async def test_the_engine_renews_while_the_loop_is_blocked(communicator: Communicator) -> None:
    async with communicator.session(TTL, cancel_on_loss=True) as session:
        lock = session.lock("lock")
        await lock.acquire()
        time.sleep(2 * TTL)  # noqa: ASYNC251 - that is the fault
        assert not session.lost.is_set()
        assert await lock.is_owner()


async def test_a_waiting_lock_ends_with_its_session(communicator: Communicator) -> None:
    """Where etcd's Go client waits on (etcd #19597)."""

    async def all_in_line() -> bool:
        return await communicator.count_prefix("lock/") == 3

    async with (
        communicator.session(ttl=30) as other,
        other.lock("lock"),
        communicator.session(TTL, on_loss=lambda _: None) as session,
    ):
        waiting = tasks.create_task(session.lock("lock").acquire())
        campaigning = tasks.create_task(session.election("lock").campaign())
        await eventually_async(all_in_line)
        await lose(session, communicator)
        outcomes = await tasks.wait_for(
            tasks.gather(waiting, campaigning, return_exceptions=True), 5
        )
        assert [type(outcome) for outcome in outcomes] == [LockLostError, ElectError]


async def test_a_session_is_entered_once(communicator: Communicator) -> None:
    session = communicator.session()
    assert repr(session) == "<Session not open>"
    for use in (
        lambda: session.id,
        lambda: session.ttl,
        lambda: session.remaining,
        lambda: session.lock("lock").acquire(),
    ):
        with pytest.raises(ClosedError, match="async with"):
            await tasks.begun(use())
    with pytest.raises(ClosedError, match="async with"):
        await session.register("key", "value")
    async with session:
        with pytest.raises(ClosedError, match="once"):
            await session.__aenter__()


async def test_a_session_that_was_left_says_so(communicator: Communicator) -> None:
    async with communicator.session(TTL) as session:
        lock = session.lock("lock")
    assert repr(session) == f"<Session id={session.id:x} ttl={session.ttl} left>"
    for use in (
        lock.acquire,
        session.election("lead").campaign,
        session.semaphore("semaphore", 1).acquire,
        session.double_barrier("double", 1).enter,
        session.barrier("barrier").create,
        session.party("party").join,
        session.partitioner("partitioner", 1).__aenter__,
        session.queue("queue").get().__aenter__,
        lambda: session.register("key", "value"),
    ):
        with pytest.raises(ClosedError, match=f"^the session {session.id:x} was left, which has"):
            await use()


def test_arguments_are_checked_when_it_is_made() -> None:
    not_connected: Any = Client("127.0.0.1:2379")
    with pytest.raises(
        TypeError, match=r"communicator: expected Communicator.*client\.connect\(\)"
    ):
        Session(not_connected)


@pytest.mark.parametrize(
    ("ttl", "error"), [("a", TypeError), (2.5, TypeError), (True, TypeError), (0, InvalidArgsError)]
)
async def test_a_ttl_is_whole_seconds(
    communicator: Communicator, ttl: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match="ttl: expected"):
        communicator.session(ttl)


async def test_a_session_ends_with_its_communicator(client: Client, endpoint: str) -> None:
    async def body() -> None:
        async with client.connect() as communicator, communicator.session() as session:
            await session.register("key", "value")
            communicator.close()
            assert await tasks.wait_for(session.lost.wait(), 5)

    with pytest.raises(SessionLostError, match="closed"):
        await body()
    await nothing_left(endpoint)


async def test_sessions_work_in_namespaces(communicator: Communicator) -> None:
    space = communicator.namespace("space/")
    async with space.session() as session, session.lock("lock") as lock:
        assert lock.key is not None
        assert lock.key.startswith(b"lock/")
        assert await lock.is_owner()
        await session.register("service", "here")
        assert await communicator.get("space/service") == b"here"


# Registrations


async def test_a_registration_comes_back(communicator: Communicator, endpoint: str) -> None:
    told: list[SessionLostError] = []
    async with communicator.session(TTL, on_loss=told.append) as session:
        registration = await session.register("service", "here")
        await lose(session, communicator)
        await eventually_async(lambda: registration.is_registered)
        kv = await communicator.get_kv("service")
        assert kv is not None
        assert kv.value == b"here"
        assert kv.lease not in {0, session.id}
        # And again after the loss of the lease that replaces the session's.
        await communicator.lease_revoke(kv.lease)

        async def is_back() -> bool:
            return await communicator.get("service") == b"here"

        await eventually_async(is_back)
        await eventually_async(lambda: registration.is_registered)
    assert len(told) == 1
    await nothing_left(endpoint)


async def test_a_registration_leaves_no_key_if_it_is_cancelled_before_the_answer(
    communicator: Communicator, proxy: Proxy
) -> None:
    async def is_there() -> bool:
        return await communicator.get("service") is not None

    async def is_gone() -> bool:
        return not await is_there()

    async with Client(proxy.endpoint).connect() as slow, slow.session(ttl=30) as session:
        proxy.delay(2)
        registering = tasks.create_task(session.register("service", "here"))
        await eventually_async(is_there, within=10)
        registering.cancel()
        proxy.heal()
        await tasks.wait({registering})
        assert registering.cancelled()
        await eventually_async(is_gone)
        assert (await session.register("service", "here")).is_registered


async def test_a_new_key_is_registered_after_a_loss(
    communicator: Communicator, endpoint: str
) -> None:
    async with communicator.session(TTL, on_loss=lambda _: None) as session:
        await lose(session, communicator)
        registration = await session.register("service", "here", timeout=5)
        assert registration.is_registered
        assert await communicator.get("service") == b"here"
    await nothing_left(endpoint)


async def test_a_key_that_is_anothers_is_not_touched(communicator: Communicator) -> None:
    await communicator.put("service", "another's")
    async with communicator.session() as session:
        with pytest.raises(KeyExistsError) as raised:
            await session.register("service", "mine")
        assert raised.value.kv is not None
        assert raised.value.kv.value == b"another's"
        assert await communicator.get("service") == b"another's"
        registration = await session.register("service", "mine", replace=True)
        assert await communicator.get("service") == b"mine"
        assert registration.is_registered
    assert await communicator.get("service") is None


async def test_a_key_that_was_taken_meanwhile_is_not_touched(communicator: Communicator) -> None:
    told: list[KeyExistsError] = []
    async with communicator.session(TTL, on_loss=lambda _: None) as session:
        registration = await session.register("service", "mine", on_conflict=told.append)
        other = await session.register("other", "mine")
        # Which takes it off the lease. After the revocation, it might be restored by then.
        await communicator.put("service", "another's")
        await communicator.lease_revoke(session.id)
        await eventually_async(lambda: told)
        await eventually_async(lambda: other.is_registered)
        assert not registration.is_registered
        assert registration.conflict is told[0]
        assert await communicator.get("service") == b"another's"
        with pytest.raises(KeyExistsError):
            await registration.update("new")
        await registration.withdraw()
    assert await communicator.get("service") == b"another's"


async def test_a_conflict_that_nobody_was_told_of_is_raised(communicator: Communicator) -> None:
    session = await communicator.session(TTL, on_loss=lambda _: None).__aenter__()
    registration = await session.register("service", "mine")
    await communicator.put("service", "another's")
    await communicator.lease_revoke(session.id)
    await eventually_async(lambda: registration.conflict)
    with pytest.raises(KeyExistsError):
        await session.__aexit__(None, None, None)


async def test_values_are_updated(communicator: Communicator) -> None:
    async with communicator.session(TTL, on_loss=lambda _: None) as session:
        registration = await session.register("service", "first")
        await registration.update("second")
        assert (registration.key, registration.value) == (b"service", b"second")
        kv = await communicator.get_kv("service")
        assert kv is not None
        assert (kv.value, kv.lease) == (b"second", session.id)
        await communicator.lease_revoke(session.id)
        await session.lost.wait()
        await registration.update("third", timeout=5)
        assert await communicator.get("service") == b"third"
        await tasks.gather(*(registration.update(str(number)) for number in range(20)))
        assert await communicator.get("service") == registration.value


async def test_an_update_of_a_key_that_was_deleted_is_refused(communicator: Communicator) -> None:
    async with communicator.session() as session:
        registration = await session.register("service", "mine")
        await communicator.delete("service")
        with pytest.raises(ConflictError) as raised:
            await registration.update("new")
        assert raised.value.kv is None
        await communicator.put("service", "another's")
        with pytest.raises(ConflictError):
            await registration.update("new")
        await registration.withdraw()
        assert await communicator.get("service") == b"another's"


async def test_a_key_is_withdrawn(communicator: Communicator) -> None:
    async with communicator.session(TTL, on_loss=lambda _: None) as session:
        registration = await session.register("service", "mine")
        with pytest.raises(InvalidArgsError, match="already"):
            await session.register("service", "mine")
        await registration.withdraw()
        await registration.withdraw()
        assert await communicator.get("service") is None
        with pytest.raises(ClosedError):
            await registration.update("new")
        again = await session.register("service", "again")
        await again.withdraw()
        await lose(session, communicator)
        other = await session.register("other", "mine")
        assert await communicator.get("service") is None
    with pytest.raises(ClosedError):
        await other.update("new")
