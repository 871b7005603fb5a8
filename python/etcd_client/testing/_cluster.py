"""A cluster of real etcd members."""

import contextlib
import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from . import _gateway as gateway
from ._launch.launcher import Launcher
from ._peer_network import PeerNetwork
from ._server import EtcdServer, FlagValue, Membership
from ._waiting import eventually

if TYPE_CHECKING:
    from etcd_client import Client, ConnectOptions

# A member that has just joined or returned counts as unhealthy for a while (etcd's HealthInterval,
# 5 s), in which membership changes are refused.
_REFUSED_FOR_NOW = ("unhealthy cluster", "not ready", "not enough started", "in sync with leader")
_MEMBERSHIP_PATIENCE = 15.0
_CATCHING_UP = 30.0


class EtcdCluster:
    """Members that a test can start, kill, freeze, restart, add and isolate.

    Each is an `EtcdServer`: `cluster[0].kill()`, `cluster.leader().freeze()`. Entering the context
    starts them, and leaving it kills them and deletes their data.

    Args:
        size: The number of members.
        flags: Flags of etcd for all members, as for `EtcdServer`.
        partitionable: Whether the members talk through proxies, so that `isolate` works. On Linux
            only.
        launcher: How etcd is run, as for `EtcdServer`.

    Raises:
        EtcdNotFoundError: There is no etcd to run.

    Examples:
        >>> from etcd_client.testing import EtcdCluster
        >>> with EtcdCluster(3) as cluster:
        ...     async with cluster.connect() as communicator:
        ...         cluster.leader().kill()
        ...         await communicator.get("missing", timeout=30) is None
        True
    """

    def __init__(
        self,
        size: int = 3,
        *,
        flags: Mapping[str, FlagValue] | None = None,
        partitionable: bool = False,
        launcher: Launcher | None = None,
    ) -> None:
        self.members: list[EtcdServer] = []
        self._flags = {"pre-vote": True, **(flags or {})}
        self._launcher = launcher
        self._peer_urls: dict[str, str] = {}
        self._learners: set[EtcdServer] = set()
        self._names = (f"member-{number}" for number in itertools.count())
        self._network = PeerNetwork(self._processes) if partitionable else None
        self.members += [self._new_member() for _ in range(size)]
        self._let_join(self.members, "new")

    def __enter__(self) -> "EtcdCluster":
        """Start the members."""
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_exception: object) -> None:
        """Kill the members and delete their data."""
        self.close()

    def __getitem__(self, index: int) -> EtcdServer:
        """Return one member."""
        return self.members[index]

    @property
    def endpoints(self) -> list[str]:
        """The client URLs of all members, dead ones included."""
        return [member.endpoint for member in self.members]

    def connect(self, connect_options: "ConnectOptions | None" = None) -> "Client":
        """Return a client of all members: `async with cluster.connect() as communicator`.

        Args:
            connect_options: The options to connect with.
        """
        # Imported here, so that the cluster knows nothing of the client.
        from etcd_client import Client

        return Client(self.endpoints, connect_options)

    def wipe(self) -> None:
        """Delete every key and revoke every lease, on all members that run; `heal()` comes first.

        A member that lags behind would tell a new watch of the deletions.
        """
        leader = self.leader()
        leader.wipe()
        revision = gateway.revision(leader.endpoint)
        for member in self.members:
            if member.alive:
                eventually(partial(_has_reached, member, revision), _CATCHING_UP)

    def start(self) -> "EtcdCluster":
        """Start all members that do not run and wait until all serve requests."""
        for member in self.members:
            if not member.alive:
                member.start(wait=False)
        for member in self.members:
            member.wait_until_healthy()
        return self

    def heal(self) -> None:
        """Undo all faults: connect, thaw and restart members until all serve requests."""
        if self._network is not None:
            self._network.heal()
        for member in self.members:
            if member.alive:
                member.thaw()
        self.start()

    def leader(self, *, other_than: EtcdServer | None = None, within: float = 30.0) -> EtcdServer:
        """Return the leader, once there is one that a majority follows.

        The others follow an isolated or frozen leader for another election timeout: `other_than`
        waits for its successor.
        """

        def agreed() -> EtcdServer | None:
            leader = self._agreed_leader()
            return None if leader is other_than else leader

        return eventually(agreed, within)

    def followers(self) -> list[EtcdServer]:
        """Return the followers."""
        leader = self.leader()
        return [member for member in self.members if member is not leader]

    def isolate(self, member: EtcdServer) -> None:
        """Isolate a member from the other members, but not from its clients, until `heal()`."""
        self._partitionable().isolate(member.name)

    def add(self, *, learner: bool = False) -> EtcdServer:
        """Add a member to the running cluster, start it and wait until it serves."""
        member = self._new_member()
        peer_urls = [self._peer_urls[member.name]]
        self._change_membership("add", {"peerURLs": peer_urls, "isLearner": learner})
        self.members.append(member)
        if learner:
            self._learners.add(member)
        self._let_join([member], "existing")
        return member.start()

    def promote(self, member: EtcdServer) -> None:
        """Promote a learner, once it has caught up with the leader."""
        self._change_membership("promote", {"ID": str(_member_id(member))})
        # The promoted member may be the last one to know.
        eventually(lambda: not gateway.call(member.endpoint, "maintenance/status").get("isLearner"))
        self._learners.remove(member)

    def remove(self, member: EtcdServer) -> None:
        """Remove a member from the cluster and close it."""
        self._change_membership("remove", {"ID": str(_member_id(member))})
        self.members.remove(member)
        self._learners.discard(member)
        del self._peer_urls[member.name]
        member.close()

    def close(self) -> None:
        """Kill every member and delete the data; may be called twice."""
        for member in self.members:
            member.close()
        if self._network is not None:
            self._network.close()

    def _new_member(self) -> EtcdServer:
        member = EtcdServer(name=next(self._names), flags=self._flags, launcher=self._launcher)
        network = self._network
        peer_url = member.peer_url if network is None else network.join(member)
        self._peer_urls[member.name] = peer_url
        return member

    def _let_join(self, members: list[EtcdServer], state: str) -> None:
        initial_cluster = ",".join(f"{name}={url}" for name, url in self._peer_urls.items())
        for member in members:
            member.membership = Membership(initial_cluster, state, self._peer_urls[member.name])

    def _processes(self) -> dict[str, int]:
        processes = {}
        for member in [*self.members]:
            # A thread of the proxies asks, while another may kill the member or remove it.
            with contextlib.suppress(RuntimeError):
                processes[member.name] = member.pid
        return processes

    def _partitionable(self) -> PeerNetwork:
        if self._network is None:
            message = "the cluster was made without partitionable=True"
            raise RuntimeError(message)
        return self._network

    def _agreed_leader(self) -> EtcdServer | None:
        """Return the member that claims to be the leader and that a majority follows."""
        voters = [member for member in self.members if member not in self._learners]
        answers = {member: status for member in voters if (status := _status(member))}
        followed = Counter(status.leader for status in answers.values())
        for member, status in answers.items():
            if status.leader == status.member and followed[status.member] > len(voters) // 2:
                return member
        return None

    def _change_membership(self, change: str, body: dict[str, Any]) -> None:
        def accepted() -> bool:
            try:
                gateway.call(self.leader().endpoint, f"cluster/member/{change}", body)
            except gateway.GatewayError as error:
                if any(reason in str(error) for reason in _REFUSED_FOR_NOW):
                    return False
                raise
            return True

        eventually(accepted, _MEMBERSHIP_PATIENCE)


@dataclass(frozen=True)
class _Status:
    member: int
    leader: int


def _has_reached(member: EtcdServer, revision: int) -> bool:
    return gateway.revision(member.endpoint) >= revision


def _status(member: EtcdServer) -> _Status | None:
    """Return a member's id and that of its leader (0 for none); None if it does not answer."""
    if not member.alive:
        return None
    try:
        status = gateway.call(member.endpoint, "maintenance/status", within=1.0)
    except (OSError, gateway.GatewayError):
        return None
    return _Status(int(status["header"]["member_id"]), int(status.get("leader", 0)))


def _member_id(member: EtcdServer) -> int:
    def answered() -> _Status | None:
        if not member.alive:
            message = f"etcd {member.name!r} is not running"
            raise RuntimeError(message)
        return _status(member)

    return eventually(answered, _MEMBERSHIP_PATIENCE).member
