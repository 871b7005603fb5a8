"""Campaigns with a lease of the caller's: what one that is given up leaves on the server."""

import contextlib
import random
import time
from collections.abc import Coroutine
from typing import Any

import pytest

from etcd_client import (
    CampaignResponse,
    Client,
    Communicator,
    ElectError,
    EtcdTimeoutError,
)
from etcd_client.testing import Proxy
from tests.support import tasks
from tests.support.late_answers import cancel_before_the_answer
from tests.support.leftovers import leases
from tests.support.waiting import eventually_async

NAME = b"election"


async def candidates(communicator: Communicator, wanted: int) -> None:
    """Wait until so many keys are in the line."""

    async def reached() -> bool:
        return await communicator.count_prefix(NAME + b"/") == wanted

    await eventually_async(reached)


async def given_up(attempt: Coroutine[Any, Any, CampaignResponse], delay: float | None) -> bool:
    """Begin a campaign and cancel it after a while, or before its first step.

    Returns:
        Whether it was elected before.
    """
    task = tasks.create_task(attempt)
    # A timer may take a millisecond longer, by when it is elected.
    until = time.perf_counter() + (delay or 0)
    while delay is not None and time.perf_counter() < until:
        await tasks.sleep(0)
    task.cancel()
    with contextlib.suppress(tasks.CancelledError):
        await task
        return True
    return False


@pytest.mark.both_loops
async def test_a_cancellation_that_crosses_the_election_leaves_nothing(
    communicator: Communicator, endpoint: str
) -> None:
    """The election service of the server left the key there for as long as the lease lived."""
    chance = random.Random(7)
    async with communicator.lease(60) as lease:
        cancelled = 0
        # About twice what a campaign takes, however busy the machine is.
        longest = 0.004
        for number in range(100):
            # Each in an election of its own, where no later candidate takes its key.
            name = NAME + b"/%d" % number
            if await given_up(communicator.campaign(name, b"", lease), chance.uniform(0, longest)):
                await communicator.delete(name + b"/%x" % lease.id)
                longest /= 1.2
            else:
                cancelled += 1
                longest *= 1.2
        # Threads may all be cancelled too late.
        assert 0 < cancelled < 100 or tasks.is_on_threads()
        await candidates(communicator, 0)
        assert leases(endpoint) == [lease.id]


async def test_a_cancellation_after_the_election_leaves_nothing(
    communicator: Communicator, proxy: Proxy
) -> None:
    """The server has it, and the answer is on its way."""
    async with Client(proxy.endpoint).connect() as far, communicator.lease(60) as lease:
        await tasks.to_thread(proxy.delay, 0.5)
        await cancel_before_the_answer(
            lambda: far.campaign(NAME, b"far", lease),
            lambda: candidates(communicator, 1),
            lambda elected: far.resign(elected.leader),
        )
        await candidates(communicator, 0)
        assert await communicator.lease_keep_alive(lease.id)


async def test_a_timeout_that_crosses_the_election_leaves_nothing(
    communicator: Communicator, proxy: Proxy
) -> None:
    async with Client(proxy.endpoint).connect() as far, communicator.lease(60) as lease:
        await tasks.to_thread(proxy.delay, 0.1)
        for number in range(6):
            # The answer takes 0.2 s.
            with contextlib.suppress(EtcdTimeoutError):
                timeout = 0.17 + number * 0.01
                await far.resign((await far.campaign(NAME, b"", lease, timeout=timeout)).leader)
        await candidates(communicator, 0)


@pytest.mark.parametrize("delay", [None, 0, 0.001, 0.1])
async def test_a_candidate_that_is_cancelled_leaves_the_line(
    communicator: Communicator, delay: float | None
) -> None:
    async with communicator.lease(60) as first, communicator.lease(60) as second:
        won = await communicator.campaign(NAME, b"first", first)
        assert not await given_up(communicator.campaign(NAME, b"second", second), delay)
        # Its entry may have been under way until now.
        await communicator.put(b"key", b"value")
        await candidates(communicator, 1)
        assert (await communicator.leader(NAME)).kv.key == won.leader.key


