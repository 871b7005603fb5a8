"""Users and roles, certificates, and what a client without permission is told."""

from collections.abc import AsyncIterator, Callable

import pytest

import etcd_client.compat.aio_etcd as etcd
from etcd_client.compat.aio_etcd import auth
from etcd_client.testing import EtcdServer, ServerTls
from tests.compat.aio_etcd.conftest import MakeClient
from tests.support.auth import QUICK_PASSWORDS
from tests.support.tls import Certificates

MakeServer = Callable[..., EtcdServer]

PASSWORD = "secret"  # noqa: S105 - of servers that live for a test
OTHER = "another"


@pytest.fixture
def server(make_server: MakeServer) -> EtcdServer:
    """Return a server whose passwords are checked fast."""
    return make_server(flags=QUICK_PASSWORDS)


@pytest.fixture
async def root(server: EtcdServer, make_client: MakeClient) -> AsyncIterator[etcd.Client]:
    """Yield a client of the user root of a server with authentication."""
    port = server.address[1]
    first = make_client(port=port)
    user = auth.EtcdUser(first, "root")
    user.password = PASSWORD
    await user.write()
    assert not await auth.Auth(first).get_active()
    client = make_client(port=port, username="root", password=PASSWORD)
    await auth.Auth(client).set_active(True)
    yield client
    await auth.Auth(client).set_active(False)


async def test_users(root: etcd.Client, server: EtcdServer, make_client: MakeClient) -> None:
    stranger = make_client(port=server.address[1])
    assert await auth.Auth(root).get_active()
    user = auth.EtcdUser(root, "root")
    await user.read()
    assert user.roles == {"root"}
    assert await user.get_names() == ["root"]
    with pytest.raises(etcd.EtcdKeyNotFound):
        await auth.EtcdUser(root, "nobody").read()
    with pytest.raises(etcd.EtcdKeyNotFound):
        await auth.EtcdUser(root, "nobody").delete()
    for refused in (
        auth.EtcdUser(stranger, "root").read(),
        auth.EtcdUser(stranger, "new").write(),
        auth.EtcdUser(stranger, "root").delete(),
        stranger.get("/"),
        stranger.set("/a", "1"),
        make_client(port=server.address[1], username="root", password=OTHER).get("/"),
    ):
        with pytest.raises(etcd.EtcdInsufficientPermissions) as raised:
            await refused
        assert raised.value.payload is not None
        assert raised.value.payload["errorCode"] == 110


async def test_users_are_written(
    root: etcd.Client, server: EtcdServer, make_client: MakeClient
) -> None:
    role = auth.EtcdRole(root, "reading")
    role.acls = {"/nodes": "R", "/nodes/*": "R"}
    await role.write()
    user = auth.EtcdUser(root, "reader")
    user.roles = ["reading", "root"]
    user.password = OTHER
    await user.write()
    assert user.password is None
    user.roles.discard("root")
    user.password = PASSWORD
    await user.write()
    assert '"reading"' in str(user)
    await user.read()
    assert user.roles == {"reading"}
    reader = make_client(port=server.address[1], username="reader", password=PASSWORD)
    await root.set("/nodes/n1", "1")
    with pytest.raises(etcd.EtcdInsufficientPermissions):
        await reader.set("/nodes/n1", "2")
    unknown = auth.EtcdUser(root, "reader")
    unknown.roles = ["nonexistent"]
    with pytest.raises(etcd.EtcdKeyNotFound):
        await unknown.write()
    await user.delete()
    with pytest.raises(etcd.EtcdKeyNotFound):
        await user.read()


