"""Leases, locks and elections on servers that ask who calls.

Old servers take lease calls from anybody; from 3.5.28 and 3.6.9 on they ask for a token there too.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from etcd_client import (
    Client,
    Communicator,
    ConnectOptions,
    Election,
    Lock,
    PermissionDeniedError,
    PermissionType,
)
from etcd_client.testing import EtcdServer, FlagValue
from tests.support import tasks
from tests.support.auth import ROOT, ROOT_PASSWORD, add_user, auth_server
from tests.support.tls import jwt_auth_token

USER = "worker"
PASSWORD = "their own"  # noqa: S105 - of servers that live for a test
TOKEN_TTL = 2
OUTLIVED = TOKEN_TTL * 1.6
AS_ROOT = ConnectOptions(user=ROOT, password=ROOT_PASSWORD)


@pytest.fixture(params=["simple", "jwt"], scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EtcdServer]:
    """Yield a server whose tokens end after two seconds, and a user of what is under `/app/`."""
    flags: dict[str, FlagValue] = {"auth-token-ttl": TOKEN_TTL}
    if request.param == "jwt":
        flags = {"auth-token": jwt_auth_token(Path(tmp_path_factory.mktemp("jwt")), TOKEN_TTL)}
    with auth_server(flags) as running:
        add_user(running, USER, PASSWORD, role=USER)
        asyncio.run(grant(running))
        yield running


async def grant(server: EtcdServer) -> None:
    """Let the user read and write what is under `/app/`."""
    async with Client(server.endpoint, AS_ROOT).connect() as root:
        permission = PermissionType.READWRITE
        await root.auth.role_grant_permission(USER, permission, "/app/", prefix=True)


@pytest.fixture
async def worker(server: EtcdServer) -> AsyncIterator[Communicator]:
    """Yield a connection of the user."""
    options = ConnectOptions(user=USER, password=PASSWORD)
    async with Client(server.endpoint, options).connect() as communicator:
        yield communicator


async def test_lease_calls_carry_the_token(worker: Communicator) -> None:
    granted = await worker.lease_grant(60)
    await worker.put("/app/key", "value", lease=granted.id)
    assert (await worker.lease_keep_alive(granted.id)).ttl == 60
    assert (await worker.lease_time_to_live(granted.id, keys=True)).keys == (b"/app/key",)
    await worker.lease_revoke(granted.id)
    assert await worker.get("/app/key") is None


async def test_lease_calls_replace_a_token_that_ended(worker: Communicator) -> None:
    granted = await worker.lease_grant(60)
    await tasks.sleep(OUTLIVED)
    await worker.lease_keep_alive(granted.id)
    await tasks.sleep(OUTLIVED)
    await worker.lease_revoke(granted.id)


async def test_a_lease_is_kept_alive_beyond_the_token(worker: Communicator) -> None:
    async with worker.lease(5) as lease:
        await worker.put("/app/key", "value", lease=lease)
        await tasks.sleep(2 * OUTLIVED)
        assert not lease.lost.is_set()
        assert await worker.get("/app/key") == b"value"
    assert await worker.get("/app/key") is None


async def test_a_lock_is_held_beyond_the_token(worker: Communicator) -> None:
    async with Lock(worker, "/app/lock") as lock:
        await tasks.sleep(OUTLIVED)
        assert not lock.lost.is_set()
        assert lock.key is not None
        assert await worker.get(lock.key) is not None
    assert await worker.get_prefix("/app/lock") == []


async def test_a_lock_needs_the_permission_to_write(worker: Communicator) -> None:
    with pytest.raises(PermissionDeniedError):
        await Lock(worker, "/other").acquire()
    async with Lock(worker, "/app/lock"):
        pass


async def test_an_election_is_observed_beyond_the_token(worker: Communicator) -> None:
    async with Election(worker, "/app/election", "first") as election:
        observer = worker.observe("/app/election")
        assert (await tasks.wait_for(anext(observer), 5)).kv.value == b"first"
        await tasks.sleep(OUTLIVED)
        await election.proclaim("second")
        assert (await tasks.wait_for(anext(observer), 5)).kv.value == b"second"
