"""A cluster of real members does what the fault tests need of it."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from etcd_client.testing import EtcdCluster, EtcdServer, eventually
from tests.support import gateway


def put(member: EtcdServer, value: str, within: float = 10.0) -> None:
    """Write one key through a member."""
    gateway.call(member.endpoint, "kv/put", {"key": "a2V5", "value": value}, within=within)


def local_value(member: EtcdServer) -> str | None:
    """Return the key's value as the member has it, whatever the others have."""
    body = {"key": "a2V5", "serializable": True}
    kvs: list[dict[str, Any]] = gateway.call(member.endpoint, "kv/range", body).get("kvs", [])
    return kvs[0]["value"] if kvs else None


def test_killed_leader_has_a_successor(cluster: EtcdCluster) -> None:
    first = cluster.leader()
    put(first, "b25l")
    first.kill()
    second = cluster.leader()
    assert second is not first
    put(second, "dHdv")
    first.restart()
    eventually(lambda: local_value(first) == "dHdv", within=20)


def test_frozen_leader_has_a_successor(cluster: EtcdCluster) -> None:
    first = cluster.leader()
    first.freeze()
    second = cluster.leader(other_than=first)
    put(second, "b25l")
    first.thaw()
    eventually(lambda: local_value(first) == "b25l", within=20)


@pytest.mark.parametrize("isolated_is_leader", [True, False])
def test_isolated_member_neither_sends_nor_receives(
    cluster: EtcdCluster, *, isolated_is_leader: bool
) -> None:
    isolated = cluster.leader() if isolated_is_leader else cluster.followers()[0]
    cluster.isolate(isolated)
    put(cluster.leader(other_than=isolated), "b25l")
    with pytest.raises((TimeoutError, gateway.GatewayError)):
        put(isolated, "bG9zdA==", within=1.0)
    assert local_value(isolated) is None
    cluster.heal()
    put(isolated, "dHdv")
    eventually(lambda: all(local_value(each) == "dHdv" for each in cluster.members), within=20)


def test_members_come_and_go(make_cluster: Callable[..., EtcdCluster]) -> None:
    cluster = make_cluster(1)
    put(cluster[0], "b25l")
    learner = cluster.add(learner=True)
    with pytest.raises(gateway.GatewayError, match="learner"):
        put(learner, "bm8=")
    cluster.promote(learner)
    put(learner, "dHdv")
    cluster.remove(learner)
    assert cluster.endpoints == [cluster[0].endpoint]
    put(cluster[0], "dGhyZWU=")


def test_heal_brings_everyone_back(cluster: EtcdCluster) -> None:
    cluster[0].kill()
    cluster[1].freeze()
    cluster.isolate(cluster[2])
    cluster.heal()
    for member in cluster.members:
        put(member, "b25l")


def test_wiped_for_all_members(cluster: EtcdCluster) -> None:
    """Also for one that lags behind: it would tell a new watch of the deletions."""
    put(cluster.leader(), "b25l")
    lagging = cluster.followers()[0]
    eventually(lambda: local_value(lagging) == "b25l", within=20)
    lagging.freeze()
    thawed = threading.Event()

    def thaw() -> None:
        # Before it can have any effect.
        thawed.set()
        lagging.thaw()

    late = threading.Timer(3, thaw)
    late.start()  # finding the leader takes a second, with a member that does not answer
    cluster.wipe()
    assert thawed.is_set()
    assert local_value(lagging) is None
    late.join()
