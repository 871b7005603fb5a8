"""Scans whose member, connection or history goes away while they read."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable

import pytest

from etcd_client import (
    Client,
    Communicator,
    CompactedError,
    ConnectOptions,
    EtcdConnectionError,
    EtcdTimeoutError,
    PermissionType,
    Scan,
)
from etcd_client.testing import EtcdServer, Proxy
from tests.faults.tools import in_use, succeeds
from tests.support.auth import QUICK_PASSWORDS
from tests.support.flags import QUICK_ELECTIONS
from tests.support.front import Front

SIZE = 200_000
COUNT = 60
# A machine that is held up for a second must not let a token expire before its first use.
TOKEN_TTL = 3


async def fill(communicator: Communicator, count: int = COUNT, size: int = SIZE) -> list[bytes]:
    """Put that many keys under `k/`, too much for all buffers on the way."""
    keys = [b"k/%05d" % i for i in range(count)]
    for start in range(0, count, 20):
        puts = [communicator.put(key, bytes(size)) for key in keys[start : start + 20]]
        await asyncio.gather(*puts)
    return keys


async def some(scan: Scan, count: int) -> list[bytes]:
    """Read that many keys."""
    return [(await anext(scan)).key for _ in range(count)]


async def read_on(scan: Scan, read: list[bytes]) -> None:
    """Read to the end, into a list that keeps what there was before an error."""
    async for kv in scan:
        read.append(kv.key)  # noqa: PERF401 - see above


async def test_goes_on_with_another_member(through_front: Communicator, front: Front) -> None:
    keys = await fill(through_front)
    scan = through_front.scan_prefix("k/", serializable=True)
    read = await some(scan, 34)
    front.members[await in_use(through_front, front)].kill()
    await read_on(scan, read)
    assert read == keys


async def test_leaves_a_frozen_member(through_front: Communicator, front: Front) -> None:
    """Within the default deadline, and long before it."""
    keys = await fill(through_front)
    scan = through_front.scan_prefix("k/", serializable=True)
    read = await some(scan, 34)
    front.members[await in_use(through_front, front)].freeze()
    began = time.monotonic()
    await read_on(scan, read)
    assert read == keys
    assert time.monotonic() - began < 8


async def test_connections_that_break_cost_and_change_nothing(
    endpoint: str, proxy: Proxy, chance: random.Random
) -> None:
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        keys = await fill(communicator, 150, 100_000)
        for _ in range(8):
            scan = communicator.scan_prefix("k/")
            at = sorted(chance.sample(range(len(keys)), 5))
            read: list[bytes] = []
            for kv in [*at, len(keys)]:
                read += await some(scan, kv - len(read))
                await asyncio.sleep(chance.uniform(0, 0.005))
                await asyncio.to_thread(proxy.drop)
            assert read == keys
            with pytest.raises(StopAsyncIteration):
                await anext(scan)


async def test_says_when_its_revision_is_gone(communicator: Communicator) -> None:
    keys = await fill(communicator, 60, 800_000)
    scan = communicator.scan_prefix("k/")
    read = await some(scan, 33)
    revision = (await communicator.put("k/new", b"")).header.revision
    await communicator.compact(revision, physical=True)
    with pytest.raises(CompactedError):
        await read_on(scan, read)
    with pytest.raises(CompactedError):
        await anext(scan)
    assert 33 <= len(read) < len(keys)
    assert read == keys[: len(read)]


async def test_a_part_has_a_deadline_and_the_scan_goes_on_after_it(
    make_server: Callable[..., EtcdServer],
) -> None:
    server = make_server(flags=QUICK_ELECTIONS)
    async with Client(server.endpoint).connect() as communicator:
        keys = await fill(communicator)
        scan = communicator.scan_prefix("k/", timeout=3)
        read = await some(scan, 33)
        server.freeze()
        with pytest.raises(EtcdTimeoutError):
            await read_on(scan, read)
        server.thaw()
        await succeeds(lambda: communicator.put("there", "again"))
        await read_on(scan, read)
        assert read == keys


async def test_does_not_wait_for_a_member_if_told_not_to(
    make_server: Callable[..., EtcdServer],
) -> None:
    server = make_server(flags=QUICK_ELECTIONS)
    async with Client(server.endpoint).connect() as communicator:
        keys = await fill(communicator)
        scan = communicator.scan_prefix("k/", wait_for_ready=False)
        read = await some(scan, 33)
        server.kill()
        with pytest.raises(EtcdConnectionError) as error:
            await asyncio.wait_for(read_on(scan, read), 8)
        assert not isinstance(error.value, EtcdTimeoutError)
        await asyncio.to_thread(server.start)
        await succeeds(lambda: communicator.put("there", "again"))
        await read_on(scan, read)
        assert read == keys


@pytest.fixture
async def alice(make_server: Callable[..., EtcdServer]) -> AsyncIterator[tuple[Communicator, ...]]:
    """Yield the connections of a user who may read below `k/`, and of root."""
    server = make_server(flags={**QUICK_PASSWORDS, **QUICK_ELECTIONS, "auth-token-ttl": TOKEN_TTL})
    async with Client(server.endpoint).connect() as communicator:
        await fill(communicator)
        auth = communicator.auth
        for user in ("root", "alice"):
            await auth.user_add(user, user)
            await auth.role_add(user)
            await auth.user_grant_role(user, user)
        await auth.role_grant_permission("alice", PermissionType.READ, "k/", prefix=True)
        await auth.enable()
    options = [ConnectOptions(user=user, password=user) for user in ("alice", "root")]
    async with (
        Client(server.endpoint, options[0]).connect() as hers,
        Client(server.endpoint, options[1]).connect() as roots,
    ):
        yield hers, roots


async def test_tokens_are_renewed_on_the_way(alice: tuple[Communicator, ...]) -> None:
    """Nor do changes of the permissions of others, which make all tokens outdated, matter."""
    hers, roots = alice
    scan = hers.scan_prefix("k/")
    read = await some(scan, 33)
    await roots.auth.role_add("another")
    await asyncio.sleep(TOKEN_TTL + 1.5)
    read += [kv.key async for kv in scan]
    assert read == [b"k/%05d" % i for i in range(COUNT)]
