"""Where a client connects to, and how that changes while it is connected."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    ConnectOptions,
    EtcdConnectionError,
    InvalidArgsError,
    InvalidUriError,
    cleanup_runtime,
)
from etcd_client.testing import EtcdCluster, EtcdServer, free_port
from tests.support import tasks

# Told at once, and not by the first call.
REQUIRED = ConnectOptions(require_connection=True)


@pytest.fixture(scope="module")
def socket_server() -> Iterator[EtcdServer]:
    """Yield a server that listens on a unix socket too."""
    with EtcdServer(unix_socket=True) as server:
        yield server


def nobody() -> str:
    """Return an endpoint where nothing listens."""
    return f"http://127.0.0.1:{free_port()}"


def members_led_by_the_last(cluster: EtcdCluster) -> list[EtcdServer]:
    """Return the members; the death of any but the last leaves writes in peace."""
    leader = cluster.leader()
    return [*(member for member in cluster.members if member is not leader), leader]


async def member_id(communicator: Communicator) -> int:
    """Return the id of the member that answers."""
    return (await communicator.maintenance.status()).header.member_id


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize(
    "form", ["{host}:{port}", "http://{host}:{port}", "http://{host}:{port}/", "localhost:{port}"]
)
async def test_connects_to(etcd: EtcdServer, form: str) -> None:
    host, port = etcd.address
    endpoint = form.format(host=host, port=port)
    async with Client(endpoint).connect() as communicator:
        assert communicator.endpoints == [endpoint]
        assert await communicator.get("key") is None


@pytest.mark.parametrize("scheme", ["unix:", "unix://"])
async def test_connects_to_a_socket(socket_server: EtcdServer, scheme: str) -> None:
    endpoint = socket_server.unix_endpoint.replace("unix://", scheme)
    async with Client(endpoint).connect() as communicator:
        await communicator.put("key", scheme)
        assert await communicator.get("key") == scheme.encode()


async def test_a_socket_that_is_not_there(socket_server: EtcdServer) -> None:
    endpoint = socket_server.unix_endpoint + ".none"
    with pytest.raises(EtcdConnectionError, match=r"client\.sock\.none: No such file"):
        async with Client(endpoint, REQUIRED).connect():
            pass


async def test_one_live_endpoint_of_several_is_enough(etcd: EtcdServer) -> None:
    for endpoints in ([nobody(), etcd.endpoint], (etcd.endpoint, nobody())):
        async with Client(endpoints).connect() as communicator:
            for _ in range(20):
                await communicator.get("key")


async def test_no_live_endpoint_is_told_in_the_end_with_the_reason_for_each() -> None:
    endpoints = [nobody(), nobody()]
    started = time.monotonic()
    with pytest.raises(EtcdConnectionError, match=r"within 0\.5 s") as failed:
        async with Client(endpoints, REQUIRED.with_connect_timeout(0.5)).connect():
            pass
    assert 0.4 < time.monotonic() - started < 4
    for endpoint in endpoints:
        assert f"{endpoint}: Connection refused" in str(failed.value)


async def test_a_server_that_does_not_speak_uses_up_the_connect_timeout() -> None:
    with EtcdServer() as server:
        server.freeze()
        started = time.monotonic()
        with pytest.raises(EtcdConnectionError, match=r"within 0\.5 s"):
            async with Client(server.endpoint, REQUIRED.with_connect_timeout(0.5)).connect():
                pass
        assert 0.4 < time.monotonic() - started < 4


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "http://",
        "ftp://127.0.0.1:2379",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:port",
        "http://127.0.0.1:2379/path",
        "http://user@127.0.0.1:2379",
        "::1:2379",
        "unix:",
    ],
)
def test_a_malformed_endpoint_is_named(endpoint: str) -> None:
    with pytest.raises(InvalidUriError) as refused:
        Client(["127.0.0.1:2379", endpoint])
    # A user may come with a password, which no message repeats.
    shown = endpoint.replace("user@", "***@")
    assert f'endpoint "{shown}": ' in str(refused.value)


def test_there_must_be_an_endpoint() -> None:
    with pytest.raises(InvalidArgsError, match=r"^endpoints: expected at least one endpoint"):
        Client([])


async def test_other_endpoints_are_used_from_then_on(cluster: EtcdCluster) -> None:
    first, *others = members_led_by_the_last(cluster)
    async with Client(first.endpoint).connect() as communicator:
        before = await member_id(communicator)
        communicator.set_endpoints([member.endpoint for member in others])
        assert communicator.endpoints == [member.endpoint for member in others]
        assert await member_id(communicator) != before
        first.kill()
        await communicator.put("key", "value")


async def test_a_watch_goes_on_at_other_endpoints(cluster: EtcdCluster) -> None:
    first, *others = members_led_by_the_last(cluster)
    async with Client(first.endpoint).connect() as communicator:
        # So that this member has carried out what was before the test: deletions.
        await communicator.get("key")
        async with communicator.watch("key") as watch:
            await communicator.put("key", "1")
            assert (await anext(watch)).value == b"1"
            communicator.set_endpoints(member.endpoint for member in others)
            first.kill()
            await communicator.put("key", "2")
            assert (await tasks.wait_for(anext(watch), 10)).value == b"2"


async def test_who_connects_later_is_not_concerned(cluster: EtcdCluster) -> None:
    first, second, _ = cluster.members
    client = Client(first.endpoint)
    async with client.connect() as communicator:
        communicator.set_endpoints([second.endpoint])
        async with client.connect() as another:
            assert another.endpoints == [first.endpoint]
            assert await member_id(another) != await member_id(communicator)


async def test_endpoints_outlive_the_runtime(cluster: EtcdCluster) -> None:
    first, second, _ = cluster.members
    async with Client(first.endpoint).connect() as communicator:
        communicator.set_endpoints([second.endpoint])
        cleanup_runtime()
        assert communicator.endpoints == [second.endpoint]


@pytest.mark.parametrize(
    ("endpoints", "error"),
    [
        ([], InvalidArgsError),
        (["127.0.0.1:port"], InvalidUriError),
        ("127.0.0.1:2379", TypeError),
        ([1], TypeError),
        (1, TypeError),
    ],
)
async def test_wrong_endpoints_change_nothing(
    communicator: Communicator, endpoints: Any, error: type[Exception]
) -> None:
    before = communicator.endpoints
    with pytest.raises(error, match="endpoint"):
        communicator.set_endpoints(endpoints)
    assert communicator.endpoints == before
    await communicator.get("key")


async def test_who_prints_it_sees_the_endpoints(endpoint: str) -> None:
    other = urlsplit(endpoint)._replace(netloc="127.0.0.1:1").geturl()
    client = Client([endpoint, other])
    assert repr(client) == f"<Client {endpoint}, {other}>"
    assert repr(Client.from_srv("example.com")) == "<Client <Discovery example.com>>"
    async with client as communicator:
        assert repr(communicator) == f"<Communicator {endpoint}, {other}>"
    assert repr(communicator) == "<Communicator closed>"


async def test_endpoints_of_a_closed_communicator(client: Client) -> None:
    async with client.connect() as communicator:
        pass
    with pytest.raises(ClosedError):
        communicator.set_endpoints(["127.0.0.1:2379"])
    with pytest.raises(ClosedError):
        await tasks.begun(communicator.sync_endpoints())


async def test_endpoints_are_those_of_the_members(cluster: EtcdCluster) -> None:
    first = members_led_by_the_last(cluster)[0]
    async with Client(first.endpoint).connect() as communicator:
        found = await communicator.sync_endpoints()
        assert sorted(found) == sorted(cluster.endpoints)
        assert communicator.endpoints == found
        first.kill()
        await communicator.put("key", "value")


async def test_learners_and_members_not_yet_started_are_left_out(
    make_cluster: Callable[..., EtcdCluster],
) -> None:
    cluster = make_cluster()
    cluster.add(learner=True)
    voters = cluster.endpoints[:3]
    async with Client(voters).connect() as communicator:
        assert sorted(await communicator.sync_endpoints()) == sorted(voters)
        await communicator.cluster.member_add([f"http://127.0.0.1:{free_port()}"])
        assert sorted(await communicator.sync_endpoints()) == sorted(voters)
