"""The members of a cluster: listed, added, promoted, updated and removed."""

import copy
import pickle
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from etcd_client import (
    Client,
    Communicator,
    EtcdTimeoutError,
    InvalidArgsError,
    Member,
    MemberAddResponse,
    MemberBadURLsError,
    MemberListResponse,
    MemberNotFoundError,
    MemberNotLearnerError,
    MemberPromoteResponse,
    MemberRemoveResponse,
    MemberUpdateResponse,
    NoLeaderError,
    OutcomeUnknownError,
    PeerURLExistError,
    ResponseHeader,
    RpcError,
    TooManyLearnersError,
)
from etcd_client.testing import EtcdCluster, EtcdServer, free_port
from tests.support import tasks
from tests.support.waiting import eventually_async

T = TypeVar("T")

UNKNOWN = 0xFFFF_FFFF_FFFF_FFFF


def peer_url() -> str:
    """Return a peer URL that no member has."""
    return f"http://127.0.0.1:{free_port()}"


async def test_lists_the_members(etcd: EtcdServer, communicator: Communicator) -> None:
    response = await communicator.cluster.member_list()
    assert isinstance(response, MemberListResponse)
    assert isinstance(response.header, ResponseHeader)
    assert response.header.cluster_id != 0
    (member,) = response.members
    assert member == Member(
        id=response.header.member_id,
        name=etcd.name,
        peer_urls=(etcd.peer_url,),
        client_urls=(etcd.endpoint,),
        is_learner=False,
    )
    assert copy.copy(member) == pickle.loads(pickle.dumps(member)) == member  # noqa: S301
    assert repr(member).startswith("Member(id=")


async def test_a_list_that_needs_no_quorum(
    etcd: EtcdServer, make_cluster: Callable[..., EtcdCluster]
) -> None:
    cluster = make_cluster()
    alone = cluster[0]
    for other in cluster.members[1:]:
        other.kill()
    async with Client(alone.endpoint).connect() as communicator:
        response = await communicator.cluster.member_list(linearizable=False)
        assert {member.name for member in response.members} == {m.name for m in cluster.members}
        if etcd.version >= (3, 5, 0):
            with pytest.raises((EtcdTimeoutError, NoLeaderError)):
                await communicator.cluster.member_list(timeout=2)
        else:
            # 3.4 has no lists that the cluster agrees on: it answers from what it has, as long
            # as it takes the other members for living.
            async def refuses() -> bool:
                try:
                    await communicator.cluster.member_list(timeout=1)
                except (EtcdTimeoutError, NoLeaderError):
                    return True
                return False

            await eventually_async(refuses, within=10)


async def once_ready(change: Callable[[], Awaitable[T]]) -> T:
    """Make a change that is refused as long as members are taken for unhealthy or behind."""
    deadline = time.monotonic() + 15
    while True:
        try:
            return await change()
        except RpcError as error:
            if error.reason not in {"Unhealthy", "LearnerNotReady"} or time.monotonic() > deadline:
                raise
        await tasks.sleep(0.1)


async def test_a_member_comes_and_goes(make_cluster: Callable[..., EtcdCluster]) -> None:
    cluster = make_cluster()
    async with Client(cluster.endpoints).connect() as communicator:
        members = communicator.cluster
        with pytest.raises(PeerURLExistError):
            await once_ready(lambda: members.member_add([cluster[0].peer_url]))

        url, other_url = peer_url(), peer_url()
        added = await once_ready(lambda: members.member_add([url]))
        assert isinstance(added, MemberAddResponse)
        member = added.member
        assert member == Member(member.id, "", (url,), (), is_learner=False)
        assert member in added.members
        assert len(added.members) == 4

        updated = await members.member_update(member.id, [other_url, url])
        assert isinstance(updated, MemberUpdateResponse)
        (changed,) = [one for one in updated.members if one.id == member.id]
        assert set(changed.peer_urls) == {url, other_url}

        removed = await members.member_remove(member.id)
        assert isinstance(removed, MemberRemoveResponse)
        assert len(removed.members) == 3
        with pytest.raises(MemberNotFoundError):
            await members.member_remove(member.id)


async def test_a_learner_is_promoted(make_cluster: Callable[..., EtcdCluster]) -> None:
    cluster = make_cluster()
    async with Client(cluster.endpoints).connect() as communicator:
        members = communicator.cluster
        learner = await join_as_learner(cluster, communicator)
        with pytest.raises(TooManyLearnersError):
            await once_ready(lambda: members.member_add([peer_url()], is_learner=True))

        promoted = await once_ready(lambda: members.member_promote(learner.id))
        assert isinstance(promoted, MemberPromoteResponse)
        assert not any(member.is_learner for member in promoted.members)
        with pytest.raises(MemberNotLearnerError):
            await once_ready(lambda: members.member_promote(learner.id))


async def join_as_learner(cluster: EtcdCluster, communicator: Communicator) -> Member:
    """Have a learner join; return it as the cluster knows it."""
    name = cluster.add(learner=True).name

    async def of_that_name() -> list[Member]:
        members = (await communicator.cluster.member_list()).members
        return [member for member in members if member.name == name]

    # It serves before the others know its name.
    (learner,) = await eventually_async(of_that_name, within=30)
    assert learner.is_learner
    return learner


async def test_what_the_server_refuses(communicator: Communicator) -> None:
    with pytest.raises(MemberBadURLsError):
        await communicator.cluster.member_add(["no url"])
    # One after another: raft drops a change of the members that comes while another is pending.
    with pytest.raises(MemberNotFoundError):
        await communicator.cluster.member_promote(UNKNOWN)
    with pytest.raises(MemberNotFoundError):
        await communicator.cluster.member_update(UNKNOWN, [peer_url()])
    with pytest.raises(MemberNotFoundError):
        await communicator.cluster.member_remove(UNKNOWN)


async def test_a_change_that_may_have_been_made(make_cluster: Callable[..., EtcdCluster]) -> None:
    server = make_cluster(1)[0]
    async with Client(server.endpoint).connect() as communicator:
        server.freeze()
        with pytest.raises(OutcomeUnknownError) as unknown:
            await communicator.cluster.member_add([peer_url()], timeout=0.5)
        assert isinstance(unknown.value, EtcdTimeoutError)
        server.thaw()


@pytest.mark.parametrize(
    ("peer_urls", "error"),
    [([], InvalidArgsError), ("http://127.0.0.1:1", TypeError), ([1], TypeError), (1, TypeError)],
)
async def test_wrong_peer_urls_are_refused(
    communicator: Communicator, peer_urls: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"^peer_urls: expected"):
        await tasks.begun(communicator.cluster.member_add(peer_urls))
    with pytest.raises(error, match=r"^peer_urls: expected"):
        await tasks.begun(communicator.cluster.member_update(1, peer_urls))


@pytest.mark.parametrize(
    ("member_id", "error"),
    [("1", TypeError), (True, TypeError), (-1, InvalidArgsError), (2**64, InvalidArgsError)],
)
async def test_wrong_ids_are_refused(
    communicator: Communicator, member_id: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"^member_id: expected"):
        await tasks.begun(communicator.cluster.member_remove(member_id))
    with pytest.raises(error, match=r"^member_id: expected"):
        await tasks.begun(communicator.cluster.member_promote(member_id))
    with pytest.raises(error, match=r"^member_id: expected"):
        await tasks.begun(communicator.cluster.member_update(member_id, [peer_url()]))
