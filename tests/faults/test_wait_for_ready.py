"""Calls that do not wait for a member where none can be reached."""

import asyncio
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from etcd_client import (
    Client,
    Communicator,
    ConnectOptions,
    EtcdConnectionError,
    EtcdTimeoutError,
    LeaderKey,
    OutcomeUnknownError,
    Txn,
    TxnOp,
    UnreachableError,
    sync,
)
from etcd_client.testing import EtcdServer, free_port
from tests.faults.tools import in_use, values
from tests.support.front import Front
from tests.support.waiting import eventually_async

# Far more than a call takes that fails at once, and far less than its deadline.
SOON = 15.0
DEADLINE = 60.0
OPTIONS = ConnectOptions(connect_timeout=0.3, timeout=DEADLINE)

Make = Callable[..., Awaitable[Any]]


async def scan(communicator: Communicator, **options: Any) -> object:
    """Read to the end."""
    return [kv async for kv in communicator.scan_prefix("", **options)]


READS: dict[str, Make] = {
    "get": lambda c, **options: c.get("a", **options),
    "get_kv": lambda c, **options: c.get_kv("a", **options),
    "get_prefix": lambda c, **options: c.get_prefix("", **options),
    "get_range": lambda c, **options: c.get_range("a", "b", **options),
    "keys_prefix": lambda c, **options: c.keys_prefix("", **options),
    "keys_range": lambda c, **options: c.keys_range("a", "b", **options),
    "range": lambda c, **options: c.range("a", prefix=True, **options),
    "count_prefix": lambda c, **options: c.count_prefix("", **options),
    "serializable": lambda c, **options: c.get("a", serializable=True, **options),
    "scan": scan,
    "leases": lambda c, **options: c.leases(**options),
    "lease_time_to_live": lambda c, **options: c.lease_time_to_live(7, **options),
    "leader": lambda c, **options: c.leader("name", **options),
    "member_list": lambda c, **options: c.cluster.member_list(**options),
    "sync_endpoints": lambda c, **options: c.sync_endpoints(**options),
    "alarm_list": lambda c, **options: c.maintenance.alarm_list(**options),
    "status": lambda c, **options: c.maintenance.status(**options),
    "hash": lambda c, **options: c.maintenance.hash(**options),
    "hash_kv": lambda c, **options: c.maintenance.hash_kv(**options),
    "auth_status": lambda c, **options: c.auth.status(**options),
    "user_get": lambda c, **options: c.auth.user_get("root", **options),
    "user_list": lambda c, **options: c.auth.user_list(**options),
    "role_get": lambda c, **options: c.auth.role_get("root", **options),
    "role_list": lambda c, **options: c.auth.role_list(**options),
}
LEADER = LeaderKey(b"name", b"name/7", 1, 7)
WRITES: dict[str, Make] = {
    "put": lambda c, **options: c.put("a", "", **options),
    "delete": lambda c, **options: c.delete("a", **options),
    "delete_prefix": lambda c, **options: c.delete_prefix("a", **options),
    "delete_range": lambda c, **options: c.delete_range("a", "b", **options),
    "txn": lambda c, **options: c.txn(Txn().and_then([TxnOp.put("a", "")]), **options),
    "compact": lambda c, **options: c.compact(1, **options),
    "lease_grant": lambda c, **options: c.lease_grant(10, **options),
    "lease_revoke": lambda c, **options: c.lease_revoke(7, **options),
    "proclaim": lambda c, **options: c.proclaim(LEADER, "", **options),
    "resign": lambda c, **options: c.resign(LEADER, **options),
}
CALLS = READS | WRITES


def nobody(count: int = 3) -> list[str]:
    """Return endpoints that refuse connections."""
    return [f"127.0.0.1:{free_port()}" for _ in range(count)]


@pytest.fixture
async def alone() -> AsyncIterator[Communicator]:
    """Yield a communicator of a cluster that is down."""
    async with Client(nobody(), OPTIONS).connect() as communicator:
        yield communicator


@pytest.mark.parametrize("name", CALLS)
async def test_fails_once_every_member_has_refused(alone: Communicator, name: str) -> None:
    for _ in range(3):
        with pytest.raises(EtcdConnectionError, match="refused") as error:
            await asyncio.wait_for(CALLS[name](alone, wait_for_ready=False), SOON)
        assert not isinstance(error.value, EtcdTimeoutError | OutcomeUnknownError)
        for endpoint in alone.endpoints:
            assert endpoint in str(error.value)


