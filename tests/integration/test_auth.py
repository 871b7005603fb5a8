"""Users, roles and permissions, and switching authentication on and off."""

import pickle
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from etcd_client import (
    Auth,
    AuthFailedError,
    AuthResponse,
    AuthRoleGetResponse,
    AuthRoleListResponse,
    AuthStatusResponse,
    AuthUserGetResponse,
    AuthUserListResponse,
    Client,
    Communicator,
    ConnectOptions,
    InvalidArgsError,
    InvalidAuthMgmtError,
    Permission,
    PermissionNotGrantedError,
    PermissionType,
    RoleAlreadyExistError,
    RoleEmptyError,
    RoleNotFoundError,
    RoleNotGrantedError,
    RootRoleNotExistError,
    RootUserNotExistError,
    RpcError,
    UnimplementedError,
    UserAlreadyExistError,
    UserEmptyError,
    UserNotFoundError,
)
from etcd_client.testing import EtcdServer
from tests.support import tasks
from tests.support.auth import QUICK_PASSWORDS, ROOT, ROOT_PASSWORD

ALL = b"\0"


@pytest.fixture(scope="module")
def server() -> Iterator[EtcdServer]:
    """Yield a server whose users and roles are those of this module."""
    with EtcdServer(flags=QUICK_PASSWORDS) as running:
        yield running


@pytest.fixture
async def communicator(server: EtcdServer) -> AsyncIterator[Communicator]:
    """Yield a connection to this module's server, which has no users and no roles."""
    async with Client(server.endpoint).connect() as connected:
        for user in (await connected.auth.user_list()).users:
            await connected.auth.user_delete(user)
        for role in (await connected.auth.role_list()).roles:
            await connected.auth.role_delete(role)
        yield connected


@pytest.fixture
def auth(communicator: Communicator) -> Auth:
    """Return the service."""
    return communicator.auth


async def test_users_come_and_go(auth: Auth) -> None:
    added = await auth.user_add("alice", "secret")
    assert isinstance(added, AuthResponse)
    assert added.header.cluster_id != 0
    assert pickle.loads(pickle.dumps(added)) == added  # noqa: S301
    await auth.user_add("bob", password="")
    listed = await auth.user_list()
    assert isinstance(listed, AuthUserListResponse)
    assert sorted(listed.users) == ["alice", "bob"]
    await auth.user_delete("bob")
    assert (await auth.user_list()).users == ("alice",)
    got = await auth.user_get("alice")
    assert isinstance(got, AuthUserGetResponse)
    assert got.roles == ()


async def test_what_the_server_refuses_about_users(auth: Auth) -> None:
    await auth.user_add("alice", "secret")
    with pytest.raises(UserAlreadyExistError):
        await auth.user_add("alice", "another")
    with pytest.raises(UserEmptyError):
        await auth.user_add("", "secret")
    for call in (
        auth.user_get("nobody"),
        auth.user_delete("nobody"),
        auth.user_change_password("nobody", "secret"),
        auth.user_grant_role("nobody", "role"),
        auth.user_revoke_role("nobody", "role"),
    ):
        with pytest.raises(UserNotFoundError):
            await call


async def test_roles_are_granted_to_users(auth: Auth) -> None:
    await auth.user_add("alice", "secret")
    await auth.role_add("reader")
    await auth.role_add("writer")
    listed = await auth.role_list()
    assert isinstance(listed, AuthRoleListResponse)
    assert sorted(listed.roles) == ["reader", "writer"]
    await auth.user_grant_role("alice", "reader")
    await auth.user_grant_role("alice", "writer")
    assert sorted((await auth.user_get("alice")).roles) == ["reader", "writer"]
    await auth.user_revoke_role("alice", "reader")
    assert (await auth.user_get("alice")).roles == ("writer",)
    await auth.role_delete("writer")
    assert (await auth.user_get("alice")).roles == ()


async def test_what_the_server_refuses_about_roles(auth: Auth) -> None:
    await auth.user_add("alice", "secret")
    await auth.role_add("reader")
    with pytest.raises(RoleAlreadyExistError):
        await auth.role_add("reader")
    with pytest.raises(RoleEmptyError):
        await auth.role_add("")
    for call in (
        auth.role_get("none"),
        auth.role_delete("none"),
        auth.user_grant_role("alice", "none"),
        auth.role_grant_permission("none", PermissionType.READ, "key"),
        auth.role_revoke_permission("none", "key"),
    ):
        with pytest.raises(RoleNotFoundError):
            await call
    with pytest.raises(RoleNotGrantedError):
        await auth.user_revoke_role("alice", "reader")
    with pytest.raises(PermissionNotGrantedError):
        await auth.role_revoke_permission("reader", "key")


