"""Opening without a context, by the environment, and while no member is there."""

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from etcd_client import (
    Client,
    ConnectOptions,
    EtcdConnectionError,
    EtcdLockOption,
    InvalidArgsError,
    InvalidUriError,
    LockLostError,
    active_context_count,
)
from etcd_client.testing import EtcdServer, Proxy, ServerTls, free_port
from tests.support import tasks
from tests.support.auth import ROOT, ROOT_PASSWORD, auth_server
from tests.support.environment import environment
from tests.support.leftovers import nothing_left
from tests.support.tls import Certificates
from tests.support.waiting import eventually_async


def nobody() -> str:
    """Return an endpoint where nothing listens."""
    return f"127.0.0.1:{free_port()}"


async def test_opens_without_a_context(client: Client) -> None:
    before = active_context_count()
    communicator = await client.open()
    assert active_context_count() == before + 1
    await communicator.put("key", "value")
    await communicator.aclose()
    assert communicator.closed
    await communicator.aclose()
    assert active_context_count() == before


async def test_opens_with_a_lock(client: Client, endpoint: str) -> None:
    communicator = await client.with_lock(EtcdLockOption("lock")).open()
    assert communicator.held_lock is not None
    assert communicator.held_lock.is_acquired
    await communicator.aclose()
    await nothing_left(endpoint)


async def test_closing_tells_of_a_lost_lock(client: Client) -> None:
    communicator = await client.with_lock(EtcdLockOption("lock", ttl=0.2)).open()
    await tasks.sleep(0.5)
    with pytest.raises(LockLostError):
        await communicator.aclose()
    assert communicator.closed


