"""Finding the endpoints of a cluster by the SRV records of its domain."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from etcd_client import Client, ConnectOptions, EtcdConnectionError, InvalidArgsError
from etcd_client.testing import EtcdServer, ServerTls
from tests.support.name_server import NameServer, Service
from tests.support.tls import OTHER_NAME, Certificates

DOMAIN = "example.test"
PLAIN = f"_etcd-client._tcp.{DOMAIN}"
SECURE = f"_etcd-client-ssl._tcp.{DOMAIN}"


MakeNameServer = Callable[[dict[str, list[Service]]], NameServer]


@pytest.fixture
def name_server() -> Iterator[MakeNameServer]:
    """Yield a function that starts a name server for the length of the test."""
    with ExitStack() as servers:
        yield lambda services: servers.enter_context(NameServer(services))


@pytest.fixture(scope="module")
def tls_server(certificates: Certificates) -> Iterator[EtcdServer]:
    """Yield a server whose certificate carries the domain `OTHER_NAME`."""
    with EtcdServer(tls=ServerTls(certificates.server_of_other_name())) as server:
        yield server


def at(server: EtcdServer, target: str = "localhost.") -> Service:
    """Return the record of a server."""
    return Service(target, server.address[1])


async def endpoints_of(client: Client) -> list[str]:
    """Connect, make a call, and return the endpoints in use."""
    async with client.connect() as communicator:
        await communicator.get("key")
        return communicator.endpoints


async def test_finds_plain_endpoints(etcd: EtcdServer, name_server: MakeNameServer) -> None:
    server = name_server({PLAIN: [at(etcd)]})
    client = Client.from_srv(DOMAIN, nameserver=server.address)
    assert await endpoints_of(client) == [f"http://localhost:{etcd.address[1]}"]
    assert set(server.queries) == {PLAIN, SECURE}


async def test_a_domain_may_end_with_a_dot(etcd: EtcdServer, name_server: MakeNameServer) -> None:
    server = name_server({PLAIN: [at(etcd)]})
    assert await endpoints_of(Client.from_srv(f"{DOMAIN}.", nameserver=server.address))


async def test_looks_again_at_each_connecting(
    etcd: EtcdServer, name_server: MakeNameServer
) -> None:
    services = {PLAIN: [at(etcd)]}
    server = name_server(services)
    client = Client.from_srv(DOMAIN, nameserver=server.address)
    assert await endpoints_of(client) == [f"http://localhost:{etcd.address[1]}"]
    services[PLAIN] = [at(etcd, "127.0.0.1.")]
    assert await endpoints_of(client) == [f"http://127.0.0.1:{etcd.address[1]}"]


async def test_a_service_name_tells_clusters_apart(
    etcd: EtcdServer, name_server: MakeNameServer
) -> None:
    server = name_server({f"_etcd-client-blue._tcp.{DOMAIN}": [at(etcd)]})
    client = Client.from_srv(DOMAIN, service_name="blue", nameserver=server.address)
    assert await endpoints_of(client)
    with pytest.raises(EtcdConnectionError, match=f"no endpoints of {DOMAIN} were found"):
        await endpoints_of(Client.from_srv(DOMAIN, nameserver=server.address))


async def test_the_preferred_endpoints_come_first(
    etcd: EtcdServer, name_server: MakeNameServer
) -> None:
    port = etcd.address[1]
    services = [
        Service("127.0.0.3.", port, priority=2),
        Service("127.0.0.2.", port, priority=1, weight=1),
        Service("127.0.0.1.", port, priority=1, weight=5),
        Service(".", port),  # says that there is no such service
    ]
    server = name_server({PLAIN: services})
    found = await endpoints_of(Client.from_srv(DOMAIN, nameserver=server.address))
    assert found == [f"http://127.0.0.{number}:{port}" for number in (1, 2, 3)]


async def test_a_certificate_carries_the_domain(
    tls_server: EtcdServer, certificates: Certificates, name_server: MakeNameServer
) -> None:
    server = name_server({f"_etcd-client-ssl._tcp.{OTHER_NAME}": [at(tls_server)]})
    options = ConnectOptions(ca=certificates.authority)
    client = Client.from_srv(OTHER_NAME, options, nameserver=server.address)
    assert await endpoints_of(client) == [f"https://localhost:{tls_server.address[1]}"]


async def test_a_certificate_of_the_host_alone_is_refused(
    certificates: Certificates, name_server: MakeNameServer
) -> None:
    """Whoever forges the answer of DNS can have a certificate for a host of his own."""
    with EtcdServer(tls=ServerTls(certificates.server())) as server:
        dns = name_server({SECURE: [at(server)]})
        options = ConnectOptions(ca=certificates.authority)
        with pytest.raises(EtcdConnectionError, match="not valid for name"):
            await endpoints_of(Client.from_srv(DOMAIN, options, nameserver=dns.address))
        named = ConnectOptions(ca=certificates.authority, server_name="localhost")
        assert await endpoints_of(Client.from_srv(DOMAIN, named, nameserver=dns.address))


async def test_plain_text_is_not_used_beside_tls(
    etcd: EtcdServer,
    tls_server: EtcdServer,
    certificates: Certificates,
    name_server: MakeNameServer,
) -> None:
    server = name_server({SECURE: [at(tls_server)], PLAIN: [at(etcd)]})
    options = ConnectOptions(ca=certificates.authority, server_name=OTHER_NAME)
    found = await endpoints_of(Client.from_srv(DOMAIN, options, nameserver=server.address))
    assert found == [f"https://localhost:{tls_server.address[1]}"]


async def test_plain_text_is_not_used_with_options_for_tls(
    etcd: EtcdServer, certificates: Certificates, name_server: MakeNameServer
) -> None:
    server = name_server({PLAIN: [at(etcd)]})
    options = ConnectOptions(ca=certificates.authority)
    with pytest.raises(EtcdConnectionError, match="no usable records"):
        await endpoints_of(Client.from_srv(DOMAIN, options, nameserver=server.address))


async def test_a_silent_name_server_uses_up_the_connect_timeout() -> None:
    options = ConnectOptions(connect_timeout=0.5)
    started = time.monotonic()
    with NameServer({}, silent=True) as server:
        client = Client.from_srv(DOMAIN, options, nameserver=server.address)
        with pytest.raises(EtcdConnectionError, match=r"within 0\.5 s"):
            await endpoints_of(client)
    assert time.monotonic() - started < 4


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"domain": ""}, "domain"),
        ({"domain": "two..dots"}, "domain"),
        ({"domain": DOMAIN, "nameserver": "dns.example.test"}, "nameserver"),
        ({"domain": DOMAIN, "nameserver": "127.0.0.1:port"}, "nameserver"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_asked(
    arguments: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidArgsError, match=f"^{named}: expected"):
        Client.from_srv(**arguments)


@pytest.mark.parametrize("named", ["domain", "service_name", "nameserver"])
def test_arguments_of_wrong_types_are_refused(named: str) -> None:
    arguments: dict[str, Any] = {"domain": DOMAIN, named: 1}
    with pytest.raises(TypeError, match=f"^{named}: expected str"):
        Client.from_srv(**arguments)
