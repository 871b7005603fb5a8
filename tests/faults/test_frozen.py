"""Members that accept packets and say nothing: frozen processes, blackholes on the way."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from etcd_client import (
    Client,
    Communicator,
    ConnectOptions,
    EtcdConnectionError,
    EtcdTimeoutError,
    OutcomeUnknownError,
    Txn,
    TxnOp,
)
from etcd_client.testing import EtcdCluster, EtcdServer
from tests.faults.tools import in_use, steer, succeeds, values
from tests.support.front import Front
from tests.support.sockets import connections_to
from tests.support.waiting import eventually_async

Make = Callable[[Communicator, float], Awaitable[object]]

# Calls, with their deadlines.
CHANGES: dict[str, Make] = {
    "Put": lambda communicator, timeout: communicator.put(b"key", b"", timeout=timeout),
    "Delete": lambda communicator, timeout: communicator.delete(b"key", timeout=timeout),
    "Txn": lambda communicator, timeout: communicator.txn(
        Txn().and_then([TxnOp.put(b"key", b"")]), timeout=timeout
    ),
}
# One stands for all: to the faults they are the same.
ANY_CHANGE = [
    "Put",
    *(pytest.param(name, marks=pytest.mark.full_faults) for name in ("Delete", "Txn")),
]
READS: dict[str, Make] = {
    "Get": lambda communicator, timeout: communicator.get(b"key", timeout=timeout),
    "SerializableGet": lambda communicator, timeout: communicator.range(
        b"key", serializable=True, timeout=timeout
    ),
}


@pytest.mark.parametrize("name", ANY_CHANGE)
async def test_balancer_under_blackhole_no_keep_alive(
    through_front: Communicator, front: Front, name: str
) -> None:
    """Port of TestBalancerUnderBlackholeNoKeepAlive{Put,Delete,Txn}: timeouts, then success."""
    used = await in_use(through_front, front)
    await asyncio.to_thread(front.proxies[used].blackhole)
    with pytest.raises(OutcomeUnknownError) as error:
        await CHANGES[name](through_front, 1)
    assert isinstance(error.value, EtcdTimeoutError)
    assert await succeeds(lambda: CHANGES[name](through_front, 5), 5, (EtcdTimeoutError,)) == 0
    assert await in_use(through_front, front) != used


@pytest.mark.parametrize("name", READS)
async def test_balancer_under_blackhole_no_keep_alive_reads(
    through_front: Communicator, front: Front, name: str
) -> None:
    """Port of TestBalancerUnderBlackholeNoKeepAlive{LinearizableGet,SerializableGet}.

    It is harder here: the very call under way succeeds, within a deadline of four seconds.
    """
    used = await in_use(through_front, front)
    await asyncio.to_thread(front.proxies[used].blackhole)
    await READS[name](through_front, 4)
    assert await in_use(through_front, front) != used


@pytest.mark.full_faults
async def test_balancer_under_blackhole_keep_alive_watch(
    front: Front, direct: Communicator
) -> None:
    """Port of TestBalancerUnderBlackholeKeepAliveWatch: the watch moves, and moves again."""
    options = ConnectOptions(keep_alive_interval=1, keep_alive_timeout=1)
    async with Client(front.endpoints[:2], options).connect() as client:
        async with client.watch(b"foo") as watch:
            for round_ in range(3):
                await direct.put(b"foo", str(round_))
                assert await values(watch, 1) == [str(round_).encode()]
                used = await in_use(client, front)
                await asyncio.to_thread(front.heal)
                await asyncio.to_thread(front.proxies[used].blackhole)
                await asyncio.sleep(0.1)
        assert client.stats().resumes == 2


@pytest.mark.parametrize("fault", ["blackhole", "freeze"])
async def test_the_call_ends_at_its_deadline_and_the_next_goes_elsewhere(
    through_front: Communicator, front: Front, fault: str
) -> None:
    used = await in_use(through_front, front)
    if fault == "freeze":
        front.members[used].freeze()
    else:
        await asyncio.to_thread(front.proxies[used].blackhole)
    began = time.monotonic()
    with pytest.raises(OutcomeUnknownError):
        await through_front.put(b"key", b"1", timeout=1)
    assert 1 <= time.monotonic() - began < 5
    retries = through_front.stats().retries
    await through_front.range(b"key", serializable=True)
    # At once, not after it has asked the dead one.
    assert through_front.stats().retries == retries
    assert await in_use(through_front, front) != used


async def test_reads_leave_a_frozen_member_long_before_their_deadline(
    through_front: Communicator, front: Front, cluster: EtcdCluster
) -> None:
    """Whoever reads while a member freezes does not notice more than a pause."""
    follower = front.members.index(cluster.followers()[0])
    await steer(through_front, front, follower)
    front.members[follower].freeze()
    began = time.monotonic()
    await asyncio.gather(*(through_front.get(b"key") for _ in range(100)))
    assert time.monotonic() - began < 6


async def test_a_watch_leaves_a_frozen_member(
    through_front: Communicator, front: Front, direct: Communicator
) -> None:
    async with through_front.watch(b"key") as watch:
        await direct.put(b"key", b"before")
        assert await values(watch, 1) == [b"before"]
        front.members[await in_use(through_front, front)].freeze()
        await succeeds(lambda: direct.put(b"key", b"after", timeout=2))
        assert await values(watch, 1) == [b"after"]


async def test_connecting_passes_over_a_frozen_member(
    endpoint: str, make_server: Callable[..., EtcdServer]
) -> None:
    """The system accepts connections for a frozen process; that is not enough."""
    frozen = make_server()
    frozen.freeze()
    for _ in range(6):
        began = time.monotonic()
        async with Client([frozen.endpoint, endpoint]).connect() as client:
            await client.get(b"key")
        assert time.monotonic() - began < 4


async def test_connecting_to_nothing_but_a_frozen_server_ends(
    make_server: Callable[..., EtcdServer],
) -> None:
    frozen = make_server()
    frozen.freeze()
    options = ConnectOptions(connect_timeout=1, require_connection=True)
    began = time.monotonic()
    with pytest.raises(EtcdConnectionError, match="1 s"):
        async with Client(frozen.endpoint, options).connect():
            pass
    assert time.monotonic() - began < 5


async def test_a_change_on_a_frozen_server_does_not_outlast_the_keep_alive(
    make_server: Callable[..., EtcdServer],
) -> None:
    """Without any deadline, a call ends when the server is found dead."""
    server = make_server()
    options = ConnectOptions(keep_alive_interval=1, keep_alive_timeout=1).with_timeout(None)
    async with Client(server.endpoint, options).connect() as client:
        await client.put(b"key", b"")
        server.freeze()
        with pytest.raises(OutcomeUnknownError) as error:
            await asyncio.wait_for(client.put(b"key", b""), 20)
        assert isinstance(error.value, EtcdConnectionError)


async def test_a_server_that_thaws_is_used_again(make_server: Callable[..., EtcdServer]) -> None:
    server = make_server()
    async with Client(server.endpoint).connect() as client:
        await client.put(b"key", b"value")
        for pause in (0.5, 3):
            server.freeze()
            get = asyncio.ensure_future(client.get(b"key"))
            await asyncio.sleep(pause)
            server.thaw()
            assert await get == b"value"


async def test_closing_does_not_wait_for_a_frozen_server(
    make_server: Callable[..., EtcdServer],
) -> None:
    """Nor does the socket stay, though there is no way to say goodbye."""
    server = make_server()
    _, port = server.address
    async with Client(server.endpoint).connect() as client, client.watch(b"key"):
        assert connections_to(port) == 1
        server.freeze()
        puts = [asyncio.ensure_future(client.put(b"key", bytes(2**20))) for _ in range(20)]
        await asyncio.sleep(0.1)
        for put in puts:
            put.cancel()
        await asyncio.gather(*puts, return_exceptions=True)
        began = time.monotonic()
    assert time.monotonic() - began < 4
    await eventually_async(lambda: connections_to(port) == 0, 10)