async def test_enters_while_no_member_is_there(
    etcd: EtcdServer, endpoint: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As programs for etcd-client-py 0.5.1 do, whose first call tells; so does the log."""
    assert endpoint
    with Proxy(etcd.address) as proxy:
        proxy.refuse()
        async with Client(proxy.endpoint, ConnectOptions(connect_timeout=0.5)) as communicator:
            await eventually_async(lambda: "opened without a connection: " in caplog.text)
            assert proxy.endpoint in caplog.text
            with pytest.raises(EtcdConnectionError, match=proxy.endpoint):
                await communicator.get("key", timeout=0.5)
            proxy.heal()
            await communicator.put("key", "value")


async def test_enters_within_the_connect_timeout_while_nobody_answers(proxy: Proxy) -> None:
    proxy.blackhole()
    started = time.monotonic()
    async with Client(proxy.endpoint, ConnectOptions(connect_timeout=0.5)):
        assert 0.4 < time.monotonic() - started < 4


@pytest.mark.parametrize(
    "options",
    [ConnectOptions(require_connection=True), ConnectOptions().with_require_connection(True)],
)
async def test_a_connection_can_be_required(options: ConnectOptions) -> None:
    before = active_context_count()
    with pytest.raises(EtcdConnectionError, match="refused"):
        await Client(nobody(), options.with_connect_timeout(1)).open()
    assert active_context_count() == before


async def test_a_lock_requires_a_connection() -> None:
    client = Client(nobody(), ConnectOptions(connect_timeout=1))
    with pytest.raises(EtcdConnectionError):
        await client.with_lock(EtcdLockOption("lock")).open()


async def test_contexts_share_connections_whether_they_are_required_or_not(endpoint: str) -> None:
    required = ConnectOptions(require_connection=True)
    async with Client(endpoint) as first, Client(endpoint, required) as second:
        await first.get("key")
        await second.get("key")
        assert second.stats().connects == first.stats().connects


async def test_commas_stand_between_endpoints(endpoint: str) -> None:
    dead = nobody()
    for endpoints in (f"{dead},{endpoint}", f" {dead} , {endpoint} ", [f"{dead},{endpoint}"]):
        async with Client(endpoints) as communicator:
            assert communicator.endpoints == [dead, endpoint]
            await communicator.get("key")
    with pytest.raises(InvalidUriError):
        Client(f"{endpoint},")
    async with Client("unix:/tmp/a,b.sock", ConnectOptions(connect_timeout=0.1)) as communicator:
        assert communicator.endpoints == ["unix:/tmp/a,b.sock"]
        communicator.set_endpoints([f"{dead},{endpoint}"])
        assert communicator.endpoints == [dead, endpoint]


def test_the_default_port_is_named() -> None:
    client = Client(["127.0.0.1", "https://localhost/", "[::1]", "localhost:1"])
    assert (
        repr(client) == "<Client 127.0.0.1:2379, https://localhost:2379, [::1]:2379, localhost:1>"
    )


async def test_the_environment_says_where(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETCDCTL_ENDPOINTS", f"{nobody()},{endpoint}")
    async with Client.from_env() as communicator:
        await communicator.put("key", "value")
    assert repr(Client.from_env({})) == "<Client 127.0.0.1:2379>"
    assert repr(Client.from_env({"ETCDCTL_ENDPOINTS": ""})) == "<Client 127.0.0.1:2379>"
    assert endpoint in repr(Client.from_env())
    found = Client.from_env({"ETCDCTL_DISCOVERY_SRV": "example.test", "ETCDCTL_ENDPOINTS": "a"})
    assert repr(found) == "<Client <Discovery example.test>>"


@pytest.mark.parametrize(
    "user",
    [
        {"ETCDCTL_USER": f"{ROOT}:{ROOT_PASSWORD}"},
        {"ETCDCTL_USER": ROOT, "ETCDCTL_PASSWORD": ROOT_PASSWORD},
    ],
    ids=["together", "separately"],
)
async def test_the_environment_says_who(user: dict[str, str]) -> None:
    with auth_server() as server:
        async with Client.from_env({"ETCDCTL_ENDPOINTS": server.endpoint, **user}) as communicator:
            await communicator.put("key", "value")


async def test_the_environment_has_certificates(
    make_server: Callable[..., EtcdServer], certificates: Certificates
) -> None:
    tls = ServerTls(certificates.server(), client_authority=certificates.authority)
    server = make_server(tls=tls)
    own = certificates.client()
    where = {"ETCDCTL_ENDPOINTS": "{}:{}".format(*server.address)}
    shown = {"ETCDCTL_CERT": str(own.certificate), "ETCDCTL_KEY": str(own.key)}
    for trust in (
        {"ETCDCTL_CACERT": str(certificates.authority)},
        {"ETCDCTL_INSECURE_SKIP_TLS_VERIFY": "true"},
    ):
        async with Client.from_env({**where, **shown, **trust}) as communicator:
            await communicator.put("key", "value")


async def test_the_environment_has_deadlines(proxy: Proxy) -> None:
    proxy.blackhole()
    started = time.monotonic()
    environment = {
        "ETCDCTL_ENDPOINTS": proxy.endpoint,
        "ETCDCTL_DIAL_TIMEOUT": "0.3s",
        "ETCDCTL_COMMAND_TIMEOUT": "300ms",
    }
    async with Client.from_env(environment) as communicator:
        with pytest.raises(EtcdConnectionError):
            await communicator.get("key")
    assert 0.5 < time.monotonic() - started < 6


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ETCDCTL_USER", "root"),
        ("ETCDCTL_CERT", "cert.pem"),
        ("ETCDCTL_KEY", "key.pem"),
        ("ETCDCTL_DIAL_TIMEOUT", "5"),
        ("ETCDCTL_DIAL_TIMEOUT", "0s"),
        ("ETCDCTL_DIAL_TIMEOUT", "-1s"),
        ("ETCDCTL_COMMAND_TIMEOUT", "5 s"),
        ("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", "yes"),
        ("ETCDCTL_AUTH_JWT_TOKEN", "token"),
    ],
)
def test_a_malformed_variable_is_named(name: str, text: str) -> None:
    with pytest.raises(InvalidArgsError, match=name):
        Client.from_env({name: text})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1m30s", 90), ("1h", 3600), (".5s", 0.5), ("1.5ms", 0.0015), ("2us", 2e-6)],
)
def test_times_are_those_of_go(text: str, seconds: float) -> None:
    from etcd_client._environment import read  # noqa: PLC0415

    options = read({"ETCDCTL_DIAL_TIMEOUT": text}).options
    assert options == ConnectOptions(connect_timeout=seconds)


def test_the_environment_of_the_process_is_read(endpoint: str) -> None:
    program = "from etcd_client import Client; print(Client.from_env())"
    printed = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(ETCDCTL_ENDPOINTS=endpoint),
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout == f"<Client {endpoint}>\n"
