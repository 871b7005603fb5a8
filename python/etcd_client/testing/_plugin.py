"""The pytest plugin: fixtures with real etcd servers.

The fixtures are plain functions and open no connection, so that they work with and without any
plugin for coroutines.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._cluster import EtcdCluster
    from ._server import EtcdServer
    from ._shared import Shared

_MARKER = (
    "etcd(**options): start etcd_server or etcd_cluster for this test alone, with these options of "
    "EtcdServer or EtcdCluster, such as flags={'quota-backend-bytes': 16777216}"
)
# The fixtures that the marker is for.
_OF_THE_MARKER = frozenset({"etcd_server", "etcd_cluster"})
_NOT_SHARED = (
    "the marker etcd does not change the server of the fixture etcd, which all tests share: use "
    "the fixture etcd_server, or override etcd_options to start the shared server with options"
)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture(scope="session")
def etcd_options() -> dict[str, Any]:
    """Return the options of the server that `etcd` shares; override it to have others."""
    return {}


@pytest.fixture(scope="session")
def _shared_server(etcd_options: dict[str, Any]) -> Iterator[Shared[EtcdServer]]:
    from ._server import EtcdServer
    from ._shared import Shared

    with Shared(lambda: EtcdServer(**etcd_options)) as shared:
        yield shared


@pytest.fixture(scope="session")
def _shared_cluster() -> Iterator[Shared[EtcdCluster]]:
    from ._cluster import EtcdCluster
    from ._shared import Shared

    with Shared(lambda: EtcdCluster(partitionable=_can_partition())) as shared:
        yield shared


@pytest.fixture
def etcd(request: pytest.FixtureRequest, _shared_server: Shared[EtcdServer]) -> EtcdServer:
    """A real etcd without keys and leases, which all tests of the run share."""
    if _options(request) and not _OF_THE_MARKER.intersection(request.fixturenames):
        pytest.fail(_NOT_SHARED, pytrace=False)
    return _shared_server.emptied()


@pytest.fixture
def etcd_server(request: pytest.FixtureRequest) -> Iterator[EtcdServer]:
    """A real etcd of this test alone, to be stopped, killed, frozen and restarted."""
    from ._server import EtcdServer

    with EtcdServer(**_options(request)) as server:
        yield server


@pytest.fixture
def etcd_cluster(request: pytest.FixtureRequest) -> Iterator[EtcdCluster]:
    """Three members of a cluster, to be killed, frozen, restarted and isolated.

    The tests of the run share them; all faults are undone before each. A test that changes the
    membership has the marker `etcd`, so that the members are its own.
    """
    if request.node.get_closest_marker("etcd") is None:
        yield request.getfixturevalue("_shared_cluster").emptied()
        return
    from ._cluster import EtcdCluster

    with EtcdCluster(**{"partitionable": _can_partition(), **_options(request)}) as cluster:
        yield cluster


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the options of the markers; those nearest to the test win."""
    options: dict[str, Any] = {}
    for marker in request.node.iter_markers("etcd"):
        options = marker.kwargs | options
    return options


def _can_partition() -> bool:
    """Return whether `EtcdCluster.isolate` works here; it reads /proc."""
    return sys.platform == "linux"
