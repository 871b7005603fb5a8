"""Tokens that expire or go out of date are replaced, and nobody notices."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from etcd_client import (
    AuthFailedError,
    Client,
    Communicator,
    ConnectOptions,
    PermissionDeniedError,
    PermissionType,
)
from etcd_client.testing import EtcdServer, Proxy
from tests.faults.tools import values
from tests.support.auth import QUICK_PASSWORDS
from tests.support.flags import QUICK_ELECTIONS
from tests.support.tls import jwt_auth_token

ROOT = ConnectOptions(user="root", password="root")  # noqa: S106 - of a server that lives for a test
ALICE = ConnectOptions(user="alice", password="alice")  # noqa: S106
# A machine that is held up for a second must not let a token expire before its first use.
TTL = 3

MakeServer = Callable[..., EtcdServer]


async def protect(server: EtcdServer) -> None:
    """Turn on authentication; alice may read and write below `a/`."""
    async with Client(server.endpoint).connect() as communicator:
        auth = communicator.auth
        await auth.user_add("root", "root")
        await auth.user_grant_role("root", "root")
        await auth.user_add("alice", "alice")
        await auth.role_add("a")
        await auth.role_grant_permission("a", PermissionType.READWRITE, "a/", prefix=True)
        await auth.user_grant_role("alice", "a")
        await auth.enable()


@pytest.fixture
async def protected(make_server: MakeServer) -> EtcdServer:
    """Return a server with authentication, whose unused tokens live for a TTL or a second more."""
    server = make_server(flags={**QUICK_PASSWORDS, **QUICK_ELECTIONS, "auth-token-ttl": TTL})
    await protect(server)
    return server


async def use(communicator: Communicator) -> None:
    """Make one call of each kind at the same time."""
    await asyncio.gather(
        communicator.put(b"a/key", b"value"),
        communicator.get(b"a/key"),
        communicator.get_prefix(b"a/"),
        communicator.delete(b"a/other"),
    )


async def test_idle_past_the_ttl(protected: EtcdServer) -> None:
    async with Client(protected.endpoint, ALICE).connect() as communicator:
        await use(communicator)
        await asyncio.sleep(TTL + 1)
        await asyncio.gather(*(use(communicator) for _ in range(20)))


async def test_auth_jwt_expire(make_server: MakeServer, tmp_path: Path) -> None:
    """Port of TestAuthJWTExpire: such a token ends however much it is used."""
    # Its end is a whole second: one of a second may have ended before it is used.
    flags = {**QUICK_PASSWORDS, "auth-token": jwt_auth_token(tmp_path, ttl=2)}
    server = make_server(flags=flags)
    await protect(server)
    async with Client(server.endpoint, ALICE).connect() as communicator:
        for _ in range(30):
            await use(communicator)
            await asyncio.sleep(0.15)


async def test_a_jwt_that_is_older_than_the_users(make_server: MakeServer, tmp_path: Path) -> None:
    """Each change of users or roles puts all such tokens out of date."""
    flags = {**QUICK_PASSWORDS, "auth-token": jwt_auth_token(tmp_path, ttl=600)}
    server = make_server(flags=flags)
    await protect(server)
    async with (
        Client(server.endpoint, ROOT).connect() as root,
        Client(server.endpoint, ALICE).connect() as alice,
    ):
        for number in range(5):
            await use(alice)
            await root.auth.user_add(f"user-{number}", "password")
        await use(alice)


async def test_a_restarted_server_knows_no_token(protected: EtcdServer) -> None:
    async with Client(protected.endpoint, ALICE).connect() as communicator:
        for _ in range(2):
            await use(communicator)
            await asyncio.to_thread(protected.restart)
        await asyncio.gather(*(use(communicator) for _ in range(50)))


async def test_a_changed_password_is_told(protected: EtcdServer) -> None:
    async with (
        Client(protected.endpoint, ROOT).connect() as root,
        Client(protected.endpoint, ALICE).connect() as alice,
    ):
        await use(alice)
        await root.auth.user_change_password("alice", "other")
        with pytest.raises(AuthFailedError):
            await use(alice)
        await root.auth.user_change_password("alice", "alice")
        await use(alice)


async def test_authentication_that_is_turned_on_and_off(make_server: MakeServer) -> None:
    """A client with a user works before, during and after."""
    server = make_server(flags=QUICK_PASSWORDS)
    async with Client(server.endpoint, ROOT).connect() as communicator:
        await use(communicator)
        await protect(server)
        await use(communicator)
        await communicator.auth.disable()
        await use(communicator)


async def test_a_user_is_added_while_others_watch(protected: EtcdServer) -> None:
    """Streams that are open go on, and those that break open again with a new token."""
    with Proxy(protected.address) as proxy:
        async with (
            Client(protected.endpoint, ROOT).connect() as root,
            Client(proxy.endpoint, ALICE).connect() as alice,
            alice.watch_prefix(b"a/") as watch,
        ):
            await root.auth.user_add("bob", "password")
            await root.put(b"a/key", b"1")
            assert await values(watch, 1) == [b"1"]
            await asyncio.sleep(TTL + 1)
            await asyncio.to_thread(proxy.drop)
            await root.put(b"a/key", b"2")
            assert await values(watch, 1) == [b"2"]


async def test_a_denied_watch_beside_an_allowed_one(protected: EtcdServer) -> None:
    """Only the denied one fails."""
    async with (
        Client(protected.endpoint, ALICE).connect() as alice,
        alice.watch_prefix(b"a/") as allowed,
    ):
        denied = alice.watch_prefix(b"b/")
        with pytest.raises(PermissionDeniedError):
            await asyncio.wait_for(anext(denied), 10)
        await alice.put(b"a/key", b"value")
        assert await values(allowed, 1) == [b"value"]


async def test_a_permission_that_is_taken_away_ends_a_watch_when_it_resumes(
    protected: EtcdServer,
) -> None:
    with Proxy(protected.address) as proxy:
        async with (
            Client(protected.endpoint, ROOT).connect() as root,
            Client(proxy.endpoint, ALICE).connect() as alice,
            alice.watch_prefix(b"a/") as watch,
        ):
            await root.auth.user_revoke_role("alice", "a")
            await asyncio.to_thread(proxy.drop)
            with pytest.raises(PermissionDeniedError):
                await asyncio.wait_for(anext(watch), 10)


async def test_leases_carry_the_token(protected: EtcdServer) -> None:
    """Servers since 3.5.28 and 3.6.9 ask for one on lease calls as well."""
    async with Client(protected.endpoint, ALICE).connect() as alice:
        granted = await alice.lease_grant(60)
        await asyncio.sleep(TTL + 1)
        await alice.lease_keep_alive(granted.id)
        await alice.lease_time_to_live(granted.id)
        await alice.leases()
        await alice.lease_revoke(granted.id)
