"""Fixtures for every test: real etcd servers, and clients connected to them."""

import asyncio
import secrets
import signal
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
from tests.support.threads import left_out, running
from tests.support.tls import Certificates

LoopFactory = Callable[[], asyncio.AbstractEventLoop]
# Those of `--loop` that have asyncio's tasks.
OF_ASYNCIO = ("asyncio", "uvloop")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers of this suite, and let its programs be interrupted."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # So it is in a shell's background, and what a test starts would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("loop") not in OF_ASYNCIO:
        # Leaves async tests and fixtures to what is below.
        config.option.asyncio_mode = "strict"
    if config.getoption("loop") == "threads":
        from tests.support.threads import names  # noqa: PLC0415 - it takes a while to make them

        names.install()
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
        choices=(*OF_ASYNCIO, "trio", "threads"),
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
    loop = config.getoption("loop")
    if loop not in OF_ASYNCIO:
        markers.append("asyncio_only")
    front = config.getoption("front")

    def is_left_out(item: pytest.Item) -> bool:
        if front is not None and excluded(front, item.nodeid) is not None:
            return True
        if loop == "threads" and left_out.reason(item.nodeid) is not None:
            return True
        return any(item.get_closest_marker(name) is not None for name in markers)

    deselected = {item for item in items if is_left_out(item)}
    config.hook.pytest_deselected(items=list(deselected))
    items[:] = [item for item in items if item not in deselected]


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> None:
    """Let anyio run the async tests on trio."""
    on_trio = collector.config.getoption("loop") == "trio"
    if on_trio and collector.istestfunction(obj, name) and iscoroutinefunction(obj):
        pytest.mark.usefixtures("anyio_backend")(obj)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """Run async tests without an event loop."""
    if pyfuncitem.config.getoption("loop") == "threads":
        pyfuncitem.obj = running.synchronous(pyfuncitem.obj)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> None:
    """Set up async fixtures without an event loop."""
    if request.config.getoption("loop") == "threads":
        # It is declared as read-only, but this is how plugins do it.
        fixturedef.func = running.synchronous(fixturedef.func)  # type: ignore[misc]


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, LoopFactory]:
    """Run a test marked `both_loops` on each kind of event loop, any other on that of `--loop`."""
    loops: dict[str, LoopFactory] = {}
    on_uvloop = config.getoption("loop") == "uvloop"
    if not on_uvloop:
        loops["asyncio"] = asyncio.new_event_loop
    if on_uvloop or item.get_closest_marker("both_loops") is not None:
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


@pytest.fixture(scope="session", autouse=True)
def _trust(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let tests which know nothing of TLS trust the proxy of `--front`.

    From the first test on: a process reads the system's authorities once.
    """
    name = request.config.getoption("front")
    if name is None or not FRONTS[name][1]:
        yield
        return
    certificates: Certificates = request.getfixturevalue("certificates")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(certificates.authority))
        yield


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
    with (
        pytest.MonkeyPatch.context() as patch,
        kind(etcd.address, tls=certificates.server() if secure else None) as front,
    ):
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
    from etcd_client import Client  # noqa: PLC0415 - another one with `--loop threads`

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
def three_members() -> Iterator[Callable[[], EtcdCluster]]:
    """Yield a function that heals and wipes three members for each test; see `cluster`."""
    # Half of etcd's defaults: every test that loses its leader waits for another one.
    flags = {"heartbeat-interval": 50, "election-timeout": 500}

    with ExitStack() as clusters:

        def start() -> EtcdCluster:
            return clusters.enter_context(EtcdCluster(flags=flags, partitionable=True))

        members = start()

        def healthy() -> EtcdCluster:
            nonlocal members
            members.heal()
            try:
                members.wipe()
            except (AssertionError, gateway.GatewayError, OSError):
                # Before etcd 3.5.3, a member that is killed at work may lose a write for ever, and
                # never reaches the others' revision again (etcd-io/etcd#13766). And the leader may
                # change while it wipes.
                members.close()
                members = start()
            return members

        yield healthy


@pytest.fixture
def cluster(three_members: Callable[[], EtcdCluster]) -> EtcdCluster:
    """Return a healthy, empty cluster of three, whatever faults the test before has left.

    Tests that change the membership take `make_cluster` instead.
    """
    return three_members()


@pytest.fixture
def proxy(entrance: EtcdServer | FrontProxy) -> Iterator[Proxy]:
    """Yield a proxy in front of the session's server."""
    with Proxy(entrance.address, scheme=urlsplit(entrance.endpoint).scheme) as forwarding:
        yield forwarding


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return a certificate authority for the whole run."""
    return Certificates(Path(tmp_path_factory.mktemp("certificates")))
