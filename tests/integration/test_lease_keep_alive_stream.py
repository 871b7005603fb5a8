"""`lease_keep_alive_stream`: leases that were granted elsewhere, renewed in the background."""

import contextlib
import gc
import time

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    EtcdConnectionError,
    EtcdTimeoutError,
    InvalidArgsError,
    LeaseKeepAliveResponse,
    LeaseKeepAlives,
    LeaseLostError,
    LeaseNotFoundError,
    cleanup_runtime,
)
from etcd_client.testing import EtcdServer, Proxy
from tests.support import tasks
from tests.support.leftovers import leases, nothing_left
from tests.support.stalls import stalls
from tests.support.waiting import eventually_async

# A machine that is held up for a second or two must not let it expire.
TTL = 4
# What a lease takes to end beyond its TTL, on such a machine.
LATE = 6


async def at_once(renewals: LeaseKeepAlives) -> list[LeaseKeepAliveResponse]:
    """Read what is there already."""
    read = []
    with contextlib.suppress(tasks.TimeoutError):
        while True:
            read.append(await tasks.wait_for(anext(renewals), 0.02))
    return read


async def read_to_the_end(renewals: LeaseKeepAlives) -> None:
    """Read until there are no more."""
    async for _ in renewals:
        pass


@pytest.mark.both_loops
async def test_tells_of_each_renewal(communicator: Communicator) -> None:
    lease = await communicator.lease_grant(TTL)
    started = time.monotonic()
    async with communicator.lease_keep_alive_stream(lease.id) as renewals:
        assert isinstance(renewals, LeaseKeepAlives)
        assert aiter(renewals) is renewals
        for number in range(3):
            renewal = await tasks.wait_for(anext(renewals), TTL)
            assert isinstance(renewal, LeaseKeepAliveResponse)
            assert (renewal.id, renewal.ttl) == (lease.id, TTL)
            # The first one at once, the others when a third of the TTL has passed.
            assert number * TTL / 3 <= time.monotonic() - started < (number + 1) * TTL
    with pytest.raises(StopAsyncIteration):
        await anext(renewals)


async def test_renews_while_nobody_reads(communicator: Communicator, endpoint: str) -> None:
    lease = await communicator.lease_grant(TTL)
    started = time.monotonic()
    renewals = communicator.lease_keep_alive_stream(lease)
    await tasks.sleep(TTL + 1)
    assert leases(endpoint) == [lease.id]
    read = len(await at_once(renewals))
    # At once, and when a third of the TTL has passed since the last one.
    assert 1 < read <= 1 + (time.monotonic() - started) // (TTL / 3)


async def test_renews_while_the_event_loop_is_blocked(
    communicator: Communicator, endpoint: str
) -> None:
    lease = await communicator.lease_grant(TTL)
    async with communicator.lease_keep_alive_stream(lease):
        time.sleep(1.5 * TTL)  # noqa: ASYNC251 - the fault
        assert leases(endpoint) == [lease.id]


async def test_entering_waits_for_the_first_renewal(endpoint: str, proxy: Proxy) -> None:
    async with Client(proxy.endpoint).connect() as communicator:
        lease = await communicator.lease_grant(60)
        proxy.delay(0.3)
        async with communicator.lease_keep_alive_stream(lease) as renewals:
            assert len(await at_once(renewals)) == 1
    assert endpoint


async def test_a_slow_reader_gets_the_newest(communicator: Communicator) -> None:
    # Of which 16 renewals take a bit more than 16 seconds.
    lease = await communicator.lease_grant(3)
    async with communicator.lease_keep_alive_stream(lease) as renewals:
        await tasks.sleep(0.5)
        revision = (await communicator.put(b"key", b"value")).header.revision
        await tasks.sleep(20)
        read = await at_once(renewals)
        # One more may come while they are read; the first ones are dropped in any case.
        assert len(read) in (16, 17)
        assert read[0].header.revision == revision
        # It goes on from there.
        await tasks.wait_for(anext(renewals), 5)


async def test_a_revocation_by_another_ends_it(communicator: Communicator) -> None:
    lease = await communicator.lease_grant(TTL)
    renewals = communicator.lease_keep_alive_stream(lease)
    await anext(renewals)
    await communicator.lease_revoke(lease)
    with pytest.raises(LeaseLostError, match=f"lease {lease.id:x} was lost: .*revoked") as raised:
        await tasks.wait_for(read_to_the_end(renewals), TTL)
    assert isinstance(raised.value, LeaseNotFoundError)
    # However often it is read.
    with pytest.raises(LeaseLostError):
        await anext(renewals)


async def test_an_unknown_lease_is_not_found(communicator: Communicator) -> None:
    renewals = communicator.lease_keep_alive_stream(12345)
    for _ in range(2):
        with pytest.raises(LeaseNotFoundError) as raised:
            await anext(renewals)
        # It cannot have been lost, because it was never kept.
        assert not isinstance(raised.value, LeaseLostError)
    with pytest.raises(LeaseNotFoundError):
        async with communicator.lease_keep_alive_stream(12345):
            pytest.fail("there is nothing to enter")


async def test_cancel_lets_it_expire(communicator: Communicator, endpoint: str) -> None:
    lease = await communicator.lease_grant(TTL)
    renewals = communicator.lease_keep_alive_stream(lease)
    await anext(renewals)
    await tasks.sleep(TTL)
    renewals.cancel()
    # What was not read is dropped.
    with pytest.raises(StopAsyncIteration):
        await anext(renewals)
    assert leases(endpoint) == [lease.id]
    await nothing_left(endpoint, within=TTL + LATE)


