"""The members of the cluster, their databases and alarms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import etcd_client
from etcd_client import AlarmResponse, AlarmType

from . import etcdrpc
from ._connection import Connection
from ._errors import translating

_ALARMS = {"none": AlarmType.NONE, "no space": AlarmType.NOSPACE}


class BinaryFile(Protocol):
    """A file to write to."""

    def write(self, part: bytes, /) -> object:
        """Write a part."""


@dataclass(frozen=True)
class Alarm:
    """An active alarm."""

    alarm_type: int
    """Its kind: `etcdrpc.NOSPACE` or `etcdrpc.CORRUPT`."""
    member_id: int
    """The id of the member; 0 if it was raised for all of them."""


@dataclass(frozen=True)
class Status:
    """The status of a member."""

    version: str
    """The version of etcd."""
    db_size: int
    """The size of the database, in bytes."""
    leader: Member | None
    """The leader; None if there is none."""
    raft_index: int
    """The raft index."""
    raft_term: int
    """The raft term."""


class MemberCalls(Connection):
    """The calls for members and their databases."""

    @property
    def members(self) -> Iterator[Member]:
        """The members of the cluster."""
        return iter(self._members())

    @translating
    def _members(self) -> list[Member]:
        found = self.communicator.cluster.member_list(timeout=self.timeout).members
        return [self._member(member) for member in found]

    def _member(self, member: etcd_client.Member) -> Member:
        urls = list(member.peer_urls), list(member.client_urls)
        return Member(member.id, member.name, *urls, etcd_client=self)

    @translating
    def add_member(self, urls: Iterable[str]) -> Member:
        """Add a member to the cluster.

        Args:
            urls: The URLs at which it listens for the other members.
        """
        cluster = self.communicator.cluster
        return self._member(cluster.member_add(urls, timeout=self.timeout).member)

    @translating
    def remove_member(self, member_id: int) -> None:
        """Remove a member from the cluster.

        Args:
            member_id: The id of the member.
        """
        self.communicator.cluster.member_remove(member_id, timeout=self.timeout)

    @translating
    def update_member(self, member_id: int, peer_urls: Iterable[str]) -> None:
        """Change the peer URLs of a member.

        Args:
            member_id: The id of the member.
            peer_urls: The URLs.
        """
        self.communicator.cluster.member_update(member_id, peer_urls, timeout=self.timeout)

    @translating
    def status(self) -> Status:
        """Get the status of the member in use."""
        found = self.communicator.maintenance.status(timeout=self.timeout)
        leader = next((member for member in self.members if member.id == found.leader), None)
        return Status(found.version, found.db_size, leader, found.raft_index, found.raft_term)

    @translating
    def compact(self, revision: int, physical: bool = False) -> None:
        """Compact the history: superseded values before a revision are removed.

        Args:
            revision: The revision.
            physical: Whether to wait until they are removed from the database.

        Raises:
            RpcError: It has been compacted already, or is in the future.
        """
        self.communicator.compact(revision, physical=physical, timeout=self.timeout)

    @translating
    def defragment(self) -> None:
        """Defragment the database of the member in use, which gives space back to the disk."""
        self.communicator.maintenance.defragment(timeout=self.timeout)

    @translating
    def hash(self) -> int:
        """Compute a checksum of the database of the member in use."""
        return self.communicator.maintenance.hash(timeout=self.timeout).hash

    @translating
    def create_alarm(self, member_id: int = 0) -> list[Alarm]:
        """Raise the alarm that space is exhausted: the cluster refuses writes.

        Args:
            member_id: The id of the member; 0 for all of them.

        Returns:
            The alarm.
        """
        maintenance = self.communicator.maintenance
        return _alarms(
            maintenance.alarm_activate(member_id, AlarmType.NOSPACE, timeout=self.timeout)
        )

    @translating
    def list_alarms(self, member_id: int = 0, alarm_type: str = "none") -> Iterator[Alarm]:
        """List the active alarms.

        Args:
            member_id: The id of a member, for its alarms and those of all members; 0 for the
                alarms of every member.
            alarm_type: `no space` for only those, `none` for all kinds.

        Raises:
            ValueError: There is no such kind.
        """
        if alarm_type not in _ALARMS:
            message = f"alarm_type must be one of {', '.join(_ALARMS)}, not {alarm_type!r}"
            raise ValueError(message)
        kind = _ALARMS[alarm_type].value
        found = _alarms(self.communicator.maintenance.alarm_list(timeout=self.timeout))
        return iter(
            [
                alarm
                for alarm in found
                if kind in {etcdrpc.NONE, alarm.alarm_type}
                and (member_id == 0 or alarm.member_id in {0, member_id})
            ]
        )

    @translating
    def disarm_alarm(self, member_id: int = 0) -> list[Alarm]:
        """Cancel alarms that space is exhausted.

        Args:
            member_id: The id of the member; 0 for all of them.

        Returns:
            The cancelled alarms.
        """
        maintenance = self.communicator.maintenance
        return _alarms(
            maintenance.alarm_disarm(member_id or None, AlarmType.NOSPACE, timeout=self.timeout)
        )

    @translating
    def snapshot(self, file_obj: BinaryFile) -> None:
        """Write the database of the member in use to a file.

        Args:
            file_obj: The file, open for writing bytes.
        """
        for part in self.communicator.maintenance.snapshot():
            file_obj.write(part)


def _alarms(response: AlarmResponse) -> list[Alarm]:
    return [
        Alarm(
            alarm.alarm.value if isinstance(alarm.alarm, AlarmType) else alarm.alarm,
            alarm.member_id,
        )
        for alarm in response.alarms
    ]


class Member:
    """A member of the cluster.

    Args:
        id: The id of the member.
        name: Its name.
        peer_urls: The URLs at which it listens for the other members.
        client_urls: The URLs at which it listens for clients.
        etcd_client: The client that it is used with.
    """

    id: int
    """The id of the member."""
    name: str
    """Its name; empty if it has not been started yet."""
    peer_urls: list[str]
    """The URLs at which it listens for the other members."""
    client_urls: list[str]
    """The URLs at which it listens for clients."""

    def __init__(
        self,
        id: int,
        name: str,
        peer_urls: list[str],
        client_urls: list[str],
        etcd_client: MemberCalls,
    ) -> None:
        self.id = id
        self.name = name
        self.peer_urls = peer_urls
        self.client_urls = client_urls
        self._etcd_client = etcd_client

    def __str__(self) -> str:
        urls = f"peer urls: {self.peer_urls}, client urls: {self.client_urls}"
        return f"Member {self.id}: {urls}"

    def remove(self) -> None:
        """Remove the member from the cluster."""
        self._etcd_client.remove_member(self.id)

    def update(self, peer_urls: Iterable[str]) -> None:
        """Change the peer URLs of the member.

        Args:
            peer_urls: The URLs.
        """
        self._etcd_client.update_member(self.id, peer_urls)

    @property
    def active_alarms(self) -> Iterator[Alarm]:
        """The active alarms of the member, and those of all members."""
        return self._etcd_client.list_alarms(member_id=self.id)
