"""Fixtures for every test: real etcd servers, and clients connected to them.

`etcd_client` is imported inside the fixtures, so that the tests of the tools run without it.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import gateway
from tests.support.cluster import EtcdCluster
from tests.support.proxy import Proxy
from tests.support.server import EtcdServer
from tests.support.tls import Certificates

if TYPE_CHECKING:
    from etcd_client import Client, Communicator

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers of this suite."""
    config.addinivalue_line("markers", "both_loops: run the test under asyncio and under uvloop")
    config.addinivalue_line("markers", "full_faults: run the test with --full-faults only")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of this suite."""
    parser.addoption(
        "--full-faults",
        action="store_true",
        help="run the whole fault suite, which takes tens of minutes, not one of each kind",
    )
    parser.addoption(
        "--fault-seed",
        default=secrets.token_hex(4),
        help="the seed of everything random in the fault suite, to repeat a run",
    )


def pytest_report_header(config: pytest.Config) -> str:
    """Name the seed of this run."""
    return f"faults: --fault-seed {config.getoption('fault_seed')}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long fault tests unless they were asked for."""
    if config.getoption("full_faults"):
        return
    long = [item for item in items if item.get_closest_marker("full_faults") is not None]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


def pytest_asyncio_loop_factories(
    config: pytest.Config,  # noqa: ARG001 - named by the hook
    item: pytest.Item,
) -> Mapping[str, LoopFactory]:
    """Run a test marked `both_loops` once on each kind of event loop, any other on asyncio's."""
    loops: dict[str, LoopFactory] = {"asyncio": asyncio.new_event_loop}
    if item.get_closest_marker("both_loops") is not None:
        import uvloop  # noqa: PLC0415 - does not exist for every platform

        loops["uvloop"] = uvloop.new_event_loop
    return loops


@pytest.fixture(scope="session")
def etcd() -> Iterator[EtcdServer]:
    """One server for the whole run; a test that breaks it or needs flags makes its own."""
    with EtcdServer() as server:
        yield server


@pytest.fixture
def endpoint(etcd: EtcdServer) -> str:
    """Return the URL of the session's server, with no key and no lease on it."""
    gateway.wipe(etcd.endpoint)
    return etcd.endpoint


@pytest.fixture
def client(endpoint: str) -> "Client":
    """Return a client of the session's server, not yet connected."""
    from etcd_client import Client  # noqa: PLC0415

    return Client([endpoint])


@pytest.fixture
async def communicator(client: "Client") -> "AsyncIterator[Communicator]":
    """Yield an open connection to the session's server."""
    async with client.connect() as connected:
        yield connected


@pytest.fixture
def make_server() -> Iterator[Callable[..., EtcdServer]]:
    """Yield a function that starts a server with the given options for the length of the test."""
    with ExitStack() as servers:
        yield lambda **options: servers.enter_context(EtcdServer(**options))


@pytest.fixture
def make_cluster() -> Iterator[Callable[..., EtcdCluster]]:
    """Yield a function that starts a cluster for the length of the test."""
    with ExitStack() as clusters:
        yield lambda *size, **options: clusters.enter_context(EtcdCluster(*size, **options))


@pytest.fixture(scope="session")
def three_members() -> Iterator[EtcdCluster]:
    """Three members that can be partitioned, for the whole run; see `cluster`."""
    # Half of etcd's defaults: every test that loses its leader waits for another one.
    flags = {"heartbeat-interval": 50, "election-timeout": 500}
    with EtcdCluster(flags=flags, partitionable=True) as members:
        yield members


@pytest.fixture
def cluster(three_members: EtcdCluster) -> EtcdCluster:
    """Return a healthy, empty cluster of three, whatever faults the test before has left.

    Tests that change the membership take `make_cluster` instead.
    """
    three_members.heal()
    gateway.wipe(three_members.leader().endpoint)
    return three_members


@pytest.fixture
def proxy(etcd: EtcdServer) -> Iterator[Proxy]:
    """Yield a proxy in front of the session's server."""
    with Proxy(etcd.address) as forwarding:
        yield forwarding


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return a certificate authority for the whole run."""
    return Certificates(Path(tmp_path_factory.mktemp("certificates")))
