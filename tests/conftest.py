"""Fixtures for every test: real etcd servers, and clients connected to them."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack
from inspect import iscoroutinefunction
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from etcd_client import Client, Communicator
from etcd_client.testing import EtcdCluster, EtcdServer, Proxy
from tests.support import gateway
from tests.support.proxies import FRONTS, FrontProxy
from tests.support.proxies.not_carried import excluded
from tests.support.tls import Certificates

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers of this suite."""
    if config.getoption("loop") == "trio":
        # Leaves async tests and fixtures to anyio; see `pytest_pycollect_makeitem`.
        config.option.asyncio_mode = "strict"
    config.addinivalue_line("markers", "both_loops: run the test under asyncio and under uvloop")
    config.addinivalue_line("markers", "asyncio_only: leave the test out on other event loops")
    config.addinivalue_line("markers", "full_faults: run the test with --full-faults only")
    config.addinivalue_line("markers", "proxies: run the test with --proxies only")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of this suite."""
    parser.addoption(
        "--full-faults",
        action="store_true",
        help="run the whole fault suite, which takes tens of minutes, not one of each kind",
    )
    parser.addoption(
        "--front",
        choices=tuple(FRONTS),
        help="put this proxy in front of the session's server; it has to be installed",
    )
    parser.addoption(
        "--proxies",
        action="store_true",
        help="run the tests of proxies in front of etcd, which have to be installed",
    )
    parser.addoption(
        "--loop",
        choices=("asyncio", "trio"),
        default="asyncio",
        help="run the async tests on this event loop",
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
    """Deselect tests that must be requested, and those that a front or a loop cannot run."""
    asked_for = ("full_faults", "proxies")
    markers = [name for name in asked_for if not config.getoption(name)]
    if config.getoption("loop") != "asyncio":
        markers.append("asyncio_only")
    front = config.getoption("front")

    def is_left_out(item: pytest.Item) -> bool:
        if front is not None and excluded(front, item.nodeid) is not None:
            return True
        return any(item.get_closest_marker(name) is not None for name in markers)

    left_out = [item for item in items if is_left_out(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> None:
    """Let anyio run the async tests on trio."""
    on_trio = collector.config.getoption("loop") == "trio"
    if on_trio and collector.istestfunction(obj, name) and iscoroutinefunction(obj):
        pytest.mark.usefixtures("anyio_backend")(obj)


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
def anyio_backend(pytestconfig: pytest.Config) -> str:
    """Return the event loop of the tests that anyio runs."""
    return str(pytestconfig.getoption("loop"))


@pytest.fixture(scope="session")
def etcd() -> Iterator[EtcdServer]:
    """One server for the whole run; a test that breaks it or needs flags makes its own."""
    with EtcdServer() as server:
        yield server


@pytest.fixture(scope="session")
def entrance(
    request: pytest.FixtureRequest, etcd: EtcdServer, certificates: Certificates
) -> Iterator[EtcdServer | FrontProxy]:
    """Yield where clients find the session's server: at itself, or at the proxy of `--front`."""
    name = request.config.getoption("front")
    if name is None:
        yield etcd
        return
    kind, secure = FRONTS[name]
    with pytest.MonkeyPatch.context() as patch:
        if secure:
            # So that tests which know nothing of TLS trust the proxy.
            patch.setenv("SSL_CERT_FILE", str(certificates.authority))
        with kind(etcd.address, certificates.server() if secure else None) as front:
            patch.setitem(gateway.behind, front.endpoint, etcd.endpoint)
            yield front


@pytest.fixture
def endpoint(entrance: EtcdServer | FrontProxy) -> str:
    """Return where the session's server is reached, with no key and no lease on it."""
    gateway.wipe(entrance.endpoint)
    return entrance.endpoint


@pytest.fixture
def client(endpoint: str) -> Client:
    """Return a client of the session's server, not yet connected."""
    return Client([endpoint])


@pytest.fixture
async def communicator(client: Client) -> AsyncIterator[Communicator]:
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
def proxy(entrance: EtcdServer | FrontProxy) -> Iterator[Proxy]:
    """Yield a proxy in front of the session's server."""
    with Proxy(entrance.address, scheme=urlsplit(entrance.endpoint).scheme) as forwarding:
        yield forwarding


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return a certificate authority for the whole run."""
    return Certificates(Path(tmp_path_factory.mktemp("certificates")))
