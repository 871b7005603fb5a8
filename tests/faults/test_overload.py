"""A server that is overloaded refuses requests before it does anything: they are tried again."""

import asyncio
import time
from functools import partial

import pytest

from etcd_client import (
    Client,
    Communicator,
    EtcdTimeoutError,
    ServerTimeoutError,
    TooManyRequestsError,
    Txn,
    TxnOp,
    TxnResponse,
)
from etcd_client.testing import EtcdServer
from tests.faults.tools import fails_at_its_deadline
from tests.support.front.http2_front import Http2Front
from tests.support.hostile.steps import Player, refusal

# How far etcd lets the log be ahead of what is applied (maxGapBetweenApplyAndCommitIndex).
GAP = 5_000
KEYS = 20_000
OPS = 100


def counting(times: int) -> Txn:
    """Return a transaction that keeps the server from applying others, `times` a while."""
    count = TxnOp.get("many/", prefix=True, count_only=True)
    counts = TxnOp.txn(Txn().and_then([count] * OPS))
    return Txn().and_then([TxnOp.put("blocker", ""), *[counts] * times])


async def applying_stops(
    communicator: Communicator, seconds: float
) -> "asyncio.Future[TxnResponse]":
    """Have the server apply nothing for about so long."""
    for first in range(0, KEYS, OPS):
        puts = [TxnOp.put(f"many/{number:06}", "") for number in range(first, first + OPS)]
        await communicator.txn(Txn().and_then(puts))
    started = time.monotonic()
    await communicator.txn(counting(3))
    # etcd allows 128 operations along a path of nested transactions.
    most = 128 - OPS - 1
    times = max(1, min(most, round(seconds * 3 / (time.monotonic() - started))))
    blocked = asyncio.ensure_future(communicator.txn(counting(times), timeout=60))
    await asyncio.sleep(0.1)
    return blocked


@pytest.mark.timeout(200)
async def test_more_puts_than_the_server_can_apply_all_succeed(etcd: EtcdServer) -> None:
    async with Client(etcd.endpoint).connect() as communicator:
        seconds = 2.0
        for _ in range(8):
            etcd.wipe()
            before = communicator.stats().retries
            blocked = await applying_stops(communicator, seconds)
            puts = [communicator.put(f"key/{n}", str(n), timeout=60) for n in range(GAP + 500)]
            outcomes = await asyncio.gather(*puts, blocked, return_exceptions=True)
            errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
            # How long the server takes for all of them depends on the machine: it must refuse some,
            # and let none that it has accepted wait for longer than its own limit.
            assert all(isinstance(error, ServerTimeoutError) for error in errors), errors
            if errors:
                seconds /= 2
            elif communicator.stats().retries == before:
                seconds *= 1.5
            else:
                break
        assert errors == []
        assert communicator.stats().retries > before
        kvs = (await communicator.range("key/", prefix=True)).kvs
        assert {kv.key: (kv.value, kv.version) for kv in kvs} == {
            b"key/%d" % n: (b"%d" % n, 1) for n in range(GAP + 500)
        }


@pytest.mark.parametrize("code", [8, 2])
async def test_a_write_is_tried_until_it_is_accepted(etcd: EtcdServer, code: int) -> None:
    etcd.wipe()
    with Http2Front(etcd.address) as front:
        overloaded = Player(refusal(code, "etcdserver: too many requests"), {}, {})
        front.answer("/Put", overloaded, times=4)
        async with Client(front.endpoint).connect() as communicator:
            await communicator.put("key", "value")
            assert overloaded.played == 4
            kv = await communicator.get_kv("key")
    assert kv is not None
    assert kv.version == 1


async def test_the_deadline_ends_the_attempts(etcd: EtcdServer) -> None:
    etcd.wipe()
    with Http2Front(etcd.address) as front:
        overloaded = Player(refusal(8, "etcdserver: too many requests"), {}, {})
        for path in ("/Put", "/Range"):
            front.answer(path, overloaded)
        async with Client(front.endpoint).connect() as communicator:
            for call in (communicator.put, communicator.get):
                arguments = ("key", "value")[: 1 + (call == communicator.put)]
                refused = await fails_at_its_deadline(
                    TooManyRequestsError, partial(call, *arguments, timeout=2)
                )
                assert "too many requests" in str(refused)
                assert isinstance(refused, EtcdTimeoutError)
            # With pauses that grow to half a second.
            assert 4 < overloaded.played < 20 * communicator.stats().requests
    async with Client(etcd.endpoint).connect() as direct:
        assert await direct.get("key") is None