async def test_roles(root: etcd.Client) -> None:
    role = auth.EtcdRole(root, "role")
    role.acls = {"/*": "R", "/test/*": "RW", "/one": "W"}
    await role.write()
    again = auth.EtcdRole(root, "role")
    await again.read()
    assert again.acls == role.acls
    role.revoke("/test/*", "W")
    role.revoke("/one", "W")
    role.revoke("/unknown", "W")
    role.grant("/pub/*", "RW")
    await role.write()
    await again.read()
    assert again.acls == {"/*": "R", "/test/*": "R", "/pub/*": "RW"}
    assert sorted(await role.get_names()) == ["role", "root"]
    assert '"/pub/*": "RW"' in str(again)
    again.name = None  # type: ignore[assignment]
    with pytest.raises(etcd.EtcdException, match="expected a name"):
        await again.write()
    await role.delete()
    with pytest.raises(etcd.EtcdKeyNotFound):
        await role.read()


async def test_one_with_permissions_for_a_directory(
    root: etcd.Client, server: EtcdServer, make_client: MakeClient
) -> None:
    """What a client does in its directory needs no permission for the ones above."""
    await root.write("/mine", None, dir=True)
    role = auth.EtcdRole(root, "owner")
    role.acls = {"/mine": "RW", "/mine/*": "RW", "/": "R"}
    await role.write()
    user = auth.EtcdUser(root, "owner")
    user.roles, user.password = {"owner"}, PASSWORD
    await user.write()
    owner = make_client(port=server.address[1], username="owner", password=PASSWORD)
    made = await owner.set("/mine/a", "1")
    await owner.set("/mine/deep/b", "1")
    assert [leaf.key for leaf in (await owner.read("/mine", recursive=True)).leaves] == [
        "/mine/a",
        "/mine/deep/b",
    ]
    seen = await owner.watch("/mine/a", index=made.modifiedIndex, timeout=10)
    assert seen.value == "1"
    seen = await owner.watch("/mine", index=made.modifiedIndex, recursive=True, timeout=10)
    assert seen.key == "/mine/a"
    await owner.write("/mine/queue", "1", append=True)
    await owner.delete("/mine/a")
    with pytest.raises(etcd.EtcdInsufficientPermissions):
        await owner.set("/other", "1")


async def test_certificates(
    make_server: MakeServer, make_client: MakeClient, certificates: Certificates
) -> None:
    tls = ServerTls(certificates.server(), client_authority=certificates.authority)
    port = make_server(tls=tls).address[1]
    pair = certificates.client("someone")
    client = make_client(
        port=port,
        protocol="https",
        cert=(str(pair.certificate), str(pair.key)),
        ca_cert=str(certificates.authority),
    )
    await client.set("/a", "1")
    assert (await client.machines())[0].startswith("https://")
    unknown = make_client(port=port, protocol="https", ca_cert=str(certificates.authority))
    with pytest.raises(etcd.EtcdConnectionFailed):
        await unknown.get("/a", timeout=1)
    both = certificates.authority.parent / "both.pem"
    both.write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
    one_file = make_client(port=port, protocol="https", cert=str(both), ssl_verify=0)
    assert (await one_file.get("/a")).value == "1"


async def test_one_who_may_read_a_directory_alone(
    root: etcd.Client, server: EtcdServer, make_client: MakeClient
) -> None:
    made = await root.write("/mine/a", "1", ttl=60)
    role = auth.EtcdRole(root, "reader")
    role.acls = {"/mine": "R", "/mine/*": "R"}
    await role.write()
    user = auth.EtcdUser(root, "reader")
    user.roles, user.password = {"reader"}, PASSWORD
    await user.write()
    reader = make_client(port=server.address[1], username="reader", password=PASSWORD)
    assert (await reader.get("/mine/a")).value == "1"
    assert [child.key for child in (await reader.get("/mine")).children] == ["/mine/a"]
    with pytest.raises(etcd.EtcdKeyNotFound):
        await reader.get("/mine/b/c")
    with pytest.raises(etcd.EtcdInsufficientPermissions):
        await reader.get("/")
    await root.refresh("/mine/a", ttl=90)
    await root.delete("/mine/a")
    index = made.modifiedIndex + 1
    for path, recursive in [("/mine", True), ("/mine/a", False)]:
        # The refresh is not seen, and the deletion is no expiry.
        seen = await reader.watch(path, index=index, recursive=recursive, timeout=20)
        assert (seen.action, seen.key) == ("delete", "/mine/a")
