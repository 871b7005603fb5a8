"""Looking after members: status, alarms, checksums, defragmentation, leadership, downgrades."""

import pickle
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from etcd_client import (
    AlarmMember,
    AlarmResponse,
    AlarmType,
    BadLeaderTransfereeError,
    Client,
    Communicator,
    CompactedError,
    ConnectOptions,
    DefragmentResponse,
    DowngradeAction,
    DowngradeInfo,
    DowngradeResponse,
    EtcdConnectionError,
    EtcdTimeoutError,
    FutureRevisionError,
    HashKVResponse,
    HashResponse,
    InvalidArgsError,
    InvalidDowngradeTargetVersionError,
    InvalidUriError,
    Maintenance,
    MoveLeaderResponse,
    NoInflightDowngradeError,
    NoSpaceError,
    OutcomeUnknownError,
    ResponseHeader,
    StatusResponse,
    UnimplementedError,
)
from etcd_client.testing import EtcdCluster, EtcdServer, free_port
from tests.support import tasks
from tests.support.proxies import FrontProxy
from tests.support.terms import current_term

UNKNOWN = 0xFFFF_FFFF_FFFF_FFFF


@pytest.fixture
def maintenance(communicator: Communicator) -> Maintenance:
    """Return the service of the session's server."""
    return communicator.maintenance


@pytest.fixture(scope="module")
def alarming_server() -> Iterator[EtcdServer]:
    """Yield a server of which nobody needs that it can write."""
    with EtcdServer() as server:
        yield server


async def member_id(communicator: Communicator, endpoint: str | None = None) -> int:
    """Return the id of a member."""
    return (await communicator.maintenance.status(endpoint)).header.member_id


async def test_status(etcd: EtcdServer, maintenance: Maintenance) -> None:
    status = await maintenance.status()
    assert isinstance(status, StatusResponse)
    assert isinstance(status.header, ResponseHeader)
    assert status.version == ".".join(map(str, etcd.version))
    assert status.leader == status.header.member_id != 0
    assert status.raft_term == status.header.raft_term > 0
    assert 0 < status.raft_applied_index <= status.raft_index
    assert 0 < status.db_size_in_use <= status.db_size
    assert status.errors == ()
    assert not status.is_learner
    assert pickle.loads(pickle.dumps(status)) == status  # noqa: S301


async def test_status_of_what_old_servers_do_not_tell(
    etcd: EtcdServer, maintenance: Maintenance
) -> None:
    status = await maintenance.status()
    if etcd.version < (3, 6, 0):
        assert status.storage_version is None
        assert status.db_size_quota is None
        assert status.downgrade_info is None
    else:
        major, minor, _ = etcd.version
        assert status.storage_version == f"{major}.{minor}.0"
        assert status.db_size_quota == 2 * 1024**3
        assert status.downgrade_info == DowngradeInfo(enabled=False, target_version="")


async def test_each_member_answers_for_itself(cluster: EtcdCluster) -> None:
    async with Client(cluster[0].endpoint).connect() as communicator:
        members = (await communicator.cluster.member_list()).members
        for member in cluster.members:
            (known,) = [one for one in members if one.name == member.name]
            # The second and third are no endpoints of this communicator.
            assert await member_id(communicator, member.endpoint) == known.id
            for answer in (
                await communicator.maintenance.hash(member.endpoint),
                await communicator.maintenance.hash_kv(member.endpoint),
            ):
                assert answer.header.member_id == known.id


async def test_a_dead_member_is_not_mistaken_for_another(cluster: EtcdCluster) -> None:
    dead, living, _ = cluster.members
    async with Client(cluster.endpoints).connect() as communicator:
        dead.kill()
        with pytest.raises(EtcdConnectionError, match=dead.endpoint):
            await communicator.maintenance.status(dead.endpoint)
        with pytest.raises(EtcdConnectionError):
            await communicator.maintenance.defragment(dead.endpoint)
        assert await communicator.maintenance.status(living.endpoint)
        # Without an endpoint it is a read like others, which finds a living member.
        assert await communicator.maintenance.status()


async def test_a_frozen_member_uses_up_the_deadline(cluster: EtcdCluster) -> None:
    frozen = cluster[0]
    async with Client(cluster.endpoints).connect() as communicator:
        await communicator.maintenance.status(frozen.endpoint)
        frozen.freeze()
        with pytest.raises(EtcdTimeoutError):
            await communicator.maintenance.status(frozen.endpoint, timeout=0.5)
        with pytest.raises(OutcomeUnknownError):
            await communicator.maintenance.defragment(frozen.endpoint, timeout=0.5)


