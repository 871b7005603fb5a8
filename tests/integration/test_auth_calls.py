"""What calls may do on servers that ask who calls, and what becomes of the tokens they carry."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from etcd_client import (
    AuthFailedError,
    Client,
    Communicator,
    Compare,
    CompareOp,
    ConnectOptions,
    PermissionDeniedError,
    PermissionType,
    Txn,
    TxnOp,
    UserEmptyError,
    WatchEvent,
)
from etcd_client.testing import EtcdServer, FlagValue, ServerTls
from tests.support import tasks
from tests.support.auth import QUICK_PASSWORDS, ROOT, ROOT_PASSWORD, add_user, auth_server, enable
from tests.support.tls import Certificates, jwt_auth_token

PASSWORD = "their own"  # noqa: S105 - of servers that live for a test
TOKEN_TTL = 2
AS_ROOT = ConnectOptions(user=ROOT, password=ROOT_PASSWORD)


@pytest.fixture(scope="module")
def server() -> Iterator[EtcdServer]:
    """Yield a server with authentication, and a role for everything under `/app/`."""
    with auth_server() as running:
        asyncio.run(add_users(running))
        yield running


async def add_users(server: EtcdServer) -> None:
    """Make `reader` and `writer`, who may read and write what is under `/app/`."""
    add_user(server, "reader", PASSWORD, role="reader")
    add_user(server, "writer", PASSWORD, role="writer")
    async with Client(server.endpoint, AS_ROOT).connect() as root:
        grant = root.auth.role_grant_permission
        await grant("reader", PermissionType.READ, "/app/", prefix=True)
        await grant("writer", PermissionType.READWRITE, "/app/", prefix=True)


@pytest.fixture(params=["simple", "jwt"])
def forgetful_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EtcdServer]:
    """Yield a server whose tokens end after two seconds, those of use included or not."""
    flags: dict[str, FlagValue] = {"auth-token-ttl": TOKEN_TTL}
    if request.param == "jwt":
        flags = {"auth-token": jwt_auth_token(tmp_path, TOKEN_TTL)}
    with auth_server(flags) as running:
        yield running


def client_of(server: EtcdServer, user: str, password: str = PASSWORD) -> Client:
    """Return a client that logs a user in."""
    return Client(server.endpoint, ConnectOptions(user=user, password=password))


async def change_password(server: EtcdServer, user: str, password: str) -> None:
    """Have `root` change a password."""
    async with Client(server.endpoint, AS_ROOT).connect() as root:
        await root.auth.user_change_password(user, password)


async def next_event(watch: "object") -> WatchEvent:
    """Return the next event, which comes soon."""
    event: WatchEvent = await tasks.wait_for(anext(watch), 5)  # type: ignore[call-overload]
    return event


async def test_a_permission_bounds_what_a_user_can_do(server: EtcdServer) -> None:
    async with (
        client_of(server, "reader").connect() as reader,
        client_of(server, "writer").connect() as writer,
    ):
        await writer.put("/app/key", "value")
        assert await reader.get("/app/key") == b"value"
        assert await reader.get_prefix("/app/") == [(b"/app/key", b"value")]
        for denied in (
            reader.put("/app/key", "another"),
            reader.delete("/app/key"),
            writer.put("/app", "outside"),
            writer.put("/app0", "outside"),
            reader.get("/other"),
            reader.get_prefix("/"),
            reader.get_prefix(""),
        ):
            with pytest.raises(PermissionDeniedError) as error:
                await denied
            assert error.value.reason == "PermissionDenied"
        assert await reader.get("/app/key") == b"value"


async def test_a_transaction_needs_every_permission(server: EtcdServer) -> None:
    async with client_of(server, "writer").connect() as writer:
        allowed = Txn().and_then([TxnOp.put("/app/key", "value"), TxnOp.get("/app/key")])
        assert (await writer.txn(allowed)).succeeded()
        for denied in (
            Txn().and_then([TxnOp.put("/app/key", "another"), TxnOp.put("/other", "value")]),
            Txn().when([Compare.version("/other", CompareOp.EQUAL, 0)]),
        ):
            with pytest.raises(PermissionDeniedError):
                await writer.txn(denied)
        assert await writer.get("/app/key") == b"value"


async def test_administration_is_for_root(server: EtcdServer) -> None:
    async with client_of(server, "writer").connect() as writer:
        for denied in (
            writer.auth.user_add("another", "secret"),
            writer.auth.role_add("another"),
            writer.auth.disable(),
            writer.cluster.member_remove(1),
            writer.maintenance.defragment(),
            writer.maintenance.hash(),
            anext(writer.maintenance.snapshot()),
        ):
            with pytest.raises(PermissionDeniedError):
                await denied
        # Of themselves users may know.
        assert (await writer.auth.user_get("writer")).roles == ("writer",)


async def test_root_may_do_everything(server: EtcdServer) -> None:
    async with Client(server.endpoint, AS_ROOT).connect() as root:
        await root.put("/anywhere", "value")
        assert (await root.maintenance.hash()).hash
        assert await anext(root.maintenance.snapshot())
        assert (await root.maintenance.status(server.endpoint)).leader


async def test_a_denied_watch_leaves_others_alone(server: EtcdServer) -> None:
    async with (
        client_of(server, "writer").connect() as writer,
        writer.watch_prefix("/app/") as allowed,
    ):
        with pytest.raises(PermissionDeniedError):
            await next_event(writer.watch("/other"))
        await writer.put("/app/watched", "value")
        assert (await next_event(allowed)).value == b"value"


async def test_several_users_in_one_process(server: EtcdServer) -> None:
    """At once, over the same endpoint, none is taken for another."""

    async def use(user: str) -> bool:
        """Whether the user can write."""
        async with client_of(server, user).connect() as communicator:
            try:
                await communicator.put("/app/key", user)
            except PermissionDeniedError:
                return False
            return True

    users = ["reader", "writer"] * 20
    assert await tasks.gather(*map(use, users)) == [user == "writer" for user in users]


@pytest.mark.parametrize("user", ["writer", "nobody"])
async def test_a_wrong_password_is_told_when_connecting(server: EtcdServer, user: str) -> None:
    started = time.monotonic()
    with pytest.raises(AuthFailedError):
        async with client_of(server, user, "wrong").connect():
            pass
    assert time.monotonic() - started < 4


async def test_a_call_without_a_user_is_refused(server: EtcdServer) -> None:
    async with Client(server.endpoint).connect() as communicator:
        for refused in (
            communicator.get("/app/key"),
            communicator.put("/app/key", "value"),
            communicator.auth.user_list(),
        ):
            with pytest.raises(UserEmptyError):
                await refused


async def test_a_user_is_of_no_concern_without_authentication(etcd: EtcdServer) -> None:
    async with client_of(etcd, "anybody").connect() as communicator:
        await communicator.put("key", "value")


async def test_authentication_is_enabled_under_open_connections() -> None:
    with EtcdServer(flags=QUICK_PASSWORDS) as server:
        async with (
            Client(server.endpoint).connect() as nameless,
            Client(server.endpoint, AS_ROOT).connect() as root,
            root.watch("key") as watch,
        ):
            await nameless.put("key", "before")
            assert (await next_event(watch)).value == b"before"
            enable(server)
            with pytest.raises(UserEmptyError):
                await nameless.put("key", "nameless")
            await root.put("key", "after")
            assert (await next_event(watch)).value == b"after"
            await root.auth.disable()
            await nameless.put("key", "again")
            assert (await next_event(watch)).value == b"again"


USES: list[Callable[[Communicator, str], Awaitable[object]]] = [
    lambda root, _: root.put("key", "2"),
    lambda root, _: root.get("key"),
    lambda root, _: root.auth.user_list(),
    lambda root, _: root.cluster.member_list(),
    lambda root, endpoint: root.maintenance.hash(endpoint),
    lambda root, _: anext(root.maintenance.snapshot()),
    lambda root, endpoint: anext(root.maintenance.snapshot(endpoint)),
]


async def test_a_token_that_ended_is_replaced(forgetful_server: EtcdServer) -> None:
    endpoint = forgetful_server.endpoint
    async with AsyncExitStack() as stack:
        roots = []
        for number in range(len(USES)):
            # Connections with the same options would share a token.
            options = AS_ROOT.with_connect_timeout(5 + number)
            roots.append(await stack.enter_async_context(Client(endpoint, options).connect()))
        await tasks.gather(*(root.put("key", "1") for root in roots))
        await tasks.sleep(TOKEN_TTL * 1.6)
        for root, use in zip(roots, USES, strict=True):
            await use(root, endpoint)


async def test_a_watch_outlives_the_token(forgetful_server: EtcdServer) -> None:
    async with (
        Client(forgetful_server.endpoint, AS_ROOT).connect() as root,
        root.watch("key") as watch,
    ):
        await tasks.sleep(TOKEN_TTL * 1.6)
        async with root.watch("key") as late:
            await root.put("key", "value")
            assert (await next_event(watch)).value == b"value"
            assert (await next_event(late)).value == b"value"


async def test_a_watch_goes_on_when_users_change(forgetful_server: EtcdServer) -> None:
    async with (
        Client(forgetful_server.endpoint, AS_ROOT).connect() as root,
        root.watch("key") as watch,
    ):
        for number in range(3):
            await root.auth.user_add(f"user-{number}", PASSWORD)
            # Each token with the old state of users and roles in it is outdated now.
            await root.put("key", str(number))
            assert (await next_event(watch)).value == str(number).encode()


async def test_many_calls_replace_one_token(forgetful_server: EtcdServer) -> None:
    async with Client(forgetful_server.endpoint, AS_ROOT).connect() as root:
        await root.put("key", "value")
        before = logins(forgetful_server)
        # A server looks once a second which tokens have ended.
        await tasks.sleep(TOKEN_TTL + 3)
        await tasks.gather(*(root.get("key") for _ in range(100)))
        # Where the machine is held up meanwhile, the new one ends, too.
        assert 1 <= logins(forgetful_server) - before <= 3


def logins(server: EtcdServer) -> int:
    """Return how often somebody has logged in."""
    return int(server.metrics().total("grpc_server_handled_total", grpc_method="Authenticate"))


async def test_a_restarted_server_knows_no_token() -> None:
    with auth_server() as server:
        async with (
            Client(server.endpoint, AS_ROOT).connect() as root,
            root.watch("key") as watch,
        ):
            await tasks.to_thread(server.restart)
            await root.put("key", "value")
            assert (await next_event(watch)).value == b"value"


async def test_a_changed_password_is_asked_for(server: EtcdServer) -> None:
    add_user(server, "forgetful", PASSWORD, role="forgetful")
    async with client_of(server, "forgetful").connect() as communicator:
        await communicator.auth.user_get("forgetful")
        await change_password(server, "forgetful", "another")
        with pytest.raises(AuthFailedError):
            await communicator.auth.user_get("forgetful")
        async with client_of(server, "forgetful", "another").connect() as renewed:
            await renewed.auth.user_get("forgetful")
        await change_password(server, "forgetful", PASSWORD)
        await communicator.auth.user_get("forgetful")


async def test_a_deleted_user_is_refused(server: EtcdServer) -> None:
    add_user(server, "leaver", PASSWORD, role="leaver")
    async with (
        client_of(server, "leaver").connect() as communicator,
        Client(server.endpoint, AS_ROOT).connect() as root,
    ):
        await communicator.auth.user_get("leaver")
        await root.auth.user_delete("leaver")
        with pytest.raises(AuthFailedError):
            await communicator.auth.user_get("leaver")


async def test_a_permission_counts_at_once(server: EtcdServer) -> None:
    async with (
        client_of(server, "reader").connect() as reader,
        Client(server.endpoint, AS_ROOT).connect() as root,
    ):
        await root.put("/new/key", "value")
        with pytest.raises(PermissionDeniedError):
            await reader.get("/new/key")
        await root.auth.role_grant_permission("reader", PermissionType.READ, "/new/key")
        assert await reader.get("/new/key") == b"value"
        await root.auth.role_revoke_permission("reader", "/new/key")
        with pytest.raises(PermissionDeniedError):
            await reader.get("/new/key")


async def test_a_certificate_names_the_user(certificates: Certificates) -> None:
    """Without a user in the options, the server takes the certificate's common name."""
    tls = ServerTls(certificates.server(), certificates.authority)
    pair = certificates.client("root")
    options = ConnectOptions(ca=certificates.authority, cert=pair.certificate, key=pair.key)
    with EtcdServer(tls=tls, flags=QUICK_PASSWORDS) as server:
        async with Client(server.endpoint, options).connect() as root:
            await set_up(root)
            await root.put("key", "value")
            await root.auth.user_list()
        pair = certificates.client("stranger")
        stranger = ConnectOptions(ca=certificates.authority, cert=pair.certificate, key=pair.key)
        async with Client(server.endpoint, stranger).connect() as communicator:
            with pytest.raises(PermissionDeniedError):
                await communicator.put("key", "value")


async def set_up(root: Communicator) -> None:
    """Make a root that has no password, and enable authentication."""
    await root.auth.user_add(ROOT, no_password=True)
    await root.auth.role_add(ROOT)
    await root.auth.user_grant_role(ROOT, ROOT)
    await root.auth.enable()