async def test_a_campaign_is_not_removed_with_an_earlier_attempt_of_its_lease(
    communicator: Communicator, proxy: Proxy
) -> None:
    """Both have the same key."""
    async with Client(proxy.endpoint).connect() as far, communicator.lease(60) as lease:
        await tasks.to_thread(proxy.delay, 0.1)
        for _ in range(3):
            # The server has the request; the answer is on its way.
            while await given_up(far.campaign(NAME, b"given up", lease), 0.15):
                # The machine was held up until it came.
                await communicator.delete(NAME + b"/%x" % lease.id)
            won = await far.campaign(NAME, b"won", lease)
            await tasks.sleep(0.5)
            assert await communicator.get(won.leader.key) == b"won"
            await far.resign(won.leader)
        await candidates(communicator, 0)


async def test_a_leadership_is_not_removed_with_a_later_attempt_of_its_lease(
    communicator: Communicator,
) -> None:
    chance = random.Random(7)
    async with communicator.lease(60) as lease:
        leader = (await communicator.campaign(NAME, b"won", lease)).leader
        for _ in range(100):
            await given_up(communicator.campaign(NAME, b"again", lease), chance.uniform(0, 0.004))
        # What is left of the last attempt takes less.
        await tasks.sleep(0.2)
        kv = await communicator.get_kv(leader.key)
        assert kv is not None
        assert kv.create_revision == leader.rev


async def test_a_leadership_is_not_removed_with_a_later_attempt_whose_answer_is_lost(
    communicator: Communicator, proxy: Proxy
) -> None:
    """Which finds a key when it asks again: not its own."""
    async with Client(proxy.endpoint).connect() as far, communicator.lease(60) as lease:
        leader = (await far.campaign(NAME, b"won", lease)).leader
        await tasks.to_thread(proxy.delay, 0.2)
        attempt = tasks.create_task(far.campaign(NAME, b"again", lease))
        # The server has the request; the answer is on its way.
        await tasks.sleep(0.3)
        await tasks.to_thread(proxy.drop)
        await tasks.sleep(0.05)
        attempt.cancel()
        await tasks.gather(attempt, return_exceptions=True)
        await tasks.to_thread(proxy.heal)
        # Once it has connected, asked, and perhaps deleted the key.
        await far.get(b"key")
        await tasks.sleep(1)
        kv = await communicator.get_kv(leader.key)
        assert kv is not None
        assert kv.create_revision == leader.rev


async def test_a_campaign_goes_on_if_its_answer_is_lost(
    communicator: Communicator, proxy: Proxy
) -> None:
    async with Client(proxy.endpoint).connect() as far, communicator.lease(60) as lease:
        await tasks.to_thread(proxy.delay, 0.2)
        attempt = tasks.create_task(far.campaign(NAME, b"won", lease))
        await candidates(communicator, 1)
        await tasks.to_thread(proxy.drop)
        leader = (await tasks.wait_for(attempt, 10)).leader
        kv = await communicator.get_kv(leader.key)
        assert kv is not None
        assert kv.create_revision == leader.rev


async def test_campaigning_again_proclaims_the_new_value(communicator: Communicator) -> None:
    async with communicator.lease(60) as lease:
        first = (await communicator.campaign(NAME, b"one", lease)).leader
        revision = (await communicator.campaign(NAME, b"one", lease)).header.revision
        assert revision == first.rev
        second = (await communicator.campaign(NAME, b"two", lease)).leader
        assert second == first
        assert (await communicator.leader(NAME)).kv.value == b"two"


async def test_two_candidates_with_one_lease_are_elected_together(
    communicator: Communicator,
) -> None:
    async with communicator.lease(60) as first, communicator.lease(60) as second:
        won = await communicator.campaign(NAME, b"first", first)
        waiting = [
            tasks.create_task(communicator.campaign(NAME, b"second", second)) for _ in range(2)
        ]
        await candidates(communicator, 2)
        await communicator.resign(won.leader)
        one, other = await tasks.wait_for(tasks.gather(*waiting), 5)
        assert one.leader == other.leader


@pytest.mark.parametrize("ends", ["its lease", "its key"])
async def test_a_candidate_that_has_lost_its_place_is_told_at_once(
    communicator: Communicator, ends: str
) -> None:
    async with communicator.lease(60) as first:
        await communicator.campaign(NAME, b"first", first)
        second = await communicator.lease_grant(60)
        waiting = tasks.create_task(communicator.campaign(NAME, b"second", second))
        await candidates(communicator, 2)
        if ends == "its lease":
            await communicator.lease_revoke(second)
        else:
            await communicator.delete(NAME + b"/%x" % second.id)
        with pytest.raises(ElectError, match="deleted while it waited"):
            await tasks.wait_for(waiting, 5)