async def test_an_endpoint_is_as_for_connecting(
    entrance: EtcdServer | FrontProxy, maintenance: Maintenance
) -> None:
    host, port = entrance.address
    assert await maintenance.status(f"{host}:{port}")
    with pytest.raises(EtcdConnectionError):
        await maintenance.status(f"{host}:{free_port()}")
    for call in (maintenance.status, maintenance.hash, maintenance.snapshot):
        with pytest.raises(InvalidUriError, match="endpoint"):
            await tasks.begun(call("host:port"))
        with pytest.raises(TypeError, match="endpoint: expected str"):
            await tasks.begun(call(1))  # type: ignore[arg-type]


async def test_checksums_of_equal_members_are_equal(cluster: EtcdCluster) -> None:
    async with Client(cluster.endpoints).connect() as communicator:
        revision = (await communicator.put("key", "value")).header.revision
        # A linearizable read at each member: it has applied the put by then.
        for endpoint in cluster.endpoints:
            async with Client(endpoint).connect() as at_member:
                await at_member.get("key")
        hashes = [
            await communicator.maintenance.hash_kv(endpoint, revision)
            for endpoint in cluster.endpoints
        ]
        assert all(isinstance(one, HashKVResponse) for one in hashes)
        assert len({one.hash for one in hashes}) == 1
        if cluster[0].version >= (3, 6, 0):
            assert {one.hash_revision for one in hashes} == {revision}
        else:
            assert {one.hash_revision for one in hashes} == {None}


async def test_checksums_of_revisions(communicator: Communicator, maintenance: Maintenance) -> None:
    first = (await communicator.put("key", "1")).header.revision
    last = (await communicator.put("key", "2")).header.revision
    assert await maintenance.hash(), HashResponse
    before = (await maintenance.hash_kv(revision=first)).hash
    assert (await maintenance.hash_kv(revision=last)).hash != before
    with pytest.raises(FutureRevisionError):
        await maintenance.hash_kv(revision=last + 100)
    await communicator.compact(last, physical=True)
    assert (await maintenance.hash_kv()).compact_revision == last
    with pytest.raises(CompactedError):
        await maintenance.hash_kv(revision=first)
    with pytest.raises(InvalidArgsError, match="revision"):
        await tasks.begun(maintenance.hash_kv(revision=-1))


async def test_defragmentation_gives_space_back(make_server: Callable[..., EtcdServer]) -> None:
    server = make_server()
    async with Client(server.endpoint).connect() as communicator:
        for number in range(40):
            revision = (await communicator.put("key", bytes([number]) * 500_000)).header.revision
        await communicator.compact(revision, physical=True)
        before = (await communicator.maintenance.status()).db_size
        response = await communicator.maintenance.defragment()
        assert isinstance(response, DefragmentResponse)
        assert (await communicator.maintenance.status()).db_size < before / 2
        assert await communicator.get("key") is not None


async def test_alarms_are_raised_listed_and_taken_back(alarming_server: EtcdServer) -> None:
    async with Client(alarming_server.endpoint).connect() as communicator:
        maintenance = communicator.maintenance
        member = await member_id(communicator)
        no_space = AlarmMember(member, AlarmType.NOSPACE)
        raised = await maintenance.alarm_activate(member, AlarmType.NOSPACE)
        assert isinstance(raised, AlarmResponse)
        assert raised.alarms == (no_space,)
        assert (await maintenance.alarm_list()).alarms == (no_space,)
        assert "NOSPACE" in "".join((await maintenance.status()).errors)
        with pytest.raises(NoSpaceError):
            await communicator.put("key", "value")

        for others in (
            await maintenance.alarm_disarm(UNKNOWN),
            await maintenance.alarm_disarm(alarm=AlarmType.CORRUPT),
        ):
            assert others.alarms == ()
        assert (await maintenance.alarm_disarm(member, AlarmType.NOSPACE)).alarms == (no_space,)
        assert (await maintenance.alarm_list()).alarms == ()
        await communicator.put("key", "value")


