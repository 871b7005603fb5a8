"""Attempts to acquire a lock that are given up before they have begun."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from etcd_client import Communicator, Election, Lock
from tests.support import tasks
from tests.support.leftovers import leases, nothing_left
from tests.support.waiting import eventually_async

ATTEMPTS: dict[str, Callable[[Communicator], Coroutine[Any, Any, Any]]] = {
    "Lock.acquire": lambda communicator: Lock(communicator, b"lock").acquire(),
    "Communicator.lock": lambda communicator: communicator.lock(b"lock"),
    "Communicator.lease": lambda communicator: communicator.lease(60),
    "Election.campaign": lambda communicator: Election(communicator, b"lock").campaign(),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_an_attempt_that_is_cancelled_before_its_first_step_ends(
    communicator: Communicator, endpoint: str, attempt: str
) -> None:
    async with Lock(communicator, b"lock"):
        task = tasks.create_task(ATTEMPTS[attempt](communicator))
        task.cancel()
        with pytest.raises(tasks.CancelledError) as cancelled:
            await task
        # Its task and its exception are still there: it doesn't end with them.
        await eventually_async(lambda: len(leases(endpoint)) == 1)
        assert task.cancelled()
        assert cancelled.value.__traceback__ is not None
    # Its grant may have been under way all the time.
    await nothing_left(endpoint)


async def test_a_grant_that_is_closed_after_its_end_leaves_the_lease(
    communicator: Communicator, endpoint: str
) -> None:
    grant = communicator.lease(60)
    lease = await grant
    grant.close()
    assert (await communicator.lease_keep_alive(lease.id)).ttl == 60
    assert leases(endpoint) == [lease.id]
    await lease.revoke()


async def test_an_attempt_that_nobody_waits_for_ends(
    communicator: Communicator, endpoint: str
) -> None:
    async with Lock(communicator, b"lock"):
        Lock(communicator, b"lock").acquire().close()
        await eventually_async(lambda: len(leases(endpoint)) == 1)
    await nothing_left(endpoint)


@pytest.mark.asyncio_only
async def test_a_task_tells_where_it_waits(communicator: Communicator) -> None:
    async with Lock(communicator, b"lock"):
        attempt = tasks.create_task(Lock(communicator, b"lock").acquire())
        await tasks.sleep(0)
        assert "Contender._entered() running at" in repr(attempt)
        (frame,) = attempt.get_stack()
        assert frame.f_code.co_filename.endswith("contender.py")
        attempt.cancel()
    assert not hasattr(attempt.get_coro(), "unknown")


@pytest.mark.asyncio_only
async def test_a_grant_is_a_coroutine(communicator: Communicator, endpoint: str) -> None:
    given_up, thrown = communicator.lease(60), communicator.lease(60)
    assert isinstance(given_up, Coroutine)
    assert isinstance(given_up.send(None), asyncio.Future)
    given_up.close()
    with pytest.raises(LookupError):
        thrown.throw(LookupError())
    await eventually_async(lambda: leases(endpoint) == [])
