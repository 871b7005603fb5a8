"""What API v2 says of the members of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ._connection import Connected
from ._errors import EtcdException, translated

if TYPE_CHECKING:
    from etcd_client import Member, StatusResponse


class ClusterCalls(Connected):
    """The part of `Client` that is about the members."""

    async def machines(self) -> list[str]:
        """Return the client URLs of all members."""
        with translated():
            listed = await (await self._communicator()).cluster.member_list()
        return [url for member in listed.members for url in member.client_urls]

    async def members(self) -> dict[str, dict[str, object]]:
        """Return all members by their ids: `id`, `name`, `peerURLs`, `clientURLs`."""
        with translated():
            listed = await (await self._communicator()).cluster.member_list()
        return {_id(member.id): _member(member) for member in listed.members}

    async def leader(self) -> dict[str, object]:
        """Return the member that leads.

        Raises:
            EtcdException: There is no leader.
        """
        status = await self._status()
        leader = (await self.members()).get(_id(status.leader))
        if leader is None:
            message = "Cannot get leader data"
            raise EtcdException(message)
        return leader

    async def stats(self) -> dict[str, object]:
        """Return `id`, `name`, `state` and `leaderInfo` of the member that answers."""
        status = await self._status()
        own = _id(status.header.member_id)
        known = (await self.members()).get(own, {})
        leads = status.leader == status.header.member_id
        return {
            "id": own,
            "name": known.get("name", ""),
            "state": "StateLeader" if leads else "StateFollower",
            "leaderInfo": {"leader": _id(status.leader)},
        }

    async def leader_stats(self) -> dict[str, object]:
        """Return the ids of the leader and of its followers."""
        leader = _id((await self._status()).leader)
        followers: dict[str, object] = {
            member: {} for member in await self.members() if member != leader
        }
        return {"leader": leader, "followers": followers}

    async def store_stats(self) -> NoReturn:
        """Raise an error: etcd v3 counts no operations; its metrics page does.

        Raises:
            EtcdException: Always.
        """
        message = "store_stats: etcd v3 has no such statistics; see its /metrics page"
        raise EtcdException(message)

    async def _status(self) -> StatusResponse:
        with translated():
            return await (await self._communicator()).maintenance.status()


def _id(number: int) -> str:
    return f"{number:x}"


def _member(member: Member) -> dict[str, object]:
    return {
        "id": _id(member.id),
        "name": member.name,
        "peerURLs": list(member.peer_urls),
        "clientURLs": list(member.client_urls),
    }