@pytest.mark.parametrize(
    ("keys", "key", "range_end"),
    [
        ({"key": "k"}, b"k", b""),
        ({"key": b"k", "range_end": b"m"}, b"k", b"m"),
        ({"key": "/app/", "prefix": True}, b"/app/", b"/app0"),
        ({"key": b"a\xff", "prefix": True}, b"a\xff", b"b"),
        ({"key": "k", "from_key": True}, b"k", ALL),
        ({"key": "", "prefix": True}, ALL, ALL),
    ],
)
@pytest.mark.parametrize("kind", PermissionType)
async def test_permissions_come_and_go(
    auth: Auth, kind: PermissionType, keys: dict[str, Any], key: bytes, range_end: bytes
) -> None:
    await auth.role_add("role")
    await auth.role_grant_permission("role", kind, **keys)
    response = await auth.role_get("role")
    assert isinstance(response, AuthRoleGetResponse)
    assert response.permissions == (Permission(kind, key, range_end),)
    (permission,) = response.permissions
    assert (permission.type, permission.key, permission.range_end) == (kind, key, range_end)
    assert pickle.loads(pickle.dumps(permission)) == permission  # noqa: S301
    assert repr(permission) == f"Permission(type={kind!r}, key={key!r}, range_end={range_end!r})"
    await auth.role_revoke_permission("role", **keys)
    assert (await auth.role_get("role")).permissions == ()


async def test_permissions_know_no_namespace(communicator: Communicator) -> None:
    auth = communicator.namespace("/app/").auth
    await auth.role_add("role")
    await auth.role_grant_permission("role", PermissionType.READ, "/app/key")
    (permission,) = (await auth.role_get("role")).permissions
    assert permission.key == b"/app/key"


async def test_enabling_needs_a_root(auth: Auth) -> None:
    with pytest.raises(RootUserNotExistError):
        await auth.enable()
    await auth.user_add(ROOT, ROOT_PASSWORD)
    with pytest.raises(RootRoleNotExistError):
        await auth.enable()


async def test_on_and_off(server: EtcdServer, communicator: Communicator) -> None:
    auth = communicator.auth
    await auth.user_add(ROOT, ROOT_PASSWORD)
    await auth.role_add(ROOT)
    await auth.user_grant_role(ROOT, ROOT)
    await auth.disable()  # which it is; nothing happens
    await auth.enable()
    try:
        # This connection has no user.
        with pytest.raises(UserEmptyError):
            await communicator.put("key", "value")
        with pytest.raises(RpcError):
            await auth.disable()
    finally:
        options = ConnectOptions(user=ROOT, password=ROOT_PASSWORD)
        async with Client(server.endpoint, options).connect() as as_root:
            with pytest.raises(InvalidAuthMgmtError):
                await as_root.auth.user_delete(ROOT)
            with pytest.raises(InvalidAuthMgmtError):
                await as_root.auth.user_revoke_role(ROOT, ROOT)
            await as_root.auth.disable()
    await communicator.put("key", "value")


async def test_status(server: EtcdServer, auth: Auth) -> None:
    if server.version < (3, 5, 0):
        with pytest.raises(UnimplementedError):
            await auth.status()
        return
    before = await auth.status()
    assert isinstance(before, AuthStatusResponse)
    assert not before.enabled
    await auth.user_add("alice", "secret")
    assert (await auth.status()).auth_revision == before.auth_revision + 1


async def test_a_user_without_a_password_cannot_log_in_with_one(
    server: EtcdServer, communicator: Communicator
) -> None:
    auth = communicator.auth
    await auth.user_add("certified", no_password=True)
    await auth.user_add(ROOT, ROOT_PASSWORD)
    await auth.role_add(ROOT)
    await auth.user_grant_role(ROOT, ROOT)
    await auth.enable()
    try:
        with pytest.raises(AuthFailedError):
            async with Client(
                server.endpoint, ConnectOptions(user="certified", password="")
            ).connect():
                pass
    finally:
        options = ConnectOptions(user=ROOT, password=ROOT_PASSWORD)
        async with Client(server.endpoint, options).connect() as as_root:
            await as_root.auth.disable()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"name": 1, "password": "secret"}, TypeError),
        ({"name": "alice", "password": b"secret"}, TypeError),
        ({"name": "alice", "password": "secret", "no_password": 1}, TypeError),
        ({"name": "alice"}, InvalidArgsError),
        ({"name": "alice", "password": "secret", "no_password": True}, InvalidArgsError),
    ],
)
async def test_wrong_users_are_refused(
    auth: Auth, arguments: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"name|password"):
        await tasks.begun(auth.user_add(**arguments))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"permission": 0}, TypeError),
        ({"key": 1}, TypeError),
        ({"role": b"role"}, TypeError),
        ({"prefix": 1}, TypeError),
        ({"range_end": b""}, InvalidArgsError),
        ({"range_end": b"z", "prefix": True}, InvalidArgsError),
        ({"prefix": True, "from_key": True}, InvalidArgsError),
        ({"timeout": 0}, InvalidArgsError),
    ],
)
async def test_wrong_permissions_are_refused(
    auth: Auth, arguments: dict[str, Any], error: type[Exception]
) -> None:
    right: dict[str, Any] = {"role": "role", "permission": PermissionType.READ, "key": "key"}
    with pytest.raises(error):
        await tasks.begun(auth.role_grant_permission(**right | arguments))
