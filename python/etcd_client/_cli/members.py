"""The members of a cluster, each with its status or the reason why it has none."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from etcd_client._communicator import Communicator
from etcd_client._etcd_client import Member, StatusResponse
from etcd_client.errors import EtcdError


@dataclass(frozen=True)
class MemberState:
    """A member, and what it says of itself."""

    member: Member
    endpoint: str
    status: StatusResponse | None
    error: str = ""
    """Why there is no status."""

    @property
    def role(self) -> str:
        """What it is in the cluster; empty if it does not answer."""
        if self.status is None:
            return ""
        if self.status.is_learner:
            return "learner"
        return "leader" if self.status.leader == self.member.id else "follower"


async def member_states(communicator: Communicator) -> list[MemberState]:
    """Ask all members of the cluster for their status.

    Each is asked at the endpoint of the communicator that leads to it, if there is one, and else at
    the addresses that it advertises.

    Args:
        communicator: A connection to some members.
    """
    listed = await communicator.cluster.member_list(linearizable=False)
    answers = await asyncio.gather(
        *(_status(communicator, endpoint) for endpoint in communicator.endpoints)
    )
    found = {
        answer.header.member_id: (endpoint, answer)
        for endpoint, answer in zip(communicator.endpoints, answers, strict=True)
        if isinstance(answer, StatusResponse)
    }
    return list(
        await asyncio.gather(*(_state(communicator, member, found) for member in listed.members))
    )


async def _state(
    communicator: Communicator, member: Member, found: dict[int, tuple[str, StatusResponse]]
) -> MemberState:
    if member.id in found:
        endpoint, status = found[member.id]
        return MemberState(member, endpoint, status)
    if not member.client_urls:
        return MemberState(member, "", None, "it has not been started")
    failure = ""
    for url in member.client_urls:
        answer = await _status(communicator, url)
        if isinstance(answer, StatusResponse):
            return MemberState(member, url, answer)
        failure = answer
    return MemberState(member, member.client_urls[0], None, failure)


async def _status(communicator: Communicator, endpoint: str) -> StatusResponse | str:
    try:
        return await communicator.maintenance.status(endpoint)
    except EtcdError as error:
        return str(error)
