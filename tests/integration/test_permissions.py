"""Keys that are not the user's: calls, transactions and watches that the server denies."""

from collections.abc import AsyncIterator, Callable

import pytest

from etcd_client import (
    Client,
    Communicator,
    ConnectOptions,
    Key,
    PermissionDeniedError,
    PermissionType,
    Txn,
    TxnOp,
)
from etcd_client.testing import EtcdServer
from tests.support import tasks


@pytest.fixture
async def root(make_server: Callable[..., EtcdServer]) -> AsyncIterator[Communicator]:
    """Yield what may do everything, on a server that knows `user`, whose keys are in `mine/`."""
    server = make_server()
    async with Client(server.endpoint).connect() as unknown:
        await unknown.put(b"other", b"secret")
        auth = unknown.auth
        await auth.user_add("root", "root")
        await auth.user_grant_role("root", "root")
        await auth.user_add("user", "password")
        await auth.role_add("owner")
        await auth.role_grant_permission("owner", PermissionType.READWRITE, b"mine/", prefix=True)
        await auth.user_grant_role("user", "owner")
        await auth.enable()
    options = ConnectOptions(user="root", password="root")  # noqa: S106 - of this very test
    async with Client(server.endpoint, options).connect() as communicator:
        yield communicator


@pytest.fixture
async def user(root: Communicator) -> AsyncIterator[Communicator]:
    """Yield what may use the keys in `mine/`."""
    options = ConnectOptions().with_user("user", "password")
    async with Client(root.endpoints, options).connect() as communicator:
        yield communicator


async def test_denies_calls_beyond_the_permission(user: Communicator) -> None:
    await user.put(b"mine/key", b"value")
    assert await user.get_prefix(b"mine/") == [(b"mine/key", b"value")]
    for denied in (
        lambda: user.get(b"other"),
        lambda: user.get_prefix(b""),
        lambda: user.get_prefix(b"mine"),
        lambda: user.put(b"other", b"value"),
        lambda: user.delete_prefix(b""),
        lambda: user.count_prefix(b"other"),
        lambda: anext(user.scan_prefix(b"")),
    ):
        with pytest.raises(PermissionDeniedError):
            await denied()


async def test_denies_transactions_that_touch_one_key_too_many(user: Communicator) -> None:
    allowed = TxnOp.put(b"mine/key", b"value")
    for denied in (
        Txn().and_then([allowed, TxnOp.get(b"other")]),
        Txn().or_else([TxnOp.put(b"other", b"value")]),
        Txn().when([Key(b"other").version == 1]),
        Txn().and_then([TxnOp.delete(b"", from_key=True)]),
    ):
        with pytest.raises(PermissionDeniedError):
            await user.txn(denied)
    assert (await user.txn(Txn().and_then([allowed]))).succeeded()


async def test_denies_a_watch_and_leaves_the_others(user: Communicator, root: Communicator) -> None:
    async with user.watch_prefix(b"mine/") as allowed:
        for denied in (user.watch(b"other"), user.watch_prefix(b""), user.watch_range(b"a", b"z")):
            with pytest.raises(PermissionDeniedError):
                await tasks.wait_for(anext(denied), 5)
            with pytest.raises(PermissionDeniedError):
                await tasks.wait_for(anext(denied.batches()), 5)
        await root.put(b"other", b"value")
        await root.put(b"mine/key", b"value")
        assert (await tasks.wait_for(anext(allowed), 5)).key == b"mine/key"


async def test_a_denied_watch_is_never_ready(user: Communicator) -> None:
    ready, ended = tasks.Event(), tasks.Event()
    watch = user.watch(b"other", ready_event=ready, cleanup_event=ended)
    await tasks.wait_for(ended.wait(), 5)
    assert not ready.is_set()
    with pytest.raises(PermissionDeniedError):
        async with watch:
            pytest.fail("the watch was entered")


async def test_changes_that_are_made_once_have_their_markers_beside_the_keys(
    user: Communicator,
) -> None:
    mine = user.namespace("mine/")
    async with user.session(ttl=5) as session:
        await mine.put("key", "one", once=session)
        kv = await mine.append("jobs/", "one", once=session)
        assert kv.key == b"jobs/0000000000000000"
        assert await mine.count_prefix("__once/") == 1
        # Outside of the view the marker is not among the user's keys.
        with pytest.raises(PermissionDeniedError):
            await user.put("mine/key", "two", once=session)
    assert await mine.keys_prefix("") == [b"__sequence/jobs/", b"jobs/0000000000000000", b"key"]
    assert await mine.get("key") == b"one"
