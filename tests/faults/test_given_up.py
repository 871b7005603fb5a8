"""Calls that nobody waits for any more: not many are cancelled on the server in a short time."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from etcd_client import Client, Communicator
from etcd_client.testing import EtcdServer
from tests.support.front import Http2Front
from tests.support.waiting import eventually_async

AT_ONCE = 200
A_SECOND = 20


@pytest.fixture
def counting(etcd: EtcdServer, endpoint: str) -> Iterator[Http2Front]:
    """Yield a front that counts the resets, of a server without keys."""
    assert endpoint == etcd.endpoint
    with Http2Front(etcd.address) as front:
        yield front


async def give_up(communicator: Communicator, front: Http2Front, count: int) -> None:
    """Cancel that many reads whose answers the front holds back."""
    reads = [asyncio.ensure_future(communicator.get("key")) for _ in range(count)]
    await eventually_async(lambda: front.answers_held("/Range") == count)
    for read in reads:
        read.cancel()
    await asyncio.gather(*reads, return_exceptions=True)


async def test_some_are_cancelled_and_the_others_end_by_themselves(counting: Http2Front) -> None:
    async with Client(counting.endpoint).connect() as communicator:
        await communicator.put("key", bytes(10_000))
        counting.hold_answers("/Range")
        started = time.monotonic()
        await give_up(communicator, counting, 50)
        await eventually_async(lambda: counting.resets_seen == 50)
        await give_up(communicator, counting, 500)
        await eventually_async(lambda: counting.resets_seen >= AT_ONCE)
        # The others are answered before they have gone on for two seconds.
        counting.let_go()
        await eventually_async(lambda: counting.streams_open("/Range") == 0, within=20)
        took = time.monotonic() - started
        assert counting.resets_seen <= AT_ONCE + A_SECOND * took
        await eventually_async(lambda: communicator.stats().streams == 0)
        assert await communicator.get("key") == bytes(10_000)


async def test_none_is_kept_for_long(counting: Http2Front) -> None:
    async with Client(counting.endpoint).connect() as communicator:
        counting.hold_answers("/Range")
        await give_up(communicator, counting, 500)
        assert communicator.stats().streams > 200
        await eventually_async(lambda: counting.resets_seen == 500, within=10)
        await eventually_async(lambda: communicator.stats().streams == 0)


async def test_closing_does_not_wait_for_them(counting: Http2Front) -> None:
    async with Client(counting.endpoint).connect() as communicator:
        counting.hold_answers("/Range")
        await give_up(communicator, counting, 500)
        started = time.monotonic()
    assert time.monotonic() - started < 4
    await eventually_async(lambda: counting.connections_open == 0)
