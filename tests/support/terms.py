"""The terms of a cluster, each with one leader: a busy machine may begin another at any time."""

from collections.abc import Callable
from typing import TypeVar

from etcd_client.testing import EtcdCluster
from tests.support import gateway

T = TypeVar("T")

_ATTEMPTS = 10


def current_term(cluster: EtcdCluster) -> int:
    """Return the number of the term, which grows with each election."""
    return int(gateway.call(cluster.leader().endpoint, "maintenance/status")["raftTerm"])


def in_one_term(cluster: EtcdCluster, step: Callable[[], T]) -> T:
    """Return what a step returns; it is repeated if there was an election meanwhile."""
    for _ in range(_ATTEMPTS):
        before = current_term(cluster)
        result = step()
        if current_term(cluster) == before:
            return result
    message = f"there was an election in each of {_ATTEMPTS} attempts"
    raise AssertionError(message)
