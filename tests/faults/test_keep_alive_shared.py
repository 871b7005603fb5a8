"""Renewals share a stream: how many leases live on it, and on what lines."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator

import pytest

from etcd_client import Client, Communicator, ConnectOptions, Lease, Lock
from etcd_client.telemetry import LeaseRenewed
from etcd_client.testing import EtcdCluster, EtcdServer, Proxy, ServerTls
from tests.faults.tools import in_use
from tests.support.front import Front, Http2Front
from tests.support.grpc_proxy import GrpcProxy
from tests.support.leftovers import leases
from tests.support.recorder import Recorder
from tests.support.tls import Certificates
from tests.support.waiting import eventually_async

MakeServer = Callable[..., EtcdServer]

# A machine that is held up for a second or two must not let it expire.
TTL = 5


@pytest.fixture
def http2_front(etcd: EtcdServer, endpoint: str) -> Iterator[Http2Front]:
    """Yield a front that counts and limits streams, before a server with nothing on it."""
    assert endpoint
    with Http2Front(etcd.address) as front:
        yield front


async def stays(lease: Lease, seconds: float) -> None:
    """Wait, and make sure that the lease is not lost in the meantime."""
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(lease.lost.wait(), seconds)
    assert not lease.lost.is_set(), lease.lost.reason


async def test_answers_that_take_long_count(endpoint: str, proxy: Proxy) -> None:
    """Two seconds of a TTL of six: each attempt used to be given up after one."""
    # Pings take as long.
    options = ConnectOptions(keep_alive_timeout=20)
    async with Client(proxy.endpoint, options).connect() as far, far.lease(6) as lease:
        await asyncio.to_thread(proxy.delay, 1)
        await stays(lease, 14)
        assert leases(endpoint) == [lease.id]


@pytest.mark.full_faults
@pytest.mark.timeout(90)
async def test_answers_that_take_most_of_the_ttl_count(endpoint: str, proxy: Proxy) -> None:
    # Pings take as long.
    options = ConnectOptions(connect_timeout=60, timeout=60, keep_alive_timeout=20)
    async with Client(proxy.endpoint, options).connect() as far:
        await asyncio.to_thread(proxy.delay, 4)
        # The grant comes so late that a renewal has to confirm it first.
        async with far.lease(10) as lease:
            await stays(lease, 25)
            assert leases(endpoint) == [lease.id]
            assert lease.lost.reason is None


async def test_a_slow_member_is_not_given_up_while_another_is_asked(
    cluster: EtcdCluster, front: Front, through_front: Communicator, direct: Communicator
) -> None:
    async with through_front.lease(8) as lease:
        used = await in_use(through_front, front)
        for proxy in front.proxies:
            await asyncio.to_thread(proxy.delay, 0.75)
        for _ in range(80):
            await asyncio.sleep(0.1)
            if through_front.stats().keep_alive_streams > 1:
                break
        else:
            pytest.fail("no second member was asked")
        await stays(lease, 9)
        assert (await direct.lease_time_to_live(lease)).ttl > 0
        await asyncio.to_thread(front.heal)
    assert (cluster, used) is not None


async def test_through_a_proxy_that_ends_with_the_client(make_server: MakeServer) -> None:
    """The proxy of etcd ends the renewal where the client says that it sends no more."""
    with GrpcProxy(make_server()) as proxy:
        async with Client(proxy.endpoint).connect() as communicator:
            async with communicator.lease(TTL) as lease:
                await stays(lease, TTL + 2)
                assert (await communicator.lease_keep_alive(lease)).ttl == TTL
            granted = await communicator.lease_grant(TTL)
            async with communicator.lease_keep_alive_stream(granted) as renewals:
                for _ in range(5):
                    assert (await asyncio.wait_for(anext(renewals), TTL)).ttl == TTL


async def test_lives_through_the_restart_of_a_proxy(make_server: MakeServer) -> None:
    hooks = Recorder()
    options = ConnectOptions(hooks=hooks)
    with GrpcProxy(make_server()) as proxy:
        async with (
            Client(proxy.endpoint, options).connect() as communicator,
            # The proxy may take long to start.
            communicator.lease(30) as lease,
        ):
            await asyncio.to_thread(proxy.restart)
            before = len(hooks.of(LeaseRenewed))
            await eventually_async(lambda: len(hooks.of(LeaseRenewed)) > before, within=40)
            assert not lease.lost.is_set(), lease.lost.reason


async def hold_many(communicator: Communicator, lease_count: int, lock_count: int) -> None:
    """Hold leases and locks for longer than they live by themselves."""
    kept = await asyncio.gather(*(communicator.lease(8) for _ in range(lease_count)))
    locks = [Lock(communicator, f"lock-{number}") for number in range(lock_count)]
    await asyncio.gather(*(lock.acquire() for lock in locks))
    stats = communicator.stats()
    assert stats.leases_kept == lease_count + lock_count
    await asyncio.sleep(10)
    # Calls find their way beside all that.
    started = time.monotonic()
    await asyncio.gather(*(communicator.put(f"key-{number}", b"") for number in range(200)))
    assert time.monotonic() - started < 10
    assert [lease.lost.reason for lease in kept if lease.lost.is_set()] == []
    assert all(lock.is_acquired for lock in locks)
    assert communicator.stats().keep_alive_streams == 1
    await asyncio.gather(*(lock.release() for lock in locks))
    await asyncio.gather(*(lease.revoke() for lease in kept))


@pytest.mark.timeout(120)
async def test_thousands_over_tls(make_server: MakeServer, certificates: Certificates) -> None:
    """Where etcd allows 250 streams a connection."""
    server = make_server(tls=ServerTls(certificates.server()))
    options = ConnectOptions(ca=certificates.authority)
    async with Client(server.endpoint, options).connect() as communicator:
        await hold_many(communicator, 3000, 2000)
        assert (await communicator.leases(timeout=30)).leases == ()


@pytest.mark.timeout(120)
async def test_thousands_where_eight_streams_are_allowed(http2_front: Http2Front) -> None:
    await asyncio.to_thread(http2_front.limit_streams, 8)
    async with Client(http2_front.endpoint).connect() as communicator:
        await hold_many(communicator, 3000, 500)
    assert http2_front.streams_refused() == 0


async def test_a_renewal_finds_a_stream_where_calls_have_taken_all(
    http2_front: Http2Front,
) -> None:
    await asyncio.to_thread(http2_front.limit_streams, 4)
    async with (
        Client(http2_front.endpoint).connect() as communicator,
        communicator.lease(TTL) as lease,
    ):
        observers = [communicator.observe("election") for _ in range(100)]
        await stays(lease, TTL + 3)
        for observer in observers:
            observer.cancel()


async def test_a_proxy_that_winds_up_its_connections_loses_no_lease(
    http2_front: Http2Front, endpoint: str
) -> None:
    await asyncio.to_thread(http2_front.go_away_after, 3)
    async with Client(http2_front.endpoint).connect() as communicator:
        kept = await asyncio.gather(*(communicator.lease(TTL) for _ in range(20)))
        await asyncio.sleep(2 * TTL)
        assert [lease.lost.reason for lease in kept if lease.lost.is_set()] == []
        assert len(leases(endpoint)) == 20
        await asyncio.gather(*(lease.revoke() for lease in kept))


async def test_one_renewal_after_another_shares_the_stream(communicator: Communicator) -> None:
    lease = await communicator.lease_grant(60)
    for _ in range(50):
        await communicator.lease_keep_alive(lease)
    assert communicator.stats().keep_alive_streams == 1
    # Some ask while the answer to the renewal of others is on its way.
    for _ in range(20):
        renewed = await asyncio.gather(
            *(communicator.lease_keep_alive(lease, timeout=5) for _ in range(50))
        )
        assert {renewal.ttl for renewal in renewed} == {60}
    assert communicator.stats().keep_alive_streams == 1
    await communicator.lease_revoke(lease)
