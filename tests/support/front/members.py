"""Proxies between the clients and the members of a cluster."""

from tests.support import gateway
from tests.support.cluster import EtcdCluster
from tests.support.proxy import Proxy
from tests.support.server import EtcdServer


class Front:
    """A proxy in front of each member: `front.proxies[i]` leads to `front.members[i]`."""

    def __init__(self, cluster: EtcdCluster) -> None:
        """Begin without faults; the members have to run."""
        self.members = list(cluster.members)
        self.proxies = [Proxy(member.address) for member in self.members]
        self._numbers = {_member_id(member): i for i, member in enumerate(self.members)}

    @property
    def endpoints(self) -> list[str]:
        """Where clients find the members behind the proxies."""
        return [proxy.endpoint for proxy in self.proxies]

    def number(self, member_id: int) -> int:
        """Return the place of the member that a response's header names."""
        return self._numbers[member_id]

    def heal(self) -> None:
        """Take back the faults of all proxies."""
        for proxy in self.proxies:
            proxy.heal()

    def close(self) -> None:
        """Close the proxies and with them all connections."""
        for proxy in self.proxies:
            proxy.close()


def _member_id(member: EtcdServer) -> int:
    status = gateway.call(member.endpoint, "maintenance/status")
    return int(status["header"]["member_id"])