@pytest.mark.parametrize("name", CALLS)
async def test_the_connection_has_a_default(name: str) -> None:
    options = OPTIONS.with_wait_for_ready(False)
    async with Client(nobody(), options).connect() as communicator:
        with pytest.raises(EtcdConnectionError):
            await asyncio.wait_for(CALLS[name](communicator), SOON)
        with pytest.raises(UnreachableError):
            await CALLS[name](communicator, wait_for_ready=True, timeout=0.1)


async def test_writes_by_other_ways_have_the_default_too() -> None:
    options = OPTIONS.with_wait_for_ready(False)
    async with Client(nobody(), options).connect() as communicator:
        for change in (
            communicator.cluster.member_remove(7),
            communicator.maintenance.alarm_disarm(),
            communicator.maintenance.move_leader(7),
            communicator.auth.disable(),
        ):
            with pytest.raises(EtcdConnectionError):
                await asyncio.wait_for(change, SOON)


async def test_one_member_of_three_is_enough(endpoint: str) -> None:
    for _ in range(10):
        options = OPTIONS.with_connect_timeout(5)
        async with Client([*nobody(2), endpoint], options).connect() as communicator:
            await asyncio.wait_for(communicator.put("a", "b", wait_for_ready=False), SOON)
            await asyncio.wait_for(communicator.get("a", wait_for_ready=False), SOON)


async def test_moves_to_a_healthy_member(through_front: Communicator, front: Front) -> None:
    await through_front.put("a", "b")
    front.members[await in_use(through_front, front)].kill()
    assert await through_front.get("a", wait_for_ready=False) == b"b"


async def test_a_frozen_member_is_given_the_time_to_connect(
    make_server: Callable[..., EtcdServer],
) -> None:
    """It may be slow only; but it is not waited for longer than that."""
    frozen = make_server()
    frozen.freeze()
    options = OPTIONS.with_connect_timeout(2)
    async with Client([*nobody(2), frozen.endpoint], options).connect() as communicator:
        with pytest.raises(EtcdConnectionError, match="does not speak") as error:
            await asyncio.wait_for(communicator.get("a", wait_for_ready=False), SOON)
        assert not isinstance(error.value, EtcdTimeoutError)
        with pytest.raises(EtcdConnectionError):
            await asyncio.wait_for(communicator.get("a", wait_for_ready=False), SOON)
        frozen.thaw()
        await eventually_async(partial(_answers, communicator), SOON)


async def _answers(communicator: Communicator) -> bool:
    try:
        await communicator.get("a", wait_for_ready=False)
    except EtcdConnectionError:
        return False
    return True


async def test_a_server_that_comes_back_is_found(make_server: Callable[..., EtcdServer]) -> None:
    server = make_server()
    options = OPTIONS.with_wait_for_ready(False).with_connect_timeout(5)
    async with Client(server.endpoint, options).connect() as communicator:
        await communicator.put("a", "b")
        async with communicator.watch("a") as watch:
            server.kill()
            with pytest.raises(EtcdConnectionError):
                await asyncio.wait_for(communicator.get("a"), SOON)
            await asyncio.to_thread(server.start)
            await eventually_async(partial(_answers, communicator), SOON)
            # A watch waits in any case.
            await communicator.put("a", "c")
            assert await values(watch, 1) == [b"c"]


def test_the_synchronous_face_has_it_too() -> None:
    with sync.Client(nobody(), OPTIONS).connect() as communicator:
        with pytest.raises(EtcdConnectionError):
            communicator.get("a", wait_for_ready=False)
        with pytest.raises(EtcdConnectionError):
            list(communicator.scan_prefix("a", wait_for_ready=False))


async def test_takes_a_bool_only(alone: Communicator) -> None:
    for wrong in (0, "no"):
        with pytest.raises(TypeError, match="wait_for_ready: expected bool"):
            alone.get("a", wait_for_ready=wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="wait_for_ready: expected bool"):
            alone.auth.status(wait_for_ready=wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="wait_for_ready: expected bool"):
            ConnectOptions(wait_for_ready=wrong)  # type: ignore[arg-type]


def test_the_option_is_compared_and_pickled() -> None:
    options = ConnectOptions(wait_for_ready=False)
    assert options == ConnectOptions().with_wait_for_ready(False) != ConnectOptions()
    assert pickle.loads(pickle.dumps(options)) == options  # noqa: S301 - made here
