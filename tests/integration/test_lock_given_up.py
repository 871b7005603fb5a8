"""Attempts to acquire a lock that are given up before they have begun."""

import asyncio

from etcd_client import Communicator, Lock
from tests.support.leftovers import leases
from tests.support.metrics import eventually_async


async def test_an_attempt_that_is_cancelled_before_its_first_step_ends(
    communicator: Communicator, endpoint: str
) -> None:
    async with Lock(communicator, b"lock"):
        attempt = asyncio.create_task(Lock(communicator, b"lock").acquire())
        attempt.cancel()
        await asyncio.gather(attempt, return_exceptions=True)
        # It ends once nobody can ask for its result any more.
        del attempt
        await eventually_async(lambda: len(leases(endpoint)) == 1)
    assert leases(endpoint) == []


async def test_an_attempt_that_nobody_waits_for_ends(
    communicator: Communicator, endpoint: str
) -> None:
    async with Lock(communicator, b"lock"):
        Lock(communicator, b"lock").acquire().close()
        await eventually_async(lambda: len(leases(endpoint)) == 1)
    assert leases(endpoint) == []
