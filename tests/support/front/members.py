"""Proxies between the clients and the members of a cluster."""

from etcd_client.testing import EtcdCluster, EtcdServer, Proxy
from tests.support import gateway


class Front:
    """A proxy in front of each member: `front.proxies[i]` leads to `front.members[i]`."""

    def __init__(self, cluster: EtcdCluster) -> None:
        """Start the proxies, without faults; the members must be running."""
        self.members = list(cluster.members)
        self.proxies = [Proxy(member.address) for member in self.members]
        self._numbers = {_member_id(member): i for i, member in enumerate(self.members)}

    @property
    def endpoints(self) -> list[str]:
        """The URLs of the proxies, for clients."""
        return [proxy.endpoint for proxy in self.proxies]

    def number(self, member_id: int) -> int:
        """Return the index of the member that a response's header names."""
        return self._numbers[member_id]

    def heal(self) -> None:
        """End the faults of all proxies."""
        for proxy in self.proxies:
            proxy.heal()

    def close(self) -> None:
        """Close the proxies and all connections."""
        for proxy in self.proxies:
            proxy.close()


def _member_id(member: EtcdServer) -> int:
    status = gateway.call(member.endpoint, "maintenance/status")
    return int(status["header"]["member_id"])
