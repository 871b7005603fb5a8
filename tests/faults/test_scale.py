"""Thousands of watches, locks, leases and calls where a server allows few streams a connection.

Once 8 of them are allowed, once it is etcd's own TLS port, which allows 250.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from etcd_client import Client, Communicator, ConnectOptions, Lease, Lock
from etcd_client.testing import EtcdServer, ServerTls
from tests.support.front import Http2Front
from tests.support.tls import Certificates
from tests.support.waiting import eventually_async

# A handful: 2,000 watches a stream, and one for those that are read slowly or are behind.
MOST_WATCH_STREAMS = 8
MOST_CONNECTIONS = 16
pytestmark = pytest.mark.timeout(240)

SHORT_TTL = 5
LOCK_TTL = 60


@dataclass(frozen=True)
class Size:
    """How many of each."""

    watches: int
    locks: int
    leases: int
    calls: int


@pytest.fixture
def size(request: pytest.FixtureRequest) -> Size:
    """Return what the full suite has, or a fifth of it."""
    if request.config.getoption("full_faults"):
        return Size(watches=5_000, locks=2_000, leases=3_000, calls=1_000)
    return Size(watches=1_000, locks=400, leases=600, calls=1_000)


@pytest.fixture(scope="module", params=["8 streams", "TLS"])
def server(request: pytest.FixtureRequest, certificates: Certificates) -> Iterator[EtcdServer]:
    """Yield a server that is reached through few streams."""
    tls = ServerTls(certificates.server()) if request.param == "TLS" else None
    with EtcdServer(tls=tls) as running:
        yield running


@pytest.fixture
def front(server: EtcdServer) -> Iterator[Http2Front | None]:
    """Yield what allows few streams; None where the server does so itself."""
    # The servers' flag for that came with 3.5.7.
    if server.endpoint.startswith("https"):
        yield None
    else:
        with Http2Front(server.address) as front:
            front.limit_streams(8)
            yield front


@pytest.fixture
async def through(
    server: EtcdServer, front: Http2Front | None, certificates: Certificates
) -> AsyncIterator[Communicator]:
    """Yield a connection to it."""
    options = ConnectOptions(timeout=30.0)
    if front is None:
        options = options.with_tls(ca=certificates.authority)
    endpoint = server.endpoint if front is None else front.endpoint
    async with Client(endpoint, options).connect() as communicator:
        yield communicator
        await communicator.delete_prefix("")


def assert_few_connections(communicator: Communicator) -> None:
    stats = communicator.stats()
    print(stats)
    assert stats.connections <= MOST_CONNECTIONS
    assert stats.retries == 0
    assert stats.failovers == 0


async def put_all(communicator: Communicator, prefix: str, count: int) -> None:
    await asyncio.gather(*(communicator.put(f"{prefix}{i}", str(i)) for i in range(count)))


async def test_watches(through: Communicator, server: EtcdServer, size: Size) -> None:
    before = server.metrics()
    watches = [through.watch(f"key/{i}") for i in range(size.watches)]
    await asyncio.wait_for(asyncio.gather(*(watch.ready() for watch in watches)), 30)
    during = server.metrics()
    assert during.watchers - before.watchers == size.watches
    assert during.watch_streams - before.watch_streams <= MOST_WATCH_STREAMS
    await put_all(through, "key/", size.watches)
    events = await asyncio.wait_for(asyncio.gather(*(anext(watch) for watch in watches)), 30)
    assert [event.value for event in events] == [b"%d" % i for i in range(size.watches)]
    for watch in watches[::2]:
        watch.cancel()
    half = before.watchers + size.watches // 2
    await eventually_async(lambda: server.metrics().watchers == half, within=10)
    await put_all(through, "key/", size.watches)
    rest = await asyncio.wait_for(asyncio.gather(*(anext(watch) for watch in watches[1::2])), 30)
    assert [event.value for event in rest] == [b"%d" % i for i in range(1, size.watches, 2)]
    assert_few_connections(through)
    for watch in watches:
        watch.cancel()


async def test_leases(through: Communicator, size: Size) -> None:
    leases: list[Lease] = []
    grants = (through.lease(SHORT_TTL) for _ in range(size.leases))
    leases = list(await asyncio.gather(*grants))
    await asyncio.sleep(1.8 * SHORT_TTL)
    assert not [lease.lost.reason for lease in leases if lease.lost.is_set()]
    living = set((await through.leases()).leases)
    assert living >= {lease.id for lease in leases}
    assert_few_connections(through)
    await asyncio.gather(*(lease.revoke() for lease in leases))
    assert not (await through.leases()).leases


async def test_locks(
    through: Communicator, server: EtcdServer, size: Size, request: pytest.FixtureRequest
) -> None:
    before = server.metrics()
    locks = [Lock(through, f"lock/{i}") for i in range(size.locks)]
    await asyncio.gather(*(lock.acquire() for lock in locks))
    waiter = asyncio.ensure_future(Lock(through, "lock/0").acquire())
    long = request.config.getoption("full_faults")
    await asyncio.sleep(1.5 * LOCK_TTL if long else 2)
    during = server.metrics()
    assert during.watch_streams - before.watch_streams <= MOST_WATCH_STREAMS
    assert not [lock.lost.reason for lock in locks if lock.lost.is_set()]
    assert not waiter.done()
    assert await asyncio.wait_for(through.get("key"), 5) is None
    assert_few_connections(through)
    await asyncio.gather(*(lock.release() for lock in locks))
    assert await asyncio.wait_for(waiter, 10)
    assert await through.count_prefix("lock/") == 1


async def test_calls_beside_all_that(through: Communicator, size: Size) -> None:
    async def call(number: int) -> None:
        await through.put(f"call/{number}", str(number))
        assert await through.get(f"call/{number}") == str(number).encode()

    watches = [through.watch(f"call/{i}") for i in range(0, size.calls, 10)]
    await asyncio.gather(*(watch.ready() for watch in watches))
    async with through.lease(SHORT_TTL) as lease, Lock(through, "lock") as lock:
        await asyncio.gather(*(call(number) for number in range(size.calls)))
        events = await asyncio.wait_for(asyncio.gather(*(anext(watch) for watch in watches)), 10)
        assert [event.value for event in events] == [b"%d" % i for i in range(0, size.calls, 10)]
        assert not lease.lost.is_set()
        assert not lock.lost.is_set()
    assert through.stats().in_flight == 0
    assert_few_connections(through)
    for watch in watches:
        watch.cancel()


async def test_a_slow_reader_slows_nobody(through: Communicator) -> None:
    slow = through.watch_prefix("large/")
    quick = [through.watch(f"small/{i}") for i in range(100)]
    await asyncio.gather(*(watch.ready() for watch in [slow, *quick]))
    for number in range(40):
        await through.put(f"large/{number}", bytes(1 << 20))
    started = time.monotonic()
    await put_all(through, "small/", len(quick))
    await asyncio.wait_for(asyncio.gather(*(anext(watch) for watch in quick)), 10)
    assert time.monotonic() - started < 10
    keys = [(await asyncio.wait_for(anext(slow), 10)).key for _ in range(40)]
    assert keys == [b"large/%d" % number for number in range(40)]
    for watch in (slow, *quick):
        watch.cancel()


async def test_all_watches_come_back_after_a_cut(etcd: EtcdServer, size: Size) -> None:
    """In bounded time, and by a bounded number of requests."""
    with Http2Front(etcd.address) as front:
        front.limit_streams(8)
        await watches_come_back(front, size)
        assert front.most_streams_at_once <= 8


async def watches_come_back(front: Http2Front, size: Size) -> None:
    async with Client(front.endpoint).connect() as communicator:
        watches = [communicator.watch(f"key/{i}") for i in range(size.watches)]
        await asyncio.wait_for(asyncio.gather(*(watch.ready() for watch in watches)), 30)
        opened = front.streams_seen("/Watch")
        await asyncio.to_thread(front.drop)
        started = time.monotonic()
        await put_all(communicator, "key/", size.watches)
        events = await asyncio.wait_for(asyncio.gather(*(anext(watch) for watch in watches)), 30)
        print(f"{time.monotonic() - started:.2f} s, {front.streams_seen('/Watch')} streams")
        assert [event.value for event in events] == [b"%d" % i for i in range(size.watches)]
        assert front.streams_seen("/Watch") - opened <= 2 * MOST_WATCH_STREAMS
        assert communicator.stats().watches == size.watches
        for watch in watches:
            watch.cancel()
