"""Clusters behind proxies, and the seeds of what happens at random."""

import random
from collections.abc import AsyncIterator, Iterator

import pytest

from etcd_client import Client, Communicator
from etcd_client.testing import EtcdCluster
from tests.support.front import Front


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Return the source of all randomness of a test, from the run's seed and the test's name.

    The seed stands in the header of the run and in the output of each test that fails:
    `--fault-seed` with it repeats the schedule of faults.
    """
    seed = request.config.getoption("fault_seed")
    print(f"--fault-seed {seed}")
    return random.Random(f"{seed} {request.node.name}")


@pytest.fixture
def front(cluster: EtcdCluster) -> Iterator[Front]:
    """Yield a proxy in front of each member of a healthy, empty cluster of three."""
    proxies = Front(cluster)
    yield proxies
    proxies.close()


@pytest.fixture
async def through_front(front: Front) -> AsyncIterator[Communicator]:
    """Yield a connection to the cluster through the proxies."""
    async with Client(front.endpoints).connect() as communicator:
        yield communicator


@pytest.fixture
async def direct(cluster: EtcdCluster) -> AsyncIterator[Communicator]:
    """Yield a connection to the cluster that no proxy disturbs."""
    async with Client(cluster.endpoints).connect() as communicator:
        yield communicator
