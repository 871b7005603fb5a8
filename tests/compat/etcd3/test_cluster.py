"""Members, their databases and their alarms."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import pytest

from etcd_client.compat import etcd3
from etcd_client.compat.etcd3 import etcdrpc
from etcd_client.compat.etcd3.exceptions import RpcError
from etcd_client.testing import EtcdCluster, EtcdServer
from tests.compat.etcd3.conftest import MakeClient


@pytest.fixture
def alone(make_client: MakeClient, make_server: Callable[..., EtcdServer]) -> etcd3.Etcd3Client:
    """Return a client of a server that the test may break."""
    return make_client(port=make_server().address[1])


def test_members(client: etcd3.Etcd3Client) -> None:
    (member,) = client.members
    assert isinstance(member, etcd3.Member)
    assert member.name == "default"
    assert str(member).startswith(f"Member {member.id}: peer urls: ['http://")
    assert all(url.startswith("http://") for url in member.peer_urls + member.client_urls)
    assert next(client.members).id == member.id


def test_changing_the_members(
    make_client: MakeClient, make_cluster: Callable[..., EtcdCluster]
) -> None:
    cluster = make_cluster(3, flags={"strict-reconfig-check": False})
    client = make_client(port=cluster.members[0].address[1])
    victim = next(found for found in client.members if found.name == cluster.members[2].name)
    victim.remove()
    cluster.members[2].stop()
    assert victim.id not in [member.id for member in client.members]
    added = client.add_member(["http://127.0.0.1:1"])
    added.update(["http://127.0.0.1:2"])
    assert [found.peer_urls for found in client.members if found.id == added.id] == [
        ["http://127.0.0.1:2"]
    ]
    client.remove_member(added.id)
    assert added.id not in [member.id for member in client.members]
    with pytest.raises(RpcError, match="member not found"):
        client.update_member(added.id, ["http://127.0.0.1:3"])


def test_status(client: etcd3.Etcd3Client) -> None:
    status = client.status()
    assert isinstance(status.leader, etcd3.Member)
    assert status.leader.id == next(client.members).id
    assert status.version.count(".") == 2
    assert min(status.db_size, status.raft_index, status.raft_term) > 0


def test_database(alone: etcd3.Etcd3Client) -> None:
    revision = alone.put("a", "1").header.revision
    alone.put("a", "2")
    assert isinstance(alone.hash(), int)
    alone.compact(revision + 1, physical=True)
    with pytest.raises(RpcError, match="compacted"):
        alone.compact(revision)
    with pytest.raises(RpcError, match="compacted"):
        alone.get("a", revision=revision)
    alone.defragment()
    file = io.BytesIO()
    alone.snapshot(file)
    assert file.getbuffer().nbytes > 10_000


def test_alarms(alone: etcd3.Etcd3Client) -> None:
    """Those of one member can be told from those of others."""
    member = next(alone.members)
    (own,) = alone.create_alarm(member.id)
    assert (own.member_id, own.alarm_type) == (member.id, etcdrpc.NOSPACE)
    (of_all,) = alone.create_alarm()
    assert of_all.member_id == 0
    assert len(list(alone.list_alarms())) == 2
    assert len(list(alone.list_alarms(alarm_type="no space"))) == 2
    assert len(list(member.active_alarms)) == 2
    assert list(alone.list_alarms(member.id + 1)) == [of_all]
    assert isinstance(alone.list_alarms(), Iterator)
    assert alone.disarm_alarm(member.id) == [own]
    assert list(alone.list_alarms()) == [of_all]
    alone.create_alarm(member.id)
    assert len(alone.disarm_alarm()) == 2
    assert list(alone.list_alarms()) == []