async def test_cancel_wakes_who_waits(communicator: Communicator) -> None:
    renewals = communicator.lease_keep_alive_stream(await communicator.lease_grant(60))
    await anext(renewals)
    waiting = tasks.ensure_future(anext(renewals))
    await tasks.sleep(0.05)
    renewals.cancel()
    with pytest.raises(StopAsyncIteration):
        await tasks.wait_for(waiting, 5)


async def test_leaving_the_context_does_not_revoke(
    communicator: Communicator, endpoint: str
) -> None:
    lease = await communicator.lease_grant(60)
    with pytest.raises(ZeroDivisionError):
        async with communicator.lease_keep_alive_stream(lease):
            raise ZeroDivisionError
    await tasks.sleep(0.2)
    assert leases(endpoint) == [lease.id]


async def test_dropping_it_lets_it_expire(communicator: Communicator, endpoint: str) -> None:
    renewals = communicator.lease_keep_alive_stream(await communicator.lease_grant(TTL))
    await tasks.sleep(TTL + 1.5)
    assert len(leases(endpoint)) == 1
    del renewals
    gc.collect()
    await nothing_left(endpoint, within=TTL + LATE)


async def test_a_cancelled_step_loses_nothing(communicator: Communicator, etcd: EtcdServer) -> None:
    def sent() -> float:
        return etcd.metrics().total("grpc_server_msg_sent_total", grpc_method="LeaseKeepAlive")

    before = sent()
    renewals = communicator.lease_keep_alive_stream(await communicator.lease_grant(TTL))
    read = steps = 0
    until = time.monotonic() + TTL
    while time.monotonic() < until:
        steps += 1
        with contextlib.suppress(tasks.TimeoutError):
            await tasks.wait_for(anext(renewals), 0.0005)
            read += 1
    assert steps > 100
    assert read > 1

    async def all_are_read() -> bool:
        nonlocal read
        so_far = sent() - before
        read += len(await at_once(renewals))
        return read == so_far

    await eventually_async(all_are_read, within=10)


async def test_ends_with_its_communicator(client: Client, endpoint: str) -> None:
    async with client.connect() as communicator:
        renewals = communicator.lease_keep_alive_stream(await communicator.lease_grant(TTL))
        await anext(renewals)
        waiting = tasks.ensure_future(anext(renewals))
        await tasks.sleep(0.1)
    with pytest.raises(ClosedError):
        await waiting
    with pytest.raises(ClosedError):
        communicator.lease_keep_alive_stream(1)
    assert len(leases(endpoint)) == 1
    await nothing_left(endpoint, within=TTL + LATE)


async def test_ends_with_the_runtime(communicator: Communicator) -> None:
    renewals = communicator.lease_keep_alive_stream(await communicator.lease_grant(60))
    await anext(renewals)
    waiting = tasks.ensure_future(anext(renewals))
    await tasks.sleep(0.1)
    await tasks.to_thread(cleanup_runtime)
    with pytest.raises(EtcdConnectionError):
        await waiting


async def test_is_lost_with_its_server(endpoint: str, proxy: Proxy) -> None:
    async with Client(proxy.endpoint).connect() as communicator:
        lease = await communicator.lease_grant(TTL)
        async with communicator.lease_keep_alive_stream(lease) as renewals:
            await anext(renewals)
            with stalls() as stalled:
                started = time.monotonic()
                proxy.refuse()
                proxy.drop()
                with pytest.raises(LeaseLostError, match="could not be renewed"):
                    await tasks.wait_for(anext(renewals), 2 * TTL)
                passed = time.monotonic() - started
            assert TTL / 2 <= passed <= TTL + 0.2 + stalled.seconds
    await nothing_left(endpoint, within=TTL + LATE)


async def test_the_first_renewal_has_a_deadline(endpoint: str, proxy: Proxy) -> None:
    async with Client(proxy.endpoint).connect() as communicator:
        lease = await communicator.lease_grant(60)
        proxy.blackhole()
        started = time.monotonic()
        with pytest.raises(EtcdTimeoutError):
            async with communicator.lease_keep_alive_stream(lease, timeout=0.5):
                pytest.fail("nobody has answered")
        assert 0.5 <= time.monotonic() - started < 4
    assert endpoint


async def test_a_first_renewal_that_takes_longer_than_the_ttl(
    communicator: Communicator, proxy: Proxy
) -> None:
    # Another keeps it alive while the first renewal tries to get through.
    async with Client(proxy.endpoint).connect() as disturbed, communicator.lease(TTL) as lease:
        proxy.refuse()
        proxy.drop()
        renewals = disturbed.lease_keep_alive_stream(lease, timeout=40)
        await tasks.sleep(2 * TTL)
        proxy.heal()
        for _ in range(3):
            assert (await tasks.wait_for(anext(renewals), 10)).ttl == TTL
        renewals.cancel()


async def test_many_are_kept_at_once(communicator: Communicator, endpoint: str) -> None:
    granted = await tasks.gather(*(communicator.lease_grant(TTL) for _ in range(200)))
    kept = [communicator.lease_keep_alive_stream(lease) for lease in granted]
    await tasks.sleep(TTL + 2.5)
    assert sorted(leases(endpoint)) == sorted(lease.id for lease in granted)
    assert all([(await anext(renewals)).ttl == TTL for renewals in kept])


async def test_refuses_wrong_arguments(communicator: Communicator) -> None:
    with pytest.raises(TypeError, match="id: expected"):
        communicator.lease_keep_alive_stream("lease")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgsError, match="timeout: expected"):
        communicator.lease_keep_alive_stream(1, timeout=0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'ttl'"):
        communicator.lease_keep_alive_stream(1, ttl=5)  # type: ignore[call-arg]