async def test_all_alarms_are_taken_back(make_cluster: Callable[..., EtcdCluster]) -> None:
    cluster = make_cluster()
    async with Client(cluster.endpoints).connect() as communicator:
        maintenance = communicator.maintenance
        members = [await member_id(communicator, endpoint) for endpoint in cluster.endpoints]
        for member in members:
            await maintenance.alarm_activate(member, AlarmType.NOSPACE)
        disarmed = await maintenance.alarm_disarm()
        assert {alarm.member_id for alarm in disarmed.alarms} == set(members)
        assert (await maintenance.alarm_list()).alarms == ()


async def test_wrong_alarms_are_refused(maintenance: Maintenance) -> None:
    with pytest.raises(TypeError, match=r"^alarm: expected AlarmType"):
        await tasks.begun(maintenance.alarm_disarm(alarm=1))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^member_id: expected int"):
        await tasks.begun(maintenance.alarm_disarm("1"))  # type: ignore[arg-type]
    with pytest.raises(InvalidArgsError, match=r"^member_id: expected"):
        await tasks.begun(maintenance.alarm_activate(-1, AlarmType.NOSPACE))


async def expect_move(cluster: EtcdCluster, move: Callable[..., Awaitable[None]]) -> None:
    """Call a function with the leader, a target and the other member: the target leads then."""
    while True:
        before = current_term(cluster)
        leader = cluster.leader()
        target, other = (member for member in cluster.members if member is not leader)
        await move(leader, target, other)
        leads = cluster.leader()
        if current_term(cluster) <= before + 1:
            assert leads is target
            return
        # A busy machine has begun other terms meanwhile.
        cluster.heal()


@pytest.mark.parametrize("known", ["leader", "follower", "all"])
async def test_leadership_is_moved_by_the_leader(cluster: EtcdCluster, known: str) -> None:
    """The request reaches the leader, whichever endpoints the communicator has."""

    async def move(leader: EtcdServer, target: EtcdServer, _: EtcdServer) -> None:
        endpoints = {
            "leader": [leader.endpoint],
            "follower": [target.endpoint],
            "all": cluster.endpoints,
        }[known]
        async with Client(endpoints).connect() as communicator:
            target_id = await member_id(communicator, target.endpoint)
            response = await communicator.maintenance.move_leader(target_id)
            assert isinstance(response, MoveLeaderResponse)

    await expect_move(cluster, move)


async def test_leadership_is_moved_past_a_frozen_member(cluster: EtcdCluster) -> None:

    async def move(_: EtcdServer, target: EtcdServer, frozen: EtcdServer) -> None:
        async with Client(cluster.endpoints, ConnectOptions(connect_timeout=3)).connect() as comm:
            target_id = await member_id(comm, target.endpoint)
            frozen.freeze()
            await comm.maintenance.move_leader(target_id)

    await expect_move(cluster, move)


async def test_leadership_goes_to_members_only(maintenance: Maintenance) -> None:
    with pytest.raises(BadLeaderTransfereeError):
        await maintenance.move_leader(UNKNOWN)
    with pytest.raises(TypeError, match="target_id"):
        await tasks.begun(maintenance.move_leader("1"))  # type: ignore[arg-type]


async def test_downgrade(etcd: EtcdServer, maintenance: Maintenance) -> None:
    major, minor, _ = etcd.version
    lower, lowest = f"{major}.{minor - 1}.0", f"{major}.{minor - 2}.0"
    if etcd.version < (3, 5, 0):
        with pytest.raises(UnimplementedError):
            await maintenance.downgrade(DowngradeAction.VALIDATE, lower)
        return
    response = await maintenance.downgrade(DowngradeAction.VALIDATE, lower)
    assert isinstance(response, DowngradeResponse)
    # 3.6 says it without the patch level.
    assert response.version in {f"{major}.{minor}.0", f"{major}.{minor}"}
    for version in (lowest, "no version"):
        with pytest.raises(InvalidDowngradeTargetVersionError):
            await maintenance.downgrade(DowngradeAction.VALIDATE, version)
    if etcd.version < (3, 6, 0):
        with pytest.raises(NoInflightDowngradeError):
            await maintenance.downgrade(DowngradeAction.CANCEL, "")
    else:  # which logs it and says that all is well
        assert await maintenance.downgrade(DowngradeAction.CANCEL, "") == response


@pytest.mark.parametrize(("action", "version"), [(0, "3.5.0"), (DowngradeAction.ENABLE, 3.5)])
async def test_wrong_downgrades_are_refused(
    maintenance: Maintenance, action: Any, version: Any
) -> None:
    with pytest.raises(TypeError, match=r"^(action|version): expected"):
        await tasks.begun(maintenance.downgrade(action, version))
